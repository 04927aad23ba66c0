"""What an import of borders did, or why it did nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from districts.actions import Finding
from districts.models import BoundaryRevision

#: What a report calls revisions.
STATES: Final = {
    BoundaryRevision.State.DRAFT: "a draft",
    BoundaryRevision.State.PUBLISHED: "published",
    BoundaryRevision.State.WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True)
class RefusedFeature:
    """A refused feature; ``n`` is its number in the file, from 1. ``repairable``: ``repair`` would fix it."""

    n: int
    name: str
    why: str
    repairable: bool = False


@dataclass
class AreaReport:
    """What happened. ``repaired`` are features that needed repair, with what was repaired.

    ``changes`` say of each area in ``updated`` what is different; ``closed_holes`` and ``open_holes`` are the square metres
    of the holes in a city's border that was built of districts; ``others`` are the areas that have the code of a known one
    and seem to be another one, with the reason; ``nameless`` are new and have no name in the city's default language;
    ``findings`` is what ``check`` says of the revision.
    ``crs`` names the coordinate reference system of the file. ``in_force``: the borders in force have all of it
    already. ``number`` is that of the revision if it is not published, and ``state`` says what it is; ``in_force_from`` is
    the first day of one that was published.
    """

    read: int = 0
    crs: str = ""
    refused: list[RefusedFeature] = field(default_factory=list)
    repaired: list[RefusedFeature] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    closed_holes: list[float] = field(default_factory=list)
    open_holes: list[float] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    revision: str = ""
    in_force: bool = False
    number: int = 0
    state: str = ""
    published: bool = False
    in_force_from: dt.date | None = None

    def written(self, code: str, changes: Sequence[str]) -> None:
        """Takes down what became of an area that was there before."""
        (self.updated if changes else self.unchanged).append(code)
        if changes:
            self.changes.append(f"{code}: {'; '.join(changes)}")

    def compared(self, code: str, why: Sequence[str], revision: BoundaryRevision | None) -> None:
        """Takes down what speaks against an area's being the known one of its code, if anything does.

        ``revision`` is another one that has it.
        """
        if why:
            alone = revision is not None and not revision.applied
            known = (
                f" (known from revision {revision} alone, {STATES[BoundaryRevision.State(revision.state)]})"
                if revision and alone
                else ""
            )
            self.others.append(f"{code}: {'; '.join(why)}{known}")

    def forget_changes(self) -> None:
        """What was written into a draft that nobody needs was not changed at all."""
        self.unchanged = sorted({*self.unchanged, *self.updated, *self.created})
        self.created, self.updated, self.changes, self.removed = [], [], [], []

    @property
    def changed(self) -> bool:
        """True when anything in the database changed."""
        return bool(self.created or self.updated or self.removed or self.published)


class ImportRefused(Exception):
    """Nothing was written. ``report`` gives the reasons by feature; None if the request itself was wrong."""

    def __init__(self, why: str, report: AreaReport | None = None) -> None:
        super().__init__(why)
        self.report = report
