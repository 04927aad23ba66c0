"""Texts kept as files, so that a reader who comes for one part after the other reads one text.

GDAL, and with it QGIS and pyogrio, reads a URL in byte ranges and names no text that they are to belong to. Made anew
for each of them, a list that changes meanwhile would come out torn.
"""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import quote_etag

from rates.senders import sender_of

#: All texts together; what nobody read for longest goes first.
TEXTS_MAX_BYTES: Final = 4 * 1024**3
#: So much is written before the size of all is looked at again.
LOOK_AGAIN_BYTES: Final = 64 * 1024**2
#: Texts of one sender whose parts are remembered.
READINGS_MAX: Final = 32
#: How long after the last part the next one is still of the same text.
CONTINUED_S: Final = 3_600.0
#: How soon after the last part a reader who begins again goes on with the same text (GDAL asks for the length first, and
#: reads a long text twice), and how old the text may be by then.
AGAIN_S: Final = 15.0
AGAIN_MAX_S: Final = 600.0
#: Large texts that one process makes at once: its other threads are for pages.
MAKERS: Final = 2

_makers = threading.BoundedSemaphore(MAKERS)
#: Bytes written since the size of all was looked at.
_written: list[int] = []


class TakenAway(Exception):
    """The text that a reading began with holds what the public may read no more, and is not given any further."""


class Busy(Exception):
    """A text cannot be made just now: too many are being made, or the disk is full."""

    retry_after_s = 30


@dataclass(frozen=True)
class Text:
    """A kept text, open; its name is its version. Whoever was given it closes the file."""

    path: Path
    file: BinaryIO

    @property
    def etag(self) -> str:
        """Strong entity tag (RFC 9110, 8.8.3)."""
        return quote_etag(self.path.name)

    @property
    def made_at(self) -> dt.datetime:
        """Before which moment every change is in it, or where nobody said so, when it was whole."""
        return dt.datetime.fromtimestamp(os.fstat(self.file.fileno()).st_mtime, dt.UTC)

    @property
    def size(self) -> int:
        """In bytes."""
        return os.fstat(self.file.fileno()).st_size


def digest(*parts: str | bytes) -> str:
    """A name for what is made of the parts, as of a text or of a folder."""
    whole = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part.encode(errors="surrogatepass") if isinstance(part, str) else part
        whole.update(b"%d " % len(raw) + raw)
    return whole.hexdigest()


def kept(folder: str, name: str) -> Text | None:
    """The text of that name; None when it is not there (any more)."""
    return _opened(_root() / "sets" / folder / name)


def of_folder(folder: str) -> Text | None:
    """The text of the folder, whichever its name; None where there is none."""
    place = _root() / "sets" / folder
    names = [path for path in place.iterdir() if not path.name.startswith(".")] if place.is_dir() else []
    return _opened(names[0]) if names else None


def keep(
    folder: str, name: str, write: Callable[[BinaryIO], object], *, seen: dt.datetime | None = None
) -> Text:
    """The text with what was written, whole or not at all; older ones of the folder are given up.

    ``seen`` is the moment before which every change is in it, however long it is written.
    Raises ``Busy`` where the disk has no room.
    """
    place = _made(_root() / "sets" / folder)
    part = place / f".{secrets.token_hex(8)}"
    try:
        with part.open("xb") as file:
            write(file)
        if seen is not None:
            os.utime(part, (time.time(), seen.timestamp()))
        text = Text(place / name, part.open("rb"))
        part.replace(text.path)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise Busy from error
    finally:
        part.unlink(missing_ok=True)
    for older in place.iterdir():
        if older != text.path and not older.name.startswith("."):
            older.unlink(missing_ok=True)
    _make_room(text)
    return text


@contextmanager
def one_of_makers() -> Iterator[None]:
    """A large text is made in the block. Raises ``Busy``, at once, while too many are."""
    if not _makers.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _makers.release()


@contextmanager
def making(folder: str) -> Iterator[None]:
    """Alone on this machine with the texts of the folder. Raises ``Busy``, at once, while too many are made."""
    with one_of_makers():
        lock = os.open(_made(_root() / "sets" / folder), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def same_text(
    request: HttpRequest,
    first: int,
    current: Callable[[], Text],
    taken_away_since: Callable[[dt.datetime], bool],
) -> Text:
    """What the sender reads at this address: the current text, or the one that the reading began with.

    ``first`` is the first byte asked for. A reading goes on for an hour after its last part; who begins again right
    after a part goes on with it too, unless the text is old. Raises ``TakenAway``, until the reading is begun again, where
    something that may be in its text was taken from the public since.
    """
    place = _reading(request)
    if text := _text_of(place):
        now = time.time()
        since_s = now - place.stat().st_mtime
        age_s = now - os.fstat(text.file.fileno()).st_mtime
        if since_s < CONTINUED_S and (first or (since_s < AGAIN_S and age_s < AGAIN_MAX_S)):
            os.utime(place)
            if not taken_away_since(text.made_at):
                return text
            if first:
                text.file.close()
                raise TakenAway
        text.file.close()
    _forget_oldest(place)
    while True:
        text = current()
        link = _made(place) / text.path.name
        try:
            # A second name of the file: it stays though the first one be given up.
            os.link(text.path, link)
        except FileNotFoundError:
            text.file.close()  # a newer one took its place this moment
            continue
        except FileExistsError:
            pass
        for other in place.iterdir():
            if other != link:
                other.unlink(missing_ok=True)
        os.utime(place)
        return text


def sweep() -> int:
    """Gives up what nobody has read for an hour, and the folders of it; the number of files."""
    gone, before = 0, time.time() - CONTINUED_S
    for path in sorted(_root().rglob("*"), reverse=True):
        with suppress(OSError):
            state = path.stat()
            if path.is_dir() and state.st_mtime < before:
                path.rmdir()
            elif path.is_file() and state.st_atime < before:
                path.unlink()
                gone += 1
    return gone


def _root() -> Path:
    return Path(settings.TEXTS_ROOT)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)  # no sweep takes it now
    return folder


def _opened(path: Path) -> Text | None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    # Written, since a disk may be mounted so that reading leaves no trace.
    os.utime(file.fileno(), (time.time(), os.fstat(file.fileno()).st_mtime))
    return Text(path, file)


def _reading(request: HttpRequest) -> Path:
    tool = [request.headers.get(name, "") for name in ("User-Agent", "Accept-Language")]
    return _root() / "readings" / digest(sender_of(request)) / digest(request.get_full_path(), *tool)


def _text_of(place: Path) -> Text | None:
    try:
        names = list(place.iterdir())
    except FileNotFoundError:
        return None
    return _opened(names[0]) if len(names) == 1 else None


def _forget_oldest(place: Path) -> None:
    with suppress(FileNotFoundError):
        others = [other for other in place.parent.iterdir() if other != place]
        others.sort(key=lambda other: other.stat().st_mtime)
        for other in others[: max(0, len(others) - READINGS_MAX + 1)]:
            shutil.rmtree(other, ignore_errors=True)


def _make_room(newest: Text) -> None:
    _written.append(newest.size)
    if sum(_written) < LOOK_AGAIN_BYTES:
        return
    _written.clear()
    names: dict[int, list[Path]] = {}
    states: dict[int, os.stat_result] = {}
    for path in _root().rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
                state = path.stat()
                names.setdefault(state.st_ino, []).append(path)
                states[state.st_ino] = state
    total = sum(state.st_size for state in states.values())
    for number, state in sorted(states.items(), key=lambda one: one[1].st_atime):
        if total <= TEXTS_MAX_BYTES:
            break
        if newest.path not in names[number]:
            total -= state.st_size
            for path in names[number]:
                path.unlink(missing_ok=True)
