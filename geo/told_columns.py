"""Columns that rows do not bring, since whoever reads them is told once how to make them: what stands in a table of few rows, and
texts around a number (``geo.made_columns`` makes them).

Knows no Django, and nothing that takes time to be imported.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class LookedUp:
    """The ``fields`` of another table, whose key a row brings. ``values`` are, for each field, one for each of the ``keys``, which ascend."""

    fields: Sequence[str]
    keys: Sequence[int]
    values: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Written:
    """The text ``field``: ``before``, the whole number in the field ``of``, ``after``."""

    field: str
    before: str
    of: str
    after: str


@dataclass(frozen=True)
class ToldColumns:
    """All of them; before its other values a row brings the keys of what is ``looked_up``."""

    looked_up: Sequence[LookedUp] = ()
    written: Sequence[Written] = ()

    @property
    def names(self) -> set[str]:
        """The fields that rows do not bring."""
        looked_up = {name for one in self.looked_up for name in one.fields}
        return looked_up | {one.field for one in self.written}

    @property
    def line(self) -> bytes:
        """As ``read`` takes it."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> ToldColumns:
        """What the ``line`` tells."""
        told = json.loads(line)
        return cls(
            [LookedUp(**one) for one in told["looked_up"]], [Written(**one) for one in told["written"]]
        )
