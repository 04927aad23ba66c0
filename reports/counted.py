"""What a report counted: how many appeals, of which days. Every report's question is put in words from it."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from appeals.filters import AppealFilter


class Counted(NamedTuple):
    """So many appeals of the days from one to another, both inclusive; None for all time."""

    appeals: int
    since: dt.date | None
    until: dt.date | None


class CountsDays:
    """Base of a report of all appeals that match; for all time, its days are those of the first and last."""

    wanted: AppealFilter
    total: int
    first_on: dt.date | None
    last_on: dt.date | None

    @property
    def in_question(self) -> Counted:
        """What was counted."""
        return Counted(self.total, self.wanted.since or self.first_on, self.wanted.until or self.last_on)


class CountsWholeSteps:
    """Base of a report of whole months or weeks alone: ``unfinished`` of the ``total`` that match came in on other days."""

    total: int
    unfinished: int

    @property
    def counted(self) -> AppealFilter:
        """The filter of the appeals that were counted."""
        raise NotImplementedError

    @property
    def in_question(self) -> Counted:
        """What was counted."""
        return Counted(self.total - self.unfinished, self.counted.since, self.counted.until)
