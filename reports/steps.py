"""What reports of months and weeks have in common: the days that can be counted, and the step that a moment belongs to."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import models
from django.db.models import Max, Min
from django.db.models.functions import TruncMonth, TruncWeek
from django.utils import timezone

from appeals.deadlines import city_day
from appeals.filters import AppealFilter
from appeals.models import Appeal

#: The newest months of a report, all of which would be empty.
ENDED_AFTER: Final = dt.timedelta(days=5 * 366)


def days_counted(wanted: AppealFilter) -> tuple[dt.date, dt.date] | None:
    """The first and the last of the filter's days that are over and not before the city's first appeal; None before that one.

    Where none has come in for longer than ``ENDED_AFTER`` the appeals are those of an archive, whose days end with its last one. The first may
    be after the last. One statement.
    """
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    # Before the very first appeal nothing was counted; what has none of its own since then has real zeros.
    all_of_them = Appeal.objects.public().aggregate(first=Min("submitted_at"), last=Max("submitted_at"))
    if all_of_them["first"] is None:
        return None
    first, newest = city_day(all_of_them["first"]), city_day(all_of_them["last"])
    last = yesterday if yesterday - newest <= ENDED_AFTER else newest
    return max(wanted.since or first, first), min(wanted.until or last, last)


def month_of_submission() -> TruncMonth:
    """The first day of the month, by the city's clock, in which an appeal came in."""
    return TruncMonth("submitted_at", tzinfo=timezone.get_default_timezone(), output_field=models.DateField())


def week_of_submission() -> TruncWeek:
    """The Monday of the week, by the city's clock, in which an appeal came in."""
    return TruncWeek("submitted_at", tzinfo=timezone.get_default_timezone(), output_field=models.DateField())
