"""Once a week all categories are searched for what is new, one after the other, and what was found is kept for the page of the alerts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from appeals.filters import AppealFilter
from appeals.models.appeal import CELL_M
from districts.models import Category
from geo.bbox import Bbox
from geo.grid import Grid
from reports.ground import nearest_places
from reports.hot_sentences import LARGE_M, area_words
from reports.models import CategoryAlert
from reports.weeks import MOST_WEEKS, WEEK

#: Of all categories of a week, so many of those that are called new are new by chance, at most.
LEVEL: Final = 0.05


@dataclass(frozen=True)
class Overview:
    """The newest search: what is ``new``, the surest first, what was searched and is not, and the number of what is too little to search.

    ``week`` is the Monday of the last week that was searched.
    """

    week: dt.date
    made_at: dt.datetime
    new: tuple[tuple[CategoryAlert, str], ...]
    quiet: tuple[CategoryAlert, ...]
    too_few: int


def last_week(today: dt.date) -> dt.date:
    """The Monday of the last week that is over."""
    return today - dt.timedelta(days=today.weekday()) - WEEK


def search_categories() -> int:
    """Searches every category that is offered, groups and leaves, unless this was done since the last week ended; how many were searched."""
    # SciPy is loaded where it is searched.
    import numpy as np

    from geo.hotspots import q_values
    from reports.alerts import find_alerts

    week = last_week(timezone.localdate())
    if CategoryAlert.objects.filter(week=week).exists():
        return 0
    rows = []
    for category in Category.objects.filter(active=True):
        found = find_alerts(AppealFilter(category=category.code))
        row = CategoryAlert(week=week, category=category, total=found.total - found.unfinished)
        rows.append(row)
        if found.refusal:
            continue
        strongest = found.alerts[0] if found.alerts else found.strongest
        row.p = strongest.p if strongest else 1.0
        if strongest:
            row.weeks, row.count, row.expected = strongest.weeks, strongest.count, strongest.expected
            row.west, row.south, row.east, row.north = strongest.box
    if not any(row.total for row in rows):
        # A city that has just been set up is looked at again in an hour.
        return 0
    searched = [row for row in rows if row.p is not None]
    chances = q_values(np.array([row.p for row in searched], dtype=float)).tolist()
    for row, q in zip(searched, chances, strict=True):
        row.q = q
    with transaction.atomic():
        CategoryAlert.objects.filter(week__lt=week - MOST_WEEKS * WEEK).delete()
        # Another worker may have been as fast.
        CategoryAlert.objects.bulk_create(rows, ignore_conflicts=True)
    return len(searched)


def overview() -> Overview | None:
    """What the newest search found; None before the first."""
    newest = CategoryAlert.objects.order_by("-week").values("week")[:1]
    rows = list(CategoryAlert.objects.filter(week__in=newest).select_related("category"))
    if not rows:
        return None
    searched = sorted(
        (row for row in rows if row.q is not None), key=lambda row: (row.q or 0, row.category.position)
    )
    new = [row for row in searched if row.q is not None and row.q <= LEVEL and row.count]
    names = nearest_places([_box(row).centre() for row in new])
    places = [
        area_words(name) if name and _is_wide(row) else name for row, name in zip(new, names, strict=True)
    ]
    return Overview(
        week=rows[0].week,
        made_at=rows[0].made_at,
        new=tuple(zip(new, places, strict=True)),
        quiet=tuple(row for row in searched if row not in new),
        too_few=len(rows) - len(searched),
    )


def _is_wide(row: CategoryAlert) -> bool:
    west, south, east, north = Grid(CELL_M, settings.METRIC_SRID).metres(_box(row))
    return max(east - west, north - south) >= LARGE_M


def _box(row: CategoryAlert) -> Bbox:
    return Bbox(row.west or 0.0, row.south or 0.0, row.east or 0.0, row.north or 0.0)
