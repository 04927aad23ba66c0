"""Progress of a long import, on one line of the terminal."""

from __future__ import annotations

import time
from typing import TextIO


class Progress:
    """Shows rows done, share and rate: one updated line on a terminal, else a line every ten seconds."""

    def __init__(self, stream: TextIO, what: str, total: int | None = None) -> None:
        self._stream, self._what, self.total = stream, what, total
        self._terminal = stream.isatty()
        self._pause_s = 0.2 if self._terminal else 10.0
        self._started = self._shown = time.monotonic()

    def show(self, done: int, note: str = "") -> None:
        """Shows the current state, unless it was shown a moment ago."""
        now = time.monotonic()
        if now - self._shown < self._pause_s:
            return
        self._shown = now
        rate = done / (now - self._started)
        share = f" of about {self.total:,} ({min(done / self.total, 1):.0%})" if self.total else ""
        line = f"{done:,}{share} {self._what}, {rate:,.0f} a second{', ' if note else ''}{note}"
        self._stream.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
        self._stream.flush()

    def end(self) -> None:
        """Clears the terminal's line."""
        if self._terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
