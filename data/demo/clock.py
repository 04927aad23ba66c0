"""When people write, and how long services take."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

#: Relative weight of each day of the week, Monday first, and of each hour.
_DAYS = (1.18, 1.10, 1.06, 1.04, 0.98, 0.78, 0.66)
_HOURS = (
    0.10, 0.05, 0.03, 0.03, 0.05, 0.15, 0.45, 0.95, 1.45, 1.60, 1.50, 1.30,
    1.25, 1.20, 1.15, 1.10, 1.10, 1.20, 1.45, 1.65, 1.70, 1.35, 0.80, 0.35,
)  # fmt: skip
#: The map becomes better known over time; and visitors mostly see the last weeks.
_GROWTH, _RECENT_DAYS, _RECENT_BOOST = 0.8, 45, 1.75

_OPENS, _SHUTS = 9, 18


def moments(
    chance: random.Random, count: int, first: dt.date, until: dt.date, zone: ZoneInfo
) -> list[dt.datetime]:
    """``count`` moments, in order, from the first day up to the start of ``until``."""
    days = [first + dt.timedelta(days=i) for i in range((until - first).days)]
    weights = []
    for i, day in enumerate(days):
        recent = _RECENT_BOOST if (until - day).days <= _RECENT_DAYS else 1.0
        weights.append(_DAYS[day.weekday()] * (1 + _GROWTH * i / len(days)) * recent)
    chosen = chance.choices(days, weights, k=count)
    return sorted(
        dt.datetime.combine(
            day,
            dt.time(chance.choices(range(24), _HOURS)[0], chance.randrange(60), chance.randrange(60)),
            zone,
        )
        for day in chosen
    )


def office_time(start: dt.datetime, working_days: float, chance: random.Random) -> dt.datetime:
    """The moment in office hours (Monday to Friday) this many working days after the start."""
    at = _opened(start)
    hours = working_days * (_SHUTS - _OPENS)
    while True:
        left = (at.replace(hour=_SHUTS, minute=0, second=0, microsecond=0) - at).total_seconds() / 3600
        if hours <= left:
            at += dt.timedelta(hours=hours)
            return at.replace(second=chance.randrange(60))
        hours -= left
        at = _opened(at.replace(hour=_SHUTS, minute=0))


def _opened(at: dt.datetime) -> dt.datetime:
    """The moment itself during office hours, otherwise the next opening."""
    if at.hour >= _SHUTS:
        at = (at + dt.timedelta(days=1)).replace(hour=_OPENS, minute=0)
    elif at.hour < _OPENS:
        at = at.replace(hour=_OPENS, minute=0)
    while at.weekday() >= 5:
        at = (at + dt.timedelta(days=1)).replace(hour=_OPENS, minute=0)
    return at


def waking_time(start: dt.datetime, days: float, chance: random.Random) -> dt.datetime:
    """About this many days later, at an hour when people are awake."""
    later = start + dt.timedelta(days=days)
    if 8 <= later.hour < 23:
        return later
    return later.replace(hour=chance.randint(8, 21), minute=chance.randrange(60)) + dt.timedelta(days=1)
