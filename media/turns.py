"""Who may decode a photo now: one process of the whole machine, so that many photos at once take no more memory than one."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings

from media.refusal import Busy

#: Threads of this process that may have or await a turn: at least one of the server's four is left for light pages.
THREADS_MAX: Final = 3
#: A turn takes a second or two; whoever waits longer is told to come again.
PATIENCE_S: Final = 15.0
_LOOK_AGAIN_S: Final = 0.05

_threads = threading.BoundedSemaphore(THREADS_MAX)


@contextmanager
def turn(patience_s: float = PATIENCE_S) -> Iterator[int]:
    """Holds the turn; yields the descriptor of its lock.

    A child that inherits the descriptor keeps the turn until it ends, even if this process is killed. Raises ``Busy``.
    """
    if not _threads.acquire(blocking=False):
        raise Busy
    try:
        place = Path(settings.VAR_DIR)
        place.mkdir(parents=True, exist_ok=True)
        lock = os.open(place / "photo.turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _take(lock, time.monotonic() + patience_s)
            yield lock
        finally:
            os.close(lock)
    finally:
        _threads.release()


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
