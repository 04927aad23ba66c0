"""The heat report: the number of appeals in each cell of the city. Counts only, without significance."""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, F, Max, Min
from django.utils import timezone

from appeals.deadlines import city_day
from appeals.filters import AppealFilter
from appeals.models import Appeal
from appeals.models.appeal import CELL_M
from appeals.querysets import AppealQuerySet
from districts.models import District
from geo.classes import CountClass, natural_breaks
from geo.grid import Cell, Grid
from reports.counted import CountsDays
from reports.ground import DistrictGround, city_area_m2, district_grounds, past_district_grounds
from reports.inputs import digest
from reports.sizes import CellSize, candidate_sizes, is_drawable
from reports.tallies import tallies
from reports.year_before import Uncompared, YearBefore, counted_with, with_year_before

#: Classes of counts on the map; more colours than this cannot be told apart.
MOST_CLASSES = 6


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


@dataclass(frozen=True)
class HeatCell:
    """A cell with appeals; ``level`` is the index of its class, ``district`` where most of them are."""

    cell: Cell
    count: int
    level: int
    district: DistrictGround | None


@dataclass(frozen=True)
class DistrictCount:
    """Appeals of one district; None is for those that lie in none."""

    district: DistrictGround | None
    count: int
    share: float

    @property
    def per_km2(self) -> float | None:
        """Appeals per square kilometre of the district."""
        return self.count / (self.district.area_m2 / 1e6) if self.district and self.district.area_m2 else None


@dataclass(frozen=True)
class Heatmap(CountsDays):
    """The report as a value.

    ``total`` counts all appeals that match the filter; ``cells``, fullest first, contain all of them except
    ``withheld``, which are in cells under the threshold ``REPORT_MIN_COUNT``. ``first_on`` and ``last_on``
    are the days of the oldest and newest, None if there are none. ``recounting`` is True while new borders have come
    into force and not all appeals are counted in their districts yet.
    """

    wanted: AppealFilter
    borders: Borders
    size: CellSize
    grid: Grid
    total: int
    withheld: int
    first_on: dt.date | None
    last_on: dt.date | None
    cells: tuple[HeatCell, ...]
    classes: tuple[CountClass, ...]
    districts: tuple[DistrictCount, ...]
    recounting: bool = False
    year_before: YearBefore | Uncompared | None = None

    @property
    def highest(self) -> int:
        """Appeals in the fullest cell; 0 if there are no cells."""
        return self.cells[0].count if self.cells else 0

    @property
    def input_sha256(self) -> str:
        """That of the counts (``reports.inputs``)."""
        return digest(
            counts={row.cell: row.count for row in self.cells},
            districts={row.district.code if row.district else "": row.count for row in self.districts},
            **counted_with(self.year_before),
        )


def make_heatmap(
    wanted: AppealFilter, cell_m: int | None = None, borders: Borders = Borders.TODAY
) -> Heatmap:
    """Public appeals that match the filter, counted by cell and by district.

    ``cell_m`` is one of ``offered_sizes``, and then the cells may be too many to draw; without it they never are.
    Three statements, beside those of ``year_before`` (``reports.year_before``), and another where the smallest cells are too many and do not make up whole ones of the next size.
    """
    today = timezone.localdate()
    grounds = district_grounds(today) if borders is Borders.TODAY else past_district_grounds()
    appeals = counted_appeals(wanted, borders)
    by_district = tallied_by_district(appeals, borders)
    total = sum(row["n"] for row in by_district)
    known = {ground.id: ground for ground in grounds}
    sizes = candidate_sizes(total, _ground_m2(grounds, wanted), cell_m)
    for size, grid, tally in tallies(appeals, sizes, borders.district):  # noqa: B007 - the last one stays
        if is_drawable(sum(n >= settings.REPORT_MIN_COUNT for n in tally.cells().values())):
            break
    counts = tally.fullest(settings.REPORT_MIN_COUNT)
    classes = natural_breaks((row.n for row in counts), MOST_CLASSES)
    cells = tuple(HeatCell(row.cell, row.n, class_of(row.n, classes), known.get(row.mode)) for row in counts)
    return Heatmap(
        wanted=wanted,
        borders=borders,
        size=size,
        grid=grid,
        total=total,
        withheld=total - sum(cell.count for cell in cells),
        first_on=city_day(min(row["first"] for row in by_district)) if by_district else None,
        last_on=city_day(max(row["last"] for row in by_district)) if by_district else None,
        cells=cells,
        classes=classes,
        districts=_district_counts({row["in_district"]: row["n"] for row in by_district}, grounds, wanted),
        recounting=not known.keys() >= {row["in_district"] for row in by_district} - {None},
        year_before=with_year_before(wanted, total, functools.partial(counted_appeals, borders=borders)),
    )


def counted_appeals(wanted: AppealFilter, borders: Borders) -> AppealQuerySet:
    """Public appeals that match the filter, its district as one of those borders."""
    if borders is Borders.TODAY or not wanted.district:
        return Appeal.objects.public().filtered(wanted)
    elsewhere = Appeal.objects.public().filtered(replace(wanted, district=""))
    return elsewhere.filter(routing__district__code=wanted.district)


def tallied_by_district(appeals: AppealQuerySet, borders: Borders) -> list[dict[str, Any]]:
    """Of each district (``in_district``, None for none) how many they are (``n``), and the moments of its oldest and newest; one statement."""
    return [
        {**row}
        for row in appeals.order_by()
        .values(in_district=F(borders.district))
        .annotate(n=Count("*"), first=Min("submitted_at"), last=Max("submitted_at"))
    ]


def days_of(appeals: AppealQuerySet) -> tuple[int, dt.date | None, dt.date | None]:
    """How many they are, and the days of the oldest and newest; one statement."""
    found = appeals.order_by().aggregate(n=Count("*"), first=Min("submitted_at"), last=Max("submitted_at"))
    first, last = (city_day(at) if at else None for at in (found["first"], found["last"]))
    return found["n"], first, last


def appeals_in_cell(
    wanted: AppealFilter, grid: Grid, cell: Cell, borders: Borders = Borders.TODAY
) -> AppealQuerySet:
    """The rows behind a cell's number, newest first; none if the cell is under the threshold."""
    # The box is for the spatial index; the stored cells decide.
    in_cell = counted_appeals(wanted, borders).filter(
        point__bboverlaps=grid.bbox(cell).polygon(), **grid.holding(cell, CELL_M)
    )
    if settings.REPORT_MIN_COUNT > 1 and in_cell.count() < settings.REPORT_MIN_COUNT:
        return in_cell.none()
    return in_cell.newest_first()


def _ground_m2(grounds: tuple[DistrictGround, ...], wanted: AppealFilter) -> float:
    chosen = [ground.area_m2 for ground in grounds if ground.code == wanted.district]
    return chosen[0] if chosen else city_area_m2(grounds)


def class_of(count: int, classes: tuple[CountClass, ...]) -> int:
    """Index of the class that the count is in, one of those that the classes were made of."""
    return next(level for level, bounds in enumerate(classes) if count <= bounds.high)


def _district_counts(
    counts: dict[int | None, int], grounds: tuple[DistrictGround, ...], wanted: AppealFilter
) -> tuple[DistrictCount, ...]:
    """Every territory, fullest first, including those without appeals: zero is a result too."""
    total = sum(counts.values())
    rest = dict(counts)
    rows = []
    for ground in grounds:
        count = rest.pop(ground.id, 0)
        selected = ground.code == wanted.district if wanted.district else ground.kind != District.Kind.CITY
        if count or selected:
            rows.append(DistrictCount(ground, count, count / total if total else 0.0))
    if elsewhere := sum(rest.values()):
        rows.append(DistrictCount(None, elsewhere, elsewhere / total))
    return tuple(sorted(rows, key=lambda row: -row.count))
