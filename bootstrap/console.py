"""The bootstrap's console output: steps that show progress, and failures that say what to run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from bootstrap.children import ending_with_us

#: Seconds between progress lines when the output is not a terminal (a log, CI).
QUIET_INTERVAL_S = 8.0
#: A disk with less room than this is full.
FULL_DISK_BYTES = 1_000_000
#: Columns that every terminal has; lines are no longer unless they hold a path or a command.
COLUMNS = 79
#: Seconds between redraws of the line on a terminal.
LIVE_INTERVAL_S = 0.2
#: Lines of a failed program's output that are shown to the user.
TAIL_LINES = 25


#: What pip (OpenSSL) and npm (Node) say of a certificate.
_UNTRUSTED = re.compile(
    r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)"
    r"|CERT_(?:HAS_EXPIRED|NOT_YET_VALID|UNTRUSTED)|ERR_TLS_CERT"
)


class Stop(Exception):
    """Ends the command: the message says what is wrong and what to run; ``code`` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


#: Removes the line that is being redrawn.
_WIPE = "\r\033[K"


def say(text: str = "") -> None:
    """Prints a line and flushes it, to stay in order with the output of child processes."""
    print(f"{_WIPE if sys.stdout.isatty() else ''}{text}", flush=True)


def note(text: str, *, mark: str = "--") -> None:
    """Prints a remark in as many lines as it needs."""
    say(
        textwrap.fill(
            text,
            COLUMNS,
            initial_indent=f"  {mark}  ",
            subsequent_indent=" " * 6,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def working(title: str) -> AbstractContextManager[None]:
    """Shows, while the block runs, that something is being done and for how long."""
    return _Life(title, None, time.monotonic())


def run_step(
    title: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    remedy: str = "",
    outlives_us: bool = False,
) -> None:
    """Runs a long program to completion; one line shows the elapsed seconds and what it is doing.

    All output goes to ``log``. If the program fails or does not exist, raises ``Stop`` with the log's last
    lines and what to do: about the disk or the folder that failed it, else ``remedy``, if given. It ends with us, unless
    it ``outlives_us``.
    """
    started = time.monotonic()
    with _opened(log) as output:
        try:
            child = subprocess.Popen(
                [os.fspath(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                preexec_fn=None if outlives_us else ending_with_us(),
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
        lines = last_lines(log, TAIL_LINES)
        tail = "\n".join(f"    {line}" for line in lines)
        advice = cause("\n".join(lines), log.parent) or remedy
        advice = f"\n{advice}" if advice else ""
        raise Stop(f"{title}: failed with code {code}\n{tail}\n  (full log: {log}){advice}")
    say(f"  ok  {title} ({time.monotonic() - started:.0f} s)")


def cause(output: str, folder: Path | None = None) -> str:
    """What to do about a failure that a program's output explains; else empty.

    It may be a full disk, a folder that is closed, a certificate that is not trusted.

    A program on a full disk may be unable to say so: the disk of ``folder`` is looked at, too.
    """
    full = folder is not None and shutil.disk_usage(folder).free < FULL_DISK_BYTES
    if full or re.search(r"No space left on device|ENOSPC|Disk quota exceeded|EDQUOT", output):
        return "The disk is full. Make room (df -h shows where), then run the same command again."
    if closed := re.search(r"Permission denied|EACCES|Read-only file system|EROFS", output):
        return (
            f"A file or folder cannot be written ({closed[0]}); the lines above name it. Give it to this user, "
            "then run the same command again."
        )
    if _UNTRUSTED.search(output):
        return (
            "The server's certificate is not trusted. Behind a proxy that has one of its own, name the file of its "
            "authority, then run the same command again:\n"
            "    export PIP_CERT=/path/to/authority.pem NODE_EXTRA_CA_CERTS=/path/to/authority.pem\n"
            "Else look at this machine's clock (date)."
        )
    return ""


def as_administrator(*commands: str) -> str:
    """One line that runs the commands with an administrator's rights, by what this machine and this user have."""
    if os.geteuid() == 0:
        return " && ".join(commands)
    if shutil.which("sudo"):
        return " && ".join(f"sudo {command}" for command in commands)
    return f"su -c {shlex.quote(' && '.join(commands))}"


def _opened(log: Path) -> BinaryIO:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("wb")
    except OSError as error:
        raise Stop(f"{log} cannot be written: {error.strerror}.\n{cause(str(error))}".rstrip()) from None


def last_lines(path: Path, count: int) -> list[str]:
    """The last non-empty lines of a text file, oldest first; bytes that are not UTF-8 are replaced."""
    with path.open("rb") as source:
        source.seek(0, os.SEEK_END)
        source.seek(max(0, source.tell() - 16_384))
        text = source.read().decode("utf-8", "replace")
    return [line for line in text.replace("\r", "\n").splitlines() if line.strip()][-count:]


class _Life(AbstractContextManager[None]):
    """Shows a step's progress: a line redrawn on a terminal, an occasional line elsewhere."""

    def __init__(self, title: str, log: Path | None, started: float) -> None:
        self._title, self._log, self._started = title, log, started
        self._terminal = sys.stdout.isatty()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> None:
        if not self._terminal:
            say(f"  ..  {self._title}"[:COLUMNS])
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        if self._terminal:
            print(_WIPE, end="", flush=True)

    def _show(self) -> None:
        while not self._done.wait(LIVE_INTERVAL_S if self._terminal else QUIET_INTERVAL_S):
            lines = last_lines(self._log, 1) if self._log else []
            line = f"  ..  {self._title} ({time.monotonic() - self._started:.0f} s) {lines[0].strip() if lines else ''}"
            if self._terminal:
                columns = os.get_terminal_size().columns
                print(f"{_WIPE}{line[: columns - 1]}", end="", flush=True)
            else:
                say(line.rstrip()[:COLUMNS])
