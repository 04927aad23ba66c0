"""The ``datetime`` parameter (OGC API - Features Part 1, 7.15.4): a moment, a day, or an interval that may be open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from appeals.filters import day_in, midnight
from geo.refusals import ValueRefused
from opendata.changes import moment_in

#: The database counts in microseconds: a moment lasts one.
_MOMENT: Final = dt.timedelta(microseconds=1)
_OPEN: Final = {"", ".."}


@dataclass(frozen=True)
class Period:
    """From ``start`` on and before ``end``; None is open."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None

    @property
    def first_day(self) -> dt.date:
        """The first day of the city's calendar that it touches."""
        return timezone.localdate(self.start) if self.start else dt.date.min

    @property
    def last_day(self) -> dt.date:
        """The last day that it touches."""
        return timezone.localdate(self.end - _MOMENT) if self.end else dt.date.max


def period_in(text: str) -> Period:
    """The period. Raises ``ValueRefused`` for anything else, and for one that ends before it begins."""
    first, slash, last = text.partition("/")
    if not slash:
        return _span(first)
    start = None if first in _OPEN else _span(first).start
    end = None if last in _OPEN else _span(last).end
    if start and end and start >= end:
        raise ValueRefused(_("The period ends before it begins."))
    return Period(start, end)


def _span(text: str) -> Period:
    if "T" not in text and "t" not in text:
        day = day_in(text)
        return Period(midnight(day), midnight(day + dt.timedelta(days=1)))
    moment = moment_in(text)
    return Period(moment, moment + _MOMENT)
