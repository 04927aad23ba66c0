"""Runs a few programs until told to stop, restarts any that exit, and leaves no processes behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from bootstrap.console import say

#: Seconds a program has to finish its work after SIGTERM.
GRACE_S = 20.0
#: A program that ran at least this long is restarted at once; a shorter run counts against it.
SOUND_LIFE_S = 20.0
#: After this many short runs in a row everything stops: restarting does not fix what is wrong.
SHORT_LIVES = 4
LONGEST_PAUSE_S = 30.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """A command line, and a name for messages."""

    name: str
    command: Sequence[str]


@dataclass
class _Run:
    program: Program
    process: subprocess.Popen[bytes] | None
    started: float
    short_lives: int = 0
    again_at: float = 0.0


class Supervisor:
    """Owns child processes; as a context manager, it also handles the stop signals.

    Each child has its own session, so that a terminal's ctrl-C reaches only the supervisor, which stops them
    in order; the kernel ends them if the supervisor is killed.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._signals = 0
        self._wake = threading.Event()
        self._runs: list[_Run] = []
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Supervisor:
        for number in STOP_SIGNALS:
            self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextmanager
    def children(self) -> Iterator[None]:
        """On exit, every program started in the block has ended."""
        try:
            yield
        finally:
            self._end_all()

    def run_to_end(self, command: Sequence[str]) -> int:
        """Exit code of the command; the command is stopped early if we are told to stop."""
        process = _spawn(command)
        run = _Run(Program("", command), process, time.monotonic())
        self._runs.append(run)
        while process.poll() is None and not self.stopping:
            self.wait(0.05)
        self._end(run)
        self._runs.remove(run)
        return process.returncode

    def start(self, program: Program) -> None:
        """Starts the program; ``watch`` keeps it alive."""
        self._runs.append(_Run(program, _spawn(program.command), time.monotonic()))

    def healthy(self) -> bool:
        """True while every program is running and no stop was requested."""
        return not self.stopping and all(
            run.process is not None and run.process.poll() is None for run in self._runs
        )

    def wait(self, seconds: float) -> None:
        """Returns after this many seconds, or at once when told to stop."""
        self._wake.wait(seconds)

    def watch(self) -> int:
        """Keeps the programs alive until told to stop, then stops them; 0, or 1 if one keeps failing."""
        while not self.stopping:
            for run in self._runs:
                if not self._tend(run):
                    say(f"  !!  The {run.program.name} keeps failing: stopping.")
                    self._end_all()
                    return 1
            self.wait(0.2)
        say("\nStopping ...")
        self._end_all()
        return 0

    def _tend(self, run: _Run) -> bool:
        now = time.monotonic()
        if run.process is None:
            if now >= run.again_at:
                run.process, run.started = _spawn(run.program.command), now
            return True
        code = run.process.poll()
        if code is None:
            return True
        _kill_session(run.process.pid)  # its leftovers may hold the port
        run.short_lives = 0 if now - run.started >= SOUND_LIFE_S else run.short_lives + 1
        if run.short_lives >= SHORT_LIVES:
            return False
        pause = min(LONGEST_PAUSE_S, 2.0**run.short_lives - 1)
        say(f"  !!  The {run.program.name} exited with code {code}; restarting in {pause:.0f} s")
        run.process, run.again_at = None, now + pause
        return True

    def _end_all(self) -> None:
        for run in self._runs:
            if run.process is not None and run.process.poll() is None:
                run.process.terminate()
        for run in self._runs:
            self._end(run)
        self._runs.clear()

    def _end(self, run: _Run) -> None:
        process = run.process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
        deadline = time.monotonic() + GRACE_S
        # A second signal means: now.
        while process.poll() is None and time.monotonic() < deadline and self._signals < 2:
            time.sleep(0.05)
        if process.poll() is None:
            _kill_session(process.pid)
        process.wait()
        # Whatever the program started and did not stop (its own workers) is in its session.
        _kill_session(process.pid)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self.stopping = True
        self._wake.set()


def _spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def die_with_parent() -> None:
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # the parent was killed between the fork and the line above
                os._exit(1)

    return subprocess.Popen(
        list(command), stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent
    )


def _kill_session(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
