"""Whole months of a period: what a trend is made of, and which periods have enough of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Final

from appeals.filters import AppealFilter

#: Fewer whole months than this show no trend.
LEAST_MONTHS: Final = 8

#: So many days have that many whole months, whenever they begin.
LEAST_DAYS: Final = (LEAST_MONTHS + 1) * 31

_YEAR: Final = dt.timedelta(days=364)


def whole_months(first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """The first days of the months that lie between the two days, both included."""
    month = first if first.day == 1 else next_month(first)
    months = []
    while next_month(month) - dt.timedelta(days=1) <= last:
        months.append(month)
        month = next_month(month)
    return tuple(months)


def next_month(day: dt.date) -> dt.date:
    """The first day of the month after that day's."""
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def of_months(wanted: AppealFilter, months: tuple[dt.date, ...]) -> AppealFilter:
    """The same question about these months, their first days in order; about its own days where there are none."""
    if not months:
        return wanted
    return replace(wanted, since=months[0], until=next_month(months[-1]) - dt.timedelta(days=1))


def long_enough(wanted: AppealFilter, today: dt.date) -> AppealFilter:
    """The same question, about the year up to its last day where its own days have too few whole months for a trend."""
    last = min(wanted.until or today, today)
    if wanted.since is None or len(whole_months(wanted.since, last)) >= LEAST_MONTHS:
        return wanted
    return replace(wanted, since=min(wanted.since, last - _YEAR))
