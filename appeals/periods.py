"""Ready periods that end today, for whatever counts appeals by the day on which they came in."""

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


@dataclass(frozen=True)
class Period:
    """A ready period as a link: ``query`` is the same question about it."""

    name: str
    query: str
    current: bool


def with_days(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with a ready period written out as its two days, so that the form shows what was understood."""
    filled = {name: data[name] for name in data}
    if filled.get("period") in PERIODS and not (filled.get("from") or filled.get("to")):
        since, until = _days_of(filled["period"])
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
        since, until = _days_of(code)
        same = replace(wanted, since=since, until=until)
        links.append(Period(str(name), as_query(same), same == wanted))
    return links


def _days_of(code: str) -> tuple[dt.date | None, dt.date | None]:
    days = PERIODS[code][0]
    if days is None:
        return None, None
    today = timezone.localdate()
    return today - dt.timedelta(days=days - 1), today
