"""One small change of a source."""

from __future__ import annotations

from dataclasses import dataclass

REMOVED = "(removed)"


@dataclass(frozen=True)
class Mutant:
    """A source that differs from the original in one place.

    ``line`` counts from 1 in the original, ``text`` is that line without its margin; ``was`` and ``now`` are the
    change on one line each, ``now`` being ``REMOVED`` where something is left out. ``source`` is the whole mutated text.
    """

    line: int
    text: str
    was: str
    now: str
    source: str


def on_one_line(text: str) -> str:
    """The text with each run of white space made one space."""
    return " ".join(text.split())
