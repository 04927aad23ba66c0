"""Which days are counted: from the city's first appeal to yesterday, or to the last one of an archive."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from appeals.filters import AppealFilter
from reports.steps import ENDED_AFTER, days_counted
from tests.grid import IN_EAST, GridCity
from tests.reports.planting import Plant

TODAY = timezone.localdate()
FIRST = dt.date(2020, 1, 1)


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), timezone.get_default_timezone())


def test_days_end_yesterday_or_with_an_archive(plant: Plant, city: GridCity) -> None:
    assert days_counted(AppealFilter()) is None
    ended = TODAY - ENDED_AFTER - dt.timedelta(days=2)
    for day in (FIRST, ended):
        plant([IN_EAST], submitted_at=noon(day))
    assert days_counted(AppealFilter()) == (FIRST, ended)
    assert days_counted(AppealFilter(since=dt.date(2021, 1, 1), until=TODAY)) == (dt.date(2021, 1, 1), ended)
    assert days_counted(AppealFilter(until=dt.date(2021, 1, 1))) == (FIRST, dt.date(2021, 1, 1))
    yesterday = TODAY - dt.timedelta(days=1)
    plant([IN_EAST], submitted_at=noon(yesterday - ENDED_AFTER), hidden=True)
    assert days_counted(AppealFilter()) == (FIRST, ended)
    plant([IN_EAST], submitted_at=noon(yesterday - ENDED_AFTER))
    assert days_counted(AppealFilter()) == (FIRST, yesterday)
