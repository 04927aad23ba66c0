"""Mutants that are equal to the original, each with the reason: ``equal.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.mutation.mutant import Mutant

FILE = Path(__file__).with_name("equal.toml")
_FIELDS = ("target", "line", "was", "now", "why")


class BadEntry(ValueError):
    """An entry of the file is not what the file's head asks for."""


@dataclass(frozen=True)
class Equal:
    """A change that changes nothing. ``line`` is the text of the line, so that a line added above it does no harm."""

    target: str
    line: str
    was: str
    now: str
    why: str

    def matches(self, target: str, mutant: Mutant) -> bool:
        return (self.target, self.line, self.was, self.now) == (
            target,
            mutant.text,
            mutant.was,
            mutant.now,
        )


def read(text: str) -> tuple[Equal, ...]:
    """Entries of the file's text. Raises ``BadEntry`` where a field is missing, unknown or empty."""
    entries = tomllib.loads(text).get("equal", [])
    for entry in entries:
        if sorted(entry) != sorted(_FIELDS) or not all(
            isinstance(value, str) and value for value in entry.values()
        ):
            raise BadEntry(f"an entry has {', '.join(_FIELDS)}, none empty; this one is {entry}")
    return tuple(Equal(**entry) for entry in entries)


def stale(entries: Iterable[Equal], target: str, mutants: Iterable[Mutant]) -> list[Equal]:
    """Entries of the target that match none of its mutants."""
    every = list(mutants)
    return [
        entry
        for entry in entries
        if entry.target == target and not any(entry.matches(target, mutant) for mutant in every)
    ]
