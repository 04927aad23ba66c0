"""Working hours against a count of every single minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appeals.deadlines import WorkingCalendar
from desk.working_hours import WorkingHours

SPANS = ((dt.time(9), dt.time(13)), (dt.time(14), dt.time(18, 30)))
#: Victory Day moved to Friday the 8th, and a Saturday worked for it.
CALENDAR = WorkingCalendar("KG", None, {dt.date(2026, 5, 8): False, dt.date(2026, 5, 16): True})
FIRST, LAST = dt.date(2026, 4, 25), dt.date(2026, 5, 25)
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001
BEGIN = dt.datetime.combine(FIRST, dt.time())

HOURS = WorkingHours.over(CALENDAR.is_working, SPANS, FIRST, LAST)
MINUTES = st.integers(0, (LAST - FIRST).days * 24 * 60)


def seconds(moment: dt.datetime) -> np.ndarray:
    return np.array([int((moment - EPOCH).total_seconds())])


def between(start: dt.datetime, end: dt.datetime, hours: WorkingHours = HOURS) -> float:
    return float(hours.between(seconds(start), seconds(end))[0])


def by_minutes(start: dt.datetime, end: dt.datetime, is_working: Callable[[dt.date], bool]) -> float:
    minutes, moment = 0, start
    while moment < end:
        if is_working(moment.date()) and any(opens <= moment.time() < closes for opens, closes in SPANS):
            minutes += 1
        moment += dt.timedelta(minutes=1)
    return minutes / 60


@given(MINUTES, MINUTES)
def test_it_equals_a_count_of_minutes(one: int, other: int) -> None:
    start, end = (BEGIN + dt.timedelta(minutes=minutes) for minutes in sorted((one, other)))
    assert between(start, end) == pytest.approx(by_minutes(start, end, CALENDAR.is_working))


def test_friday_evening_to_monday_morning() -> None:
    friday, monday = dt.datetime(2026, 5, 22, 18, 40), dt.datetime(2026, 5, 25, 9, 15)  # noqa: DTZ001
    assert between(friday, monday) == 0.25


def test_moved_days_count_as_the_city_has_them() -> None:
    thursday, saturday = dt.date(2026, 5, 7), dt.date(2026, 5, 16)
    day = dt.timedelta(days=1)
    assert between(*(dt.datetime.combine(thursday + day * n, dt.time()) for n in (1, 2))) == 0
    assert (
        between(*(dt.datetime.combine(saturday + day * n, dt.time()) for n in (0, 1)))
        == HOURS.day_hours
        == 8.5
    )


def test_never_negative() -> None:
    assert between(dt.datetime(2026, 5, 20, 12), dt.datetime(2026, 5, 19, 12)) == 0  # noqa: DTZ001


def test_days_of_an_age() -> None:
    moments = np.concatenate([seconds(dt.datetime(2026, 5, day, 12)) for day in (14, 15, 16, 17, 18)])  # noqa: DTZ001
    # Thursday; Friday; the worked Saturday; Sunday; Monday.
    assert (HOURS.days_before(moments) - HOURS.days_before(moments[:1])).tolist() == [0, 1, 2, 3, 3]


def test_outside_of_the_years_nothing_is_worked() -> None:
    inside, before = dt.datetime(2026, 4, 25), dt.datetime(2026, 3, 2)  # noqa: DTZ001
    assert between(before, inside) == 0
    assert between(dt.datetime(2026, 5, 26), dt.datetime(2026, 6, 26)) == 0  # noqa: DTZ001
