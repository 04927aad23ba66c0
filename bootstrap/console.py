"""The bootstrap's console output: steps that show progress, and failures that say what to run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Seconds between progress lines when the output is not a terminal (a log, CI).
QUIET_INTERVAL_S = 15.0
#: Seconds between redraws of the line on a terminal.
LIVE_INTERVAL_S = 0.2
#: Lines of a failed program's output that are shown to the user.
TAIL_LINES = 25


class Stop(Exception):
    """Ends the command: the message says what is wrong and what to run; ``code`` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def say(text: str = "") -> None:
    """Prints a line and flushes it, to stay in order with the output of child processes."""
    print(text, flush=True)


def run_step(
    title: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    remedy: str = "",
) -> None:
    """Runs a long program to completion; one line shows the elapsed seconds and what it is doing.

    All output goes to ``log``. If the program fails or does not exist, raises ``Stop`` with the log's last
    lines and ``remedy``, if given.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as output:
        try:
            child = subprocess.Popen(
                [os.fspath(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
            )
        except OSError as error:
            raise Stop(f"{title}: {error}") from None
        try:
            with _Life(title, log, started):
                code = child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise
    if code != 0:
        tail = "\n".join(f"    {line}" for line in last_lines(log, TAIL_LINES))
        advice = f"\n{remedy}" if remedy else ""
        raise Stop(f"{title}: failed with code {code}\n{tail}\n  (full log: {log}){advice}")
    say(f"  ok  {title} ({time.monotonic() - started:.0f} s)")


def last_lines(path: Path, count: int) -> list[str]:
    """The last non-empty lines of a text file, oldest first; bytes that are not UTF-8 are replaced."""
    with path.open("rb") as source:
        source.seek(0, os.SEEK_END)
        source.seek(max(0, source.tell() - 16_384))
        text = source.read().decode("utf-8", "replace")
    return [line for line in text.replace("\r", "\n").splitlines() if line.strip()][-count:]


class _Life:
    """Shows a step's progress: a line redrawn on a terminal, an occasional line elsewhere."""

    def __init__(self, title: str, log: Path, started: float) -> None:
        self._title, self._log, self._started = title, log, started
        self._terminal = sys.stdout.isatty()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> None:
        if not self._terminal:
            say(f"  ..  {self._title}")
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        if self._terminal:
            print("\r\033[K", end="", flush=True)

    def _show(self) -> None:
        while not self._done.wait(LIVE_INTERVAL_S if self._terminal else QUIET_INTERVAL_S):
            lines = last_lines(self._log, 1)
            line = f"  ..  {self._title} ({time.monotonic() - self._started:.0f} s) {lines[0].strip() if lines else ''}"
            if self._terminal:
                columns = os.get_terminal_size().columns
                print(f"\r\033[K{line[: columns - 1]}", end="", flush=True)
            else:
                say(line[:160])
