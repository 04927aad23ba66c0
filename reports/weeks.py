"""Whole weeks of a period, Monday to Sunday: what an alert is made of."""

from __future__ import annotations

import datetime as dt
from typing import Final

#: The weeks in which something may have begun, the newest among them.
RECENT_WEEKS: Final = 8

#: With fewer in all there are fewer before the recent ones than recent ones, and no telling what is usual.
LEAST_WEEKS: Final = 2 * RECENT_WEEKS

#: A year before the recent ones; what is older is another time.
MOST_WEEKS: Final = 52 + RECENT_WEEKS

WEEK: Final = dt.timedelta(weeks=1)

#: So many days have that many whole weeks, whenever they begin.
LEAST_DAYS: Final = 7 * (LEAST_WEEKS + 1) - 1


def whole_weeks(first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """The Mondays of the weeks that lie between the two days, both included."""
    monday = first + dt.timedelta(days=-first.weekday() % 7)
    return tuple(monday + n * WEEK for n in range(((last - monday).days + 1) // 7))
