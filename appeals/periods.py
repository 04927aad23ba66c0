"""Ready periods, for whatever counts appeals by the day on which they came in: those that end today, and whole ones that are over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from appeals.filters import AppealFilter

#: Their lengths in days; None is all time.
PERIODS: Final[Mapping[str, tuple[int | None, Promise]]] = {
    "month": (30, gettext_lazy("30 days")),
    "quarter": (91, gettext_lazy("Quarter")),
    "year": (365, pgettext_lazy("period", "Year")),
    "all": (None, gettext_lazy("All time")),
}
#: Of whole weeks and months of the calendar, how many there are; they end before the one that is running.
WHOLE_WEEKS: Final[Mapping[str, tuple[int, Promise]]] = {
    "last-week": (1, gettext_lazy("Last week")),
    "last-4-weeks": (4, gettext_lazy("Last 4 weeks")),
}
WHOLE_MONTHS: Final[Mapping[str, tuple[int, Promise]]] = {
    "last-month": (1, gettext_lazy("Last month")),
    "last-3-months": (3, gettext_lazy("Last 3 months")),
    "last-12-months": (12, gettext_lazy("Last 12 months")),
}
#: The names of all of them, as a reader sees them.
NAMED: Final[Mapping[str, Promise]] = {
    name: words for name, (_length, words) in {**PERIODS, **WHOLE_WEEKS, **WHOLE_MONTHS}.items()
}


@dataclass(frozen=True)
class Period:
    """A ready period as a link: ``query`` is the same question about it."""

    name: str
    query: str
    current: bool


def with_days(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with a ready period written out as its two days, so that the form shows what was understood."""
    filled = {name: data[name] for name in data}
    if filled.get("period") in NAMED and not (filled.get("from") or filled.get("to")):
        since, until = days_of(filled["period"], timezone.localdate())
        filled |= {"from": since.isoformat() if since else "", "to": until.isoformat() if until else ""}
    return filled


def ready_periods(
    wanted: AppealFilter, as_query: Callable[[AppealFilter], str], *, least_days: int = 0
) -> list[Period]:
    """Links to the same question about each ready period that is no shorter than ``least_days``."""
    links = []
    for code, (length, name) in PERIODS.items():
        if length is not None and length < least_days:
            continue
        since, until = days_of(code, timezone.localdate())
        same = replace(wanted, since=since, until=until)
        links.append(Period(str(name), as_query(same), same == wanted))
    return links


def days_of(code: str, today: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """First and last day of the period of that name as it is that day; None for no limit. Raises ``KeyError`` for no such name."""
    if code in WHOLE_WEEKS:
        monday = today - dt.timedelta(days=today.weekday())
        return monday - dt.timedelta(weeks=WHOLE_WEEKS[code][0]), monday - dt.timedelta(days=1)
    if code in WHOLE_MONTHS:
        first = today.replace(day=1)
        years, month = divmod(first.year * 12 + first.month - 1 - WHOLE_MONTHS[code][0], 12)
        return dt.date(years, month + 1, 1), first - dt.timedelta(days=1)
    days = PERIODS[code][0]
    return (today - dt.timedelta(days=days - 1), today) if days is not None else (None, None)
