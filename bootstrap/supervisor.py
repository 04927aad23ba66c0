"""Runs a few programs until told to stop, starts any that ends again, and leaves no processes behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from bootstrap.children import ending_with_us
from bootstrap.console import say

#: Seconds a program has to finish its work after SIGTERM.
GRACE_S = 20.0
#: A program that ran at least this long is started again at once; after shorter runs the pauses grow.
SOUND_LIFE_S = 5.0
#: Short enough that a city which others keep killing is back before people notice.
LONGEST_PAUSE_S = 5.0
#: After this many short runs in a row its ends are no news.
SHORT_LIVES = 6
TEND_EVERY_S = 0.1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Program:
    """A command line, a name for messages, and the file descriptors that it inherits."""

    name: str
    command: Sequence[str]
    files: tuple[int, ...] = ()


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
        self._runs.append(_Run(program, _spawn(program.command, program.files), time.monotonic()))

    def wait(self, seconds: float) -> None:
        """Returns after this many seconds, or at once when told to stop."""
        self._wake.wait(seconds)

    def watch(self) -> int:
        """Keeps the programs alive until told to stop, then stops them; 0.

        However often one ends, it is started again and the others run on: part of a city is better than none.
        """
        while not self.stopping:
            self.tend()
            self.wait(TEND_EVERY_S)
        say("\nStopping ...")
        self._end_all()
        return 0

    def tend(self) -> None:
        """Starts every program again that has ended and whose pause is over."""
        for run in self._runs:
            self._tend(run)

    def _tend(self, run: _Run) -> None:
        now = time.monotonic()
        name = run.program.name
        if run.process is None:
            if now >= run.again_at:
                run.process, run.started = _spawn(run.program.command, run.program.files), now
            return
        code = run.process.poll()
        sound = now - run.started >= SOUND_LIFE_S
        if code is None:
            if sound and run.short_lives:
                if run.short_lives >= SHORT_LIVES:
                    say(f"  ok  The {name} runs again")
                run.short_lives = 0
            return
        _kill_session(run.process.pid)  # whatever it had started
        run.short_lives = 0 if sound else run.short_lives + 1
        pause = min(LONGEST_PAUSE_S, 2.0 ** (run.short_lives - 2)) if run.short_lives else 0.0
        if run.short_lives < SHORT_LIVES:
            say(f"  !!  The {name} {_ending(code)}; starting it again in {pause:.1f} s")
        elif run.short_lives == SHORT_LIVES:
            say(f"  !!  The {name} {_ending(code)} again; from now on it is tried every {pause:.0f} s")
        run.process, run.again_at = None, now + pause

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


def _ending(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _spawn(command: Sequence[str], files: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=ending_with_us(),
        pass_fds=tuple(files),
    )


def _kill_session(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
