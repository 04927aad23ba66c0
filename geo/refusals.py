"""Input that cannot be accepted: errors by field or parameter, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Errors = dict[str, list[str]]

A = TypeVar("A")
T = TypeVar("T")


class ValueRefused(ValueError):
    """One value that means nothing; ``str()`` is a sentence in the reader's language."""


class Refused(ValueError):
    """Named values that cannot be accepted; ``errors`` maps each field or parameter to its sentences."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        self.errors: Errors = {name: list(sentences) for name, sentences in errors.items()}
        super().__init__(" ".join(self.sentences))

    @property
    def sentences(self) -> list[str]:
        """All of them, whatever they are of."""
        return [sentence for sentences in self.errors.values() for sentence in sentences]


class Refusals:
    """Gathers what is wrong while one value after the other is read, so that all of it is reported at once.

    ``errors`` is empty as long as everything could be read.
    """

    def __init__(self) -> None:
        self.errors: Errors = {}

    def read(self, reader: Callable[[A], T], given: A, otherwise: T, *, name: str = "") -> T:
        """The value read from ``given``; ``otherwise`` when the reader refuses.

        The errors of a ``Refused`` keep their names; the sentence of a ``ValueRefused`` is recorded under ``name``.
        """
        try:
            return reader(given)
        except Refused as refusal:
            self.add(refusal.errors)
        except ValueRefused as refusal:
            self.add({name: [str(refusal)]})
        return otherwise

    def add(self, errors: Mapping[str, Sequence[str]]) -> None:
        """Adds sentences; those of one field follow each other."""
        for name, sentences in errors.items():
            self.errors.setdefault(name, []).extend(sentences)

    def check(self) -> None:
        """Raises ``Refused`` with the collected errors, if there are any."""
        if self.errors:
            raise Refused(self.errors)
