"""Opens what was received in a child process, where a malicious file can do little harm.

A few kilobytes of PNG unfold to gigabytes of pixels, as many of MP4 claim an index of gigabytes, and decoders written
in C crash and hang (``jobs.confined``). If the child dies, the file is blamed.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from jobs.confined import ChildDied, ChildFailed, ChildSpent, ChildTooSlow, run_confined
from media.content import Content
from media.headers import refuse_odd
from media.limits import PhotoLimits, VideoLimits
from media.pictures import EncodedPhoto, PreparedPhoto
from media.refusal import Busy, MediaRefused, Refusal
from media.storage import working_folder
from media.turns import turn

VIDEO_MEMORY_BYTES: Final = 2 * 1024**3
"""Address space of the child; a 4K video from a phone needs about a third of it."""
PHOTO_MEMORY_BYTES: Final = 600 * 1024**2
"""The same; the server's own processes and this one stay below a gigabyte."""


@dataclass(frozen=True)
class ProcessedVideo:
    """What a video's page needs: the film in ``playable``, its poster in two sizes."""

    playable: Path
    large: EncodedPhoto
    thumb: EncodedPhoto
    duration_s: float


class ProcessingFailed(RuntimeError):
    """The machine is at fault, not the file (a full disk, a missing folder): worth retrying."""


@dataclass(frozen=True)
class _Fault:
    """What is said of a file that killed its child, or that took too long."""

    broken: Refusal
    too_slow: Refusal


#: Seconds that a request waits for the child: a machine with much to do needs many for the few that the processor works.
MAX_WAIT_S: Final = 60.0


def _nothing_is_counted(seconds: float) -> None:
    """Where nobody is to be charged."""


_PHOTO: Final = _Fault(Refusal.PHOTO_BROKEN, Refusal.PHOTO_TOO_SLOW)
_VIDEO: Final = _Fault(Refusal.VIDEO_BROKEN, Refusal.VIDEO_TOO_SLOW)


def process_photo(
    source: UploadedFile[bytes] | Path,
    *,
    sender: str | None = None,
    spent: Callable[[float], None] = _nothing_is_counted,
    max_wait_s: float = MAX_WAIT_S,
    max_work_s: int = PhotoLimits().max_work_s,
    memory_bytes: int = PHOTO_MEMORY_BYTES,
) -> PreparedPhoto:
    """The photo as upright JPEGs without metadata, whatever ``source`` holds; an upload is read from its beginning.

    One photo at a time on the whole machine, so that many sent at once take no more memory than one; of one ``sender``
    (``rates.senders``) no more than its share. ``spent`` is told the processor's seconds, refused or not. Raises
    :class:`MediaRefused` if the file is at fault, :class:`media.refusal.Busy` when others wait too long for their turn
    already or the machine has no time for it, and :class:`ProcessingFailed` for anything else.
    """
    with working_folder("photo-") as name:
        folder = Path(name)
        _refuse_odd(source)
        with turn(sender) as lock:
            received = source if isinstance(source, Path) else _on_disk(source, folder)
            facts = _in_a_child(
                "photo",
                received,
                folder,
                _PHOTO,
                max_wait_s,
                memory_bytes,
                keep=(lock,),
                processor_s=max_work_s,
                spent=spent,
            )
        return _prepared(folder, facts)


def cover_photo(
    source: Path, areas: Sequence[Sequence[float]], *, patience_s: float, max_wait_s: float
) -> PreparedPhoto:
    """A photo that was prepared before with black areas: each left, top, width and height in percent of the picture.

    In the turn of photos, for which it waits so long. Raises as ``process_photo`` does.
    """
    with working_folder("photo-") as name, turn(patience_s=patience_s) as lock:
        folder = Path(name)
        facts = _in_a_child(
            "cover",
            source,
            folder,
            _PHOTO,
            max_wait_s,
            PHOTO_MEMORY_BYTES,
            keep=(lock,),
            processor_s=PhotoLimits().max_work_s,
            how={"areas": [list(area) for area in areas]},
        )
        return _prepared(folder, facts)


def process_video(
    source: Path,
    playable: Path,
    *,
    max_work_s: float = 900.0,
    memory_bytes: int = VIDEO_MEMORY_BYTES,
) -> ProcessedVideo:
    """Writes the playable form of ``source``, complete or not at all.

    Raises :class:`MediaRefused` if the file is at fault, :class:`ProcessingFailed` for anything else.
    """
    with working_folder("video-") as name:
        folder = Path(name)
        facts = _in_a_child("video", source, folder, _VIDEO, max_work_s, memory_bytes)
        made = ProcessedVideo(
            playable, _picture(folder, "large", facts), _picture(folder, "thumb", facts), facts["duration_s"]
        )
        shutil.move(folder / "playable", playable)
    return made


def work_of_video(upload: UploadedFile[bytes], *, sender: str | None = None) -> float:
    """Seconds of one processor that preparing the video will take, by the number and size of its pictures.

    In the turn of photos. Raises as ``process_photo`` does.
    """
    with working_folder("video-") as name, turn(sender) as lock:
        folder = Path(name)
        facts = _in_a_child(
            "pixels",
            _on_disk(upload, folder),
            folder,
            _VIDEO,
            MAX_WAIT_S,
            PHOTO_MEMORY_BYTES,
            keep=(lock,),
            processor_s=PhotoLimits().max_work_s,
        )
    return float(facts["pixels"] / VideoLimits().pixels_a_second)


def _refuse_odd(source: UploadedFile[bytes] | Path) -> None:
    if not isinstance(source, Path):
        refuse_odd(source, source.size or 0)  # type: ignore[arg-type]
        return
    try:
        with source.open("rb") as stream:
            refuse_odd(stream, source.stat().st_size)
    except OSError as error:
        raise ProcessingFailed(f"{type(error).__name__}: {error}") from error


def _on_disk(upload: UploadedFile[bytes], folder: Path) -> Path:
    if isinstance(upload, TemporaryUploadedFile):
        return Path(upload.temporary_file_path())
    received = folder / "received"
    with received.open("wb") as target:
        for chunk in upload.chunks():
            target.write(chunk)
    return received


def _prepared(folder: Path, facts: Mapping[str, Any]) -> PreparedPhoto:
    return PreparedPhoto(
        Content(facts["content"]),
        _picture(folder, "large", facts),
        _picture(folder, "thumb", facts),
        facts["look"],
    )


def _picture(folder: Path, form: str, facts: Mapping[str, Any]) -> EncodedPhoto:
    width, height = facts[form]
    return EncodedPhoto((folder / form).read_bytes(), width, height)


def _in_a_child(
    what: str,
    source: Path,
    folder: Path,
    fault: _Fault,
    max_work_s: float,
    memory_bytes: int,
    keep: tuple[int, ...] = (),
    processor_s: int | None = None,
    spent: Callable[[float], None] = _nothing_is_counted,
    how: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Facts about what the child has made of ``source`` in ``folder``; it inherits the descriptors ``keep``.

    Raises ``MediaRefused`` and ``ProcessingFailed``, and ``Busy`` where a limit of processor time tells that it is not
    the file but the machine that takes long.
    """
    begun = time.monotonic()
    order = {
        "what": what,
        "source": str(source.absolute()),
        "folder": str(folder.absolute()),
        "how": dict(how or {}),
    }
    try:
        reply = run_confined(
            "media.child",
            order,
            seconds=max_work_s,
            memory_bytes=memory_bytes,
            processor_s=processor_s,
            keep=keep,
        )
    except ChildDied as error:
        # It did not live to say how much it was.
        spent(min(time.monotonic() - begun, processor_s or max_work_s))
        if isinstance(error, ChildTooSlow) and processor_s is not None:
            raise Busy from error
        slow = isinstance(error, ChildTooSlow | ChildSpent)
        raise MediaRefused(fault.too_slow if slow else fault.broken) from error
    except ChildFailed as error:
        raise ProcessingFailed(str(error)) from error
    spent(reply["processor_s"])
    if "refused" in reply:
        raise MediaRefused(Refusal(reply["refused"]), reply["limit"])
    facts: dict[str, Any] = reply["done"]
    return facts
