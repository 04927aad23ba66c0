"""A large file arrives in parts, over as many connections as a weak network needs, and ends as any upload does.

The row says how much has come; the parts lie one after the other in a file of the workshop, which every process of the
machine writes. Bytes count once they are on the disk and the row says so: after a kill at any moment the file is cut to
what the row says, and the client goes on there. One process at a time works on an upload (``flock``, which ends with it).
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha1, sha256
from pathlib import Path
from typing import IO, Final
from uuid import UUID

import structlog
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appeals.actions.upload import megabytes, upload
from appeals.errors import ActionRefused, Busy, Conflict, Invalid
from appeals.models import Attachment, ResumableUpload
from appeals.querysets import ResumableUploadQuerySet
from media.content import HEAD_BYTES, MediaKind, accepted_content
from media.limits import MEGABYTE, PhotoLimits, VideoLimits
from media.refusal import MediaRefused, Refusal
from media.storage import workshop
from rates.taking import UPLOAD, UPLOAD_MEGABYTES, UPLOAD_WORK, check, give_back, key_of, take

log = structlog.get_logger()

#: The largest file that may be announced.
LENGTH_MAX: Final = VideoLimits().max_bytes
#: How long parts wait for the next one.
IDLE_AGE: Final = dt.timedelta(hours=24)
#: What unfinished files may take of the disk, of everybody and of one sender.
DISK_MAX: Final = 8_000 * MEGABYTE
DISK_OF_ONE_SENDER: Final = 2_000 * MEGABYTE
#: Whoever finds no room may come again after so many seconds.
_ROOM_RETRY_S: Final = 600
#: How a part's content may be told by its sender (tus 1.0.0, Checksum).
CHECKSUMS: Final = {"sha1": lambda: sha1(usedforsecurity=False), "sha256": sha256}


class Unknown(ActionRefused):
    """Nothing is known under this identifier, or not any more: the file is to be announced again."""


class InUse(ActionRefused):
    """Another request is working on this upload at this moment."""


class OtherOffset(ActionRefused):
    """The part does not begin where what has come ends."""


class OtherContent(ActionRefused):
    """What came is not what the sender's checksum says; nothing of it was kept."""


class _Received(TemporaryUploadedFile):
    """The whole file where it lies, as an upload that came at once."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        UploadedFile.__init__(self, file, Path(file.name).name, "", size)
        self._path = file.name

    def temporary_file_path(self) -> str:
        return self._path


def announce(upload_id: UUID, length: int, *, sender: str | None) -> ResumableUpload:
    """The upload of a file of so many bytes, of which nothing has come; the same again is the one that there is.

    Counts the size for the ``sender`` (``rates.senders``; None is the platform itself), before a byte is kept. Raises
    ``TooMany``; ``Invalid`` for a size that no file may have; ``Conflict`` for another size under a known identifier;
    ``Busy`` when the disk holds as many unfinished files as it may, which costs nothing.
    """
    if length <= 0:
        raise Invalid({"file": [MediaRefused(Refusal.EMPTY).message]})
    if length > LENGTH_MAX:
        raise Invalid({"file": [MediaRefused(Refusal.VIDEO_TOO_HEAVY, LENGTH_MAX // MEGABYTE).message]})
    with suppress(Unknown):
        row = known(upload_id)
        if row.length != length:
            raise Conflict(_("Another file has already been received under this identifier."))
        if not row.is_whole or Attachment.objects.filter(pk=upload_id).exists():
            return row
        # It waited too long for its appeal, and was removed.
        row.delete()
    if sender is not None:
        check(UPLOAD, sender)
        check(UPLOAD_WORK, sender)
        take(UPLOAD_MEGABYTES, sender, cost=megabytes(length))
    who = None if sender is None else key_of(UPLOAD_MEGABYTES, sender)
    try:
        with transaction.atomic():
            ResumableUpload.objects.one_announced_at_a_time()
            _make_room(length, who)
            row, _made = ResumableUpload.objects.get_or_create(
                pk=upload_id, defaults={"length": length, "sender": who}
            )
    except Busy:
        if sender is not None:
            give_back(UPLOAD_MEGABYTES, sender, cost=megabytes(length))
        raise
    return row


def receive(
    upload_id: UUID,
    offset: int,
    parts: Iterable[bytes],
    *,
    sender: str | None,
    holder: str = "",
    checksum: tuple[str, bytes] | None = None,
) -> ResumableUpload:
    """The upload with the parts after what had come, which must end at ``offset``; the last one makes the ``holder``'s attachment.

    ``checksum`` is a name of ``CHECKSUMS`` and the digest of all that comes now. Raises ``Unknown``, ``InUse``,
    ``OtherOffset``, ``OtherContent``; ``Invalid`` when the first bytes or the whole file are refused, and then nothing is
    kept; what ``upload`` raises where the whole cannot be taken just now: then the last part may be sent again.
    """
    with _alone(upload_id) as (row, file):
        if row.offset != offset:
            raise OtherOffset
        if row.is_whole:
            return row
        try:
            end = _append(row, file, parts, checksum)
            if offset < HEAD_BYTES <= end or end == row.length:
                _refuse_early(row, file, sender)
            if end == row.length:
                file.seek(0)
                upload(upload_id, _Received(file, end), sender=sender, holder=holder, is_weighed=True)
        except Invalid:
            _forget(row)
            raise
        except Conflict as refusal:
            _forget(row)
            # It would be taken for one of offsets.
            raise Invalid({"file": [str(refusal)]}) from refusal
        row.offset = end
        row.save(update_fields=["offset", "updated_at"])
        if end == row.length:
            _path(upload_id).unlink()
        return row


def known(upload_id: UUID) -> ResumableUpload:
    """The upload, and so how much of it has come. Raises ``Unknown``."""
    row = ResumableUpload.objects.filter(pk=upload_id).first()
    if row is None:
        raise Unknown
    if row.offset and not row.is_whole and not _path(upload_id).exists():
        # A disk that came back from a backup has no workshop.
        row.delete()
        raise Unknown
    return row


def terminate(upload_id: UUID) -> None:
    """Forgets the upload and what has come of it; a file that was whole stays an upload without an appeal. Raises ``Unknown``, ``InUse``."""
    with _alone(upload_id) as (row, _file):
        _forget(row)


def remove_idle(now: dt.datetime | None = None) -> int:
    """Number of uploads forgotten of which nothing has come for too long."""
    return _forget_those(ResumableUpload.objects.idle_since((now or timezone.now()) - IDLE_AGE))


def expires(row: ResumableUpload) -> dt.datetime:
    """When the upload will be forgotten, unless more of it comes."""
    return row.updated_at + IDLE_AGE


@contextmanager
def _alone(upload_id: UUID) -> Iterator[tuple[ResumableUpload, IO[bytes]]]:
    """The row as it is now and the file of its parts, empty when it is whole; nobody else works on it meanwhile."""
    known(upload_id)
    path = _path(upload_id)
    with open(path, "r+b", opener=_made_if_missing) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse from None
        if not os.fstat(file.fileno()).st_nlink:
            # Whoever had it before us has ended it.
            raise InUse
        row = ResumableUpload.objects.filter(pk=upload_id).first()
        if row is None or row.is_whole:
            path.unlink()
        if row is None:
            raise Unknown
        if not row.is_whole and os.fstat(file.fileno()).st_size < row.offset:
            log.warning("parts of an upload are missing", id=str(upload_id))
            _forget(row)
            raise Unknown
        yield row, file


def _made_if_missing(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o600)


def _append(
    row: ResumableUpload, file: IO[bytes], parts: Iterable[bytes], checksum: tuple[str, bytes] | None
) -> int:
    """Where the file ends, on the disk, after the parts."""
    digest = CHECKSUMS[checksum[0]]() if checksum else None
    end = row.offset
    try:
        # What a process that was killed wrote beyond the row.
        file.truncate(end)
        file.seek(end)
        for part in parts:
            end += len(part)
            if end > row.length:
                raise Invalid({"file": [_("More has come than the size that was announced.")]})
            file.write(part)
            if digest:
                digest.update(part)
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        log.error("parts of an upload cannot be kept", id=str(row.pk), error=str(error))
        raise Busy from error
    if digest and checksum and digest.digest() != checksum[1]:
        raise OtherContent
    return end


def _refuse_early(row: ResumableUpload, file: IO[bytes], sender: str | None) -> None:
    """Raises ``Invalid`` for what its first bytes show to be of no use, before the rest of it comes; the try is counted."""
    file.seek(0)
    try:
        content = accepted_content(file.read(HEAD_BYTES))
        most = PhotoLimits().max_bytes
        if content.kind is MediaKind.PHOTO and row.length > most:
            raise MediaRefused(Refusal.PHOTO_TOO_HEAVY, most // MEGABYTE)
    except MediaRefused as refusal:
        if sender is not None:
            take(UPLOAD, sender)
        raise Invalid({"file": [refusal.message]}) from refusal


def _make_room(length: int, who: UUID | None) -> None:
    """Raises ``Busy`` unless so much more may lie on the disk; who has most of it makes room for one who has less."""
    taken = ResumableUpload.objects.bytes_by_sender()
    missing = sum(taken.values()) + length - DISK_MAX
    most = max(taken, key=lambda sender: taken[sender], default=who)
    has_own_room = taken.get(who, 0) + length <= DISK_OF_ONE_SENDER
    if has_own_room and most != who and missing > 0:
        theirs = ResumableUpload.objects.unfinished().filter(sender=most)
        for row in theirs.order_by("updated_at"):
            missing -= row.length * _forget_those(theirs.filter(pk=row.pk))
            if missing <= 0:
                break
    if not has_own_room or missing > 0:
        raise Busy(
            _("Many files are arriving. Nothing is lost: send it again a little later."),
            retry_after_s=_ROOM_RETRY_S,
        )


def _forget_those(rows: ResumableUploadQuerySet) -> int:
    forgotten = 0
    for upload_id in list(rows.values_list("pk", flat=True)):
        with suppress(Unknown, InUse):
            terminate(upload_id)
            forgotten += 1
    return forgotten


def _forget(row: ResumableUpload) -> None:
    path = _path(row.pk)
    row.delete()
    path.unlink(missing_ok=True)


def _path(upload_id: UUID) -> Path:
    return workshop() / f"resumable-{upload_id}"
