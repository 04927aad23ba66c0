"""One photo at a time on the whole machine, and not for ever."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django import Settings

from config.server import FILE_THREADS
from media import turns
from media.refusal import Busy
from media.turns import OF_ONE_SENDER, THREADS_MAX, turn


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


def test_a_thread_is_left_to_refuse_the_others() -> None:
    assert THREADS_MAX < FILE_THREADS
    with ExitStack() as waiting:
        for _ in range(THREADS_MAX):
            waiting.enter_context(turns._places.one(None))
        # At once: nobody waits that long.
        with pytest.raises(Busy), turn(patience_s=1e6):
            pass
    with turn(patience_s=0):
        pass


def test_one_sender_leaves_places_to_others() -> None:
    with ExitStack() as waiting:
        for _ in range(OF_ONE_SENDER):
            waiting.enter_context(turns._places.one("address 192.0.2.1"))
        with pytest.raises(Busy), turn("address 192.0.2.1", patience_s=1e6):
            pass
        with turn("address 192.0.2.2", patience_s=0):
            pass


def test_one_of_a_sender_competes_at_a_time() -> None:
    with turns._locked(f"photo.turn.{turns._number('address 192.0.2.1')}", 0):
        with pytest.raises(Busy), turn("address 192.0.2.1", patience_s=0):
            pass
        with turn("address 192.0.2.2", patience_s=0):
            pass


def test_after_a_turn_others_are_first(monkeypatch: pytest.MonkeyPatch) -> None:
    # Long enough for a thread to look, however busy the machine is.
    monkeypatch.setattr(turns, "_OTHERS_FIRST_S", 3.0)
    order: list[str] = []
    greedy, other = "address 192.0.2.1", "address 192.0.2.2"

    def another(sender: str) -> None:
        with turn(sender, patience_s=120):
            order.append(sender)

    with turn(greedy):
        waiting = [threading.Thread(target=another, args=[sender]) for sender in (greedy, other)]
        for one in waiting:
            one.start()
        while turns._places._taken.total() < 3:
            time.sleep(0.01)
    for one in waiting:
        one.join()
    assert order == [other, greedy]


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
