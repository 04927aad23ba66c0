"""One photo at a time on the whole machine, and not for ever."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pytest_django import Settings

from media import turns
from media.refusal import Busy
from media.turns import THREADS_MAX, turn


@pytest.fixture(autouse=True)
def _own_turn(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def test_a_second_one_waits_for_the_first() -> None:
    order: list[str] = []
    begun = threading.Event()

    def second() -> None:
        begun.set()
        with turn(patience_s=120):
            order.append("second")

    with turn():
        other = threading.Thread(target=second)
        other.start()
        begun.wait()
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_whoever_waits_too_long_is_told_to_come_again() -> None:
    with turn(), pytest.raises(Busy) as told, turn(patience_s=0):
        pass
    assert "try again" in told.value.message
    with turn(patience_s=0):
        pass


def test_a_thread_is_left_for_pages() -> None:
    assert THREADS_MAX < 4, "of the server's four"
    for _ in range(THREADS_MAX):
        turns._threads.acquire()
    try:
        # At once: nobody waits that long.
        with pytest.raises(Busy), turn(patience_s=1e6):
            pass
    finally:
        turns._threads.release(THREADS_MAX)


def test_another_process_has_it_as_long_as_its_child_lives(tmp_path: Path) -> None:
    """The child goes on when the process that started it is killed: until then, its memory is taken."""
    with turn() as lock:
        waits = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        child = subprocess.Popen(waits, stdin=subprocess.PIPE, pass_fds=[lock])
    with pytest.raises(Busy), turn(patience_s=0):
        pass
    child.communicate()
    with turn(patience_s=0):
        pass
