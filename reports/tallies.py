"""Which appeals a report counts, and how many there are by cell: each report reads them once, for all sizes that it tries."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Max, Min

from appeals.deadlines import city_day
from appeals.filters import AppealFilter
from appeals.kept_number import kept_number
from appeals.metric_counts import By, is_kept, kept_tally
from appeals.models.appeal import CELL_M, Appeal
from appeals.querysets import AppealQuerySet
from geo.grid import Grid, Tally
from reports.sizes import CellSize
from reports.steps import month_of_submission

#: Without these, which say which appeals are meant and not where and when, a filter means all of them.
EVERYTHING: Final[Mapping[str, Any]] = {"category": "", "kind": "", "service": "", "status": ()}


class Borders(enum.StrEnum):
    """By which borders appeals are counted in districts: today's, or those by which each was routed."""

    TODAY = "today"
    TIME = "time"

    @property
    def district(self) -> str:
        """The path from an appeal to its district."""
        return "district" if self is Borders.TODAY else "routing__district"


def counted_appeals(wanted: AppealFilter, borders: Borders) -> AppealQuerySet:
    """Public appeals that match the filter, its district as one of those borders."""
    if borders is Borders.TODAY or not wanted.district:
        return Appeal.objects.public().filtered(wanted)
    elsewhere = Appeal.objects.public().filtered(replace(wanted, district=""))
    return elsewhere.filter(routing__district__code=wanted.district)


def days_of(appeals: AppealQuerySet) -> tuple[int, dt.date | None, dt.date | None]:
    """How many they are, and the days of the oldest and newest; one statement."""
    found = appeals.order_by().aggregate(n=Count("*"), first=Min("submitted_at"), last=Max("submitted_at"))
    return found["n"], *_days(found)


def ends_of(wanted: AppealFilter, borders: Borders) -> tuple[dt.date | None, dt.date | None]:
    """The days of the oldest and newest appeal that matches; one statement, of two entries of an index where the filter ``is_kept``."""
    appeals = counted_appeals(wanted, borders).order_by()
    return _days(appeals.aggregate(first=Min("submitted_at"), last=Max("submitted_at")))


def _days(found: Mapping[str, Any]) -> tuple[dt.date | None, dt.date | None]:
    first, last = (city_day(at) if at else None for at in (found["first"], found["last"]))
    return first, last


def tallied(wanted: AppealFilter, borders: Borders, by: By = By.NOTHING) -> Tally:
    """Public appeals that match the filter in stored cells, by district (its key, by those borders) or by month.

    From the counts that are kept, where these can tell (``appeals.metric_counts``), else from the rows: one statement, without those of the
    filter's codes.
    """
    of_today = borders is Borders.TODAY or not (wanted.district or by is By.DISTRICT)
    if of_today and is_kept(wanted):
        return kept_tally(wanted, by)
    return tallied_rows(wanted, borders, by)


def tallied_rows(wanted: AppealFilter, borders: Borders, by: By = By.NOTHING) -> Tally:
    """The same, counted from the rows."""
    values = {By.NOTHING: None, By.DISTRICT: borders.district, By.MONTH: month_of_submission()}
    grid = Grid(CELL_M, settings.METRIC_SRID)
    return grid.count(counted_appeals(wanted, borders), CELL_M, values[by])


def by_district(wanted: AppealFilter, borders: Borders) -> dict[int | None, int]:
    """How many match in each district, by its key, None for none; one statement, as ``tallied``."""
    return tallied(wanted, borders, By.DISTRICT).by_value()


def showable(count: int) -> int | None:
    """The count; None for so few (``REPORT_MIN_COUNT``) that they may not be shown by themselves."""
    return None if 0 < count < settings.REPORT_MIN_COUNT else count


def how_many(wanted: AppealFilter, borders: Borders) -> int:
    """The number of public appeals that match the filter; one statement, without those of its codes."""
    if borders is Borders.TODAY or not wanted.district:
        if (kept := kept_number(wanted)) is not None:
            return kept
        if is_kept(wanted):
            return kept_tally(wanted).total
    return counted_appeals(wanted, borders).count()


def tallies(tally: Tally, sizes: Iterable[CellSize]) -> Iterator[tuple[CellSize, Grid, Tally]]:
    """The counts in cells of each size; summed when it is asked for."""
    for size in sizes:
        yield size, Grid(size.cell_m, settings.METRIC_SRID), tally.coarser(size.cell_m)
