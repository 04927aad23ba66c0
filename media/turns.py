"""Who may decode a photo now: one process of the whole machine, so that many photos at once take no more memory than one.

Whoever finds it taken waits a little, in a bounded number. Of one sender one at a time competes for the turn, and lets
others go first after each: however many one address sends, another one waits for about one of them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings

from media.refusal import Busy

#: Threads of this process that may have or await a turn: at least one of those that the server has for requests with
#: files is left to refuse the others.
THREADS_MAX: Final = 7
#: Those of one sender: the others' places are for others.
OF_ONE_SENDER: Final = 4
#: A turn takes a second or two; whoever waits longer is told to come again.
PATIENCE_S: Final = 15.0
_LOOK_AGAIN_S: Final = 0.05
#: After a turn its sender leaves it to others for so long, in which each of them has looked.
_OTHERS_FIRST_S: Final = 3 * _LOOK_AGAIN_S
#: Senders share this many locks.
_LOCKS: Final = 512


class _Places:
    """The threads of this process that have or await a turn."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken: Counter[str | None] = Counter()

    @contextmanager
    def one(self, sender: str | None) -> Iterator[None]:
        """A place for this thread. Raises ``Busy``, at once, when all or the sender's own are taken."""
        with self._guard:
            own = sender is not None and self._taken[sender] >= OF_ONE_SENDER
            if own or self._taken.total() >= THREADS_MAX:
                raise Busy
            self._taken[sender] += 1
        try:
            yield
        finally:
            with self._guard:
                self._taken[sender] -= 1
                self._taken += Counter()  # forgets those at zero


_places = _Places()


@contextmanager
def turn(sender: str | None = None, *, patience_s: float = PATIENCE_S) -> Iterator[int]:
    """Holds the turn; yields the descriptor of its lock. ``sender`` is of ``rates.senders``, None the platform itself.

    A child that inherits the descriptor keeps the turn until it ends, even if this process is killed. Raises ``Busy``.
    """
    with _places.one(sender):
        until = time.monotonic() + patience_s
        if sender is None:
            with _locked("photo.turn", until) as lock:
                yield lock
            return
        with _locked(f"photo.turn.{_number(sender)}", until) as own:
            _let_others_go_first(own, until)
            try:
                with _locked("photo.turn", until) as lock:
                    yield lock
            finally:
                os.pwrite(own, b".", 0)


@contextmanager
def _locked(name: str, until: float) -> Iterator[int]:
    place = Path(settings.VAR_DIR) / "turns"
    place.mkdir(parents=True, exist_ok=True)
    lock = os.open(place / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(lock, until)
        yield lock
    finally:
        os.close(lock)


def _take(lock: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise Busy from None
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def _let_others_go_first(own: int, until: float) -> None:
    """Sleeps for what is left of the pause after the sender's last turn, when the lock's file was written."""
    state = os.fstat(own)
    if not state.st_size:
        return
    pause_s = state.st_mtime + _OTHERS_FIRST_S - time.time()
    if 0 < pause_s <= _OTHERS_FIRST_S and time.monotonic() + pause_s < until:
        time.sleep(pause_s)


def _number(sender: str) -> int:
    # Under the server's secret: nobody chooses whose lock he shares.
    secret = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return int.from_bytes(hashlib.blake2b(sender.encode(), digest_size=8, key=secret).digest()) % _LOCKS
