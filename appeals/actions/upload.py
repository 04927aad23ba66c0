"""Photos and videos arrive before the appeal or the answer that takes them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appeals.errors import Busy, Conflict, Invalid
from appeals.models import Attachment, Draft
from appeals.querysets import AttachmentQuerySet
from appeals.tasks import prepare_video
from media import refusal as media_refusal
from media.confined import ProcessingFailed, process_photo, work_of_video
from media.content import HEAD_BYTES, Content, MediaKind, accepted_content, is_cut_short
from media.limits import VideoLimits
from media.refusal import MediaRefused, Refusal
from media.storage import sweep_files, sweep_workshop
from rates.taking import FILM_WORK, UPLOAD, UPLOAD_MEGABYTES, UPLOAD_WORK, charge, check, give_back, take

log = structlog.get_logger()

#: A request body larger than this is refused before it is read.
UPLOAD_MAX_BYTES = VideoLimits().max_bytes + 1_000_000
#: Whoever found no turn for a photo may come again after so many seconds: each takes one or two.
TURN_RETRY_S = 10
#: How long an upload waits for an appeal to take it.
ORPHAN_AGE = dt.timedelta(hours=24)
#: How long words of the staff that were never sent are kept.
DRAFT_AGE = dt.timedelta(days=60)


#: Every file that an attachment has.
_FILES = (
    Attachment.original,
    Attachment.large,
    Attachment.thumb,
    Attachment.whole_large,
    Attachment.whole_thumb,
    Attachment.playable,
)


def upload(
    upload_id: UUID,
    file: UploadedFile[bytes],
    *,
    sender: str | None,
    holder: str = "",
    is_weighed: bool = False,
) -> Attachment:
    """The stored attachment, the ``holder``'s alone until an appeal takes it: a photo is ready, a video is being prepared.

    The same file under the same id again, after a lost answer, gives the same attachment, and costs the ``sender``
    (``rates.senders``; None is the platform itself) its size alone; every other is counted by number and by the work that
    it makes too. ``is_weighed`` says that its size has been counted before it came. Raises ``TooMany``; ``Invalid`` with the
    reason when the file is refused; ``Conflict`` for another file under a known id; ``Busy`` when it cannot be opened just
    now, which costs nothing. Then nothing is kept.
    """
    size = 0 if is_weighed else megabytes(len(file))
    if sender is not None and size:
        take(UPLOAD_MEGABYTES, sender, cost=size)
    digest = digest_of(file)
    if known := _known(upload_id, digest, holder):
        return known
    if sender is not None:
        check(UPLOAD_WORK, sender)
        take(UPLOAD, sender)
    try:
        content = accepted_content(file.read(HEAD_BYTES))
        if content.kind is MediaKind.VIDEO:
            attachment = _store_video(
                Attachment(id=upload_id, digest=digest, holder=holder), file, content, sender
            )
        else:
            attachment = _store_photo(Attachment(id=upload_id, digest=digest, holder=holder), file, sender)
    except MediaRefused as refusal:
        raise Invalid({"file": [refusal.message]}) from refusal
    except media_refusal.Busy as busy:
        # A second press, whose first has got the turn.
        if known := _known(upload_id, digest, holder):
            return known
        if sender is not None:
            give_back(UPLOAD, sender)
            if size:
                give_back(UPLOAD_MEGABYTES, sender, cost=size)
        raise Busy(busy.message, retry_after_s=TURN_RETRY_S) from busy
    except (ProcessingFailed, OSError) as error:
        log.exception("a photo could not be opened", id=str(upload_id))
        raise Busy from error
    except IntegrityError:
        # The same upload, sent twice at once.
        if known := _known(upload_id, digest, holder):
            return known
        raise
    return attachment


def megabytes(size: int) -> int:
    """Bytes as the limit of uploads counts them: whole megabytes, begun ones too."""
    return -(-size // 1_000_000)


def _known(upload_id: UUID, digest: bytes, holder: str) -> Attachment | None:
    """The attachment that has come before; whoever has all of its content too is its holder from now on.

    The answer that made a browser known may have been lost.
    """
    known = Attachment.objects.filter(pk=upload_id).first()
    if known and bytes(known.digest) != digest:
        raise Conflict(_("Another file has already been received under this identifier."))
    if known and known.state == Attachment.State.FAILED:
        # A film that an appeal has taken meanwhile, and that could not be prepared.
        raise Invalid({"file": [known.error_text]})
    if known and known.holder != holder:
        Attachment.objects.waiting().filter(pk=upload_id).update(holder=holder)
    return known


def digest_of(file: UploadedFile[bytes]) -> bytes:
    """SHA-256 of the file's content; the file is at its beginning afterwards."""
    sha = hashlib.sha256()
    for chunk in file.chunks():
        sha.update(chunk)
    file.seek(0)
    return sha.digest()


def _store_photo(attachment: Attachment, file: UploadedFile[bytes], sender: str | None) -> Attachment:
    def spent(seconds: float) -> None:
        if sender is not None:
            charge(UPLOAD_WORK, sender, cost=seconds)

    prepared = process_photo(file, sender=sender, spent=spent)
    attachment.kind, attachment.state = Attachment.Kind.PHOTO, Attachment.State.READY
    attachment.store_pictures(prepared.large, prepared.thumb)
    attachment.look = prepared.look
    return _insert(attachment)


def _store_video(
    attachment: Attachment, file: UploadedFile[bytes], content: Content, sender: str | None
) -> Attachment:
    # Nothing is decoded before an appeal or an answer has taken the film.
    limit = VideoLimits().max_bytes
    if len(file) > limit:
        raise MediaRefused(Refusal.VIDEO_TOO_HEAVY, limit // 1_048_576)
    if is_cut_short(file, content):  # type: ignore[arg-type]
        raise MediaRefused(Refusal.VIDEO_CUT_SHORT)
    work_s = work_of_video(file, sender=sender)
    if sender is not None:
        take(FILM_WORK, sender, cost=max(1, round(work_s)))
    attachment.kind, attachment.state = Attachment.Kind.VIDEO, Attachment.State.PROCESSING
    # No extension: what the file is was read from its bytes, and its name came from outside.
    attachment.original.save(str(attachment.pk), File(file), save=False)
    return _insert(attachment)


def _insert(attachment: Attachment) -> Attachment:
    try:
        with transaction.atomic():
            attachment.save(force_insert=True)
    except BaseException:
        delete_files(attachment)
        raise
    return attachment


def delete_files(attachment: Attachment) -> None:
    """Removes every file of the attachment from storage; the row is left as it is."""
    for field in _FILES:
        getattr(attachment, field.field.name).delete(save=False)


def prepare_again(failed: AttachmentQuerySet) -> int:
    """Number of videos that the worker tries once more: of those given up, whose original was kept."""
    with transaction.atomic():
        again = list(failed.given_up().select_for_update(of=("self",)))
        for attachment in again:
            attachment.state, attachment.error = Attachment.State.PROCESSING, ""
            attachment.save(update_fields=["state", "error"])
            prepare_video.enqueue(str(attachment.pk))
    return len(again)


def sweep_uploads(now: dt.datetime | None = None) -> int:
    """Number of files removed that no attachment names: of processes killed before they could write its row."""
    removed = sweep_workshop(now)
    for folder in sorted({str(kept.field.upload_to) for kept in _FILES}):
        of_folder = [kept.field for kept in _FILES if kept.field.upload_to == folder]
        removed += sweep_files(
            Path(of_folder[0].storage.path(folder)),
            partial(_in_use, [field.name for field in of_folder], folder),
            now,
        )
    return removed


def _in_use(fields: Sequence[str], folder: str, names: Collection[str]) -> set[str]:
    """Those that an attachment names, found by its key, with which a name begins; others were not put there by us."""
    owners = {name: owner for name in names if (owner := _owner(name))}
    rows = Attachment.objects.filter(pk__in=set(owners.values())).values_list("pk", *fields)
    named = {(pk, file) for pk, *files in rows for file in files}
    return {name for name in names if name not in owners or (owners[name], f"{folder}/{name}") in named}


def _owner(name: str) -> UUID | None:
    try:
        return UUID(name[:36])
    except ValueError:
        return None


def remove_orphans(now: dt.datetime | None = None) -> int:
    """Number of uploads removed that no appeal took in time; those that a draft holds stay, as long as it is kept."""
    removed = 0
    now = now or timezone.now()
    Draft.objects.filter(updated_at__lt=now - DRAFT_AGE).delete()
    orphans = Attachment.objects.waiting().filter(created_at__lt=now - ORPHAN_AGE, drafts__isnull=True)
    for attachment in orphans.iterator():
        with transaction.atomic():
            # Locked and asked again: an appeal or a draft may be taking it at this moment.
            locked = Attachment.objects.waiting().select_for_update(of=("self",))
            row = locked.filter(pk=attachment.pk, drafts__isnull=True).first()
            if row is None:
                continue
            row.delete()
            transaction.on_commit(partial(delete_files, row))
        removed += 1
    return removed
