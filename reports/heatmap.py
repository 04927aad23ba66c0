"""The heat report: the number of appeals in each cell of the city. Counts only, without significance."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from appeals.filters import AppealFilter
from appeals.metric_counts import By
from appeals.models.appeal import CELL_M
from appeals.querysets import AppealQuerySet
from districts.models import District
from geo.classes import CountClass, natural_breaks
from geo.grid import Cell, Grid
from reports.counted import CountsDays
from reports.ground import DistrictGround, city_area_m2, district_grounds, past_district_grounds
from reports.inputs import digest
from reports.questions import Days
from reports.sizes import CellSize, candidate_sizes, is_drawable
from reports.tallies import Borders, counted_appeals, ends_of, showable, tallied, tallies
from reports.year_before import DistrictPart, Uncompared, YearBefore, districts_with_their_own, two_periods

#: Classes of counts on the map; more colours than this cannot be told apart.
MOST_CLASSES = 6


@dataclass(frozen=True)
class HeatCell:
    """A cell with appeals; ``level`` is the index of its class, ``district`` where most of them are."""

    cell: Cell
    count: int
    level: int
    district: DistrictGround | None


@dataclass(frozen=True)
class DistrictCount(DistrictPart):
    """Appeals of one district, None for those that lie in none; ``count`` and ``share`` are None where they are too few to be shown."""

    district: DistrictGround | None
    count: int | None
    share: float | None

    @property
    def per_km2(self) -> float | None:
        """Appeals per square kilometre of the district."""
        if self.count is None or self.district is None or not self.district.area_m2:
            return None
        return self.count / (self.district.area_m2 / 1e6)


@dataclass(frozen=True)
class Heatmap(CountsDays):
    """The report as a value.

    ``total`` counts all appeals that match the filter; ``cells``, fullest first, contain all of them except
    ``withheld``, which are in cells under the threshold ``REPORT_MIN_COUNT``. ``first_on`` and ``last_on``
    are the days of the oldest and newest, None if there are none. ``recounting`` is True while new borders have come
    into force and not all appeals are counted in their districts yet. ``input_sha256`` is that of the counts (``reports.inputs``).
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
    input_sha256: str
    recounting: bool = False
    year_before: YearBefore | Uncompared | None = None

    @property
    def highest(self) -> int:
        """Appeals in the fullest cell; 0 if there are no cells."""
        return self.cells[0].count if self.cells else 0


def make_heatmap(
    wanted: AppealFilter,
    cell_m: int | None = None,
    borders: Borders = Borders.TODAY,
    against: Days | None = None,
) -> Heatmap:
    """Public appeals that match the filter, counted by cell and by district.

    ``cell_m`` is one of ``offered_sizes``, and then the cells may be too many to draw; without it they never are.
    Three statements, beside those of the filter's codes and of ``year_before`` (``reports.year_before``).
    """
    today = timezone.localdate()
    grounds = district_grounds(today) if borders is Borders.TODAY else past_district_grounds()
    stored = tallied(wanted, borders, By.DISTRICT)
    by_district, total = stored.by_value(), stored.total
    first_on, last_on = ends_of(wanted, borders)
    known = {ground.id: ground for ground in grounds}
    numbers = _district_numbers(by_district, grounds, wanted)
    year, districts, before = districts_with_their_own(
        two_periods(wanted, against),
        borders,
        by_district,
        [_district_count(ground, n, total) for ground, n in numbers],
    )
    sizes = candidate_sizes(total, _ground_m2(grounds, wanted), cell_m)
    for size, grid, tally in tallies(stored, sizes):  # noqa: B007 - the last one stays
        if is_drawable(int((tally.whole().n >= settings.REPORT_MIN_COUNT).sum())):
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
        first_on=first_on,
        last_on=last_on,
        cells=cells,
        classes=classes,
        districts=districts,
        recounting=not known.keys() >= by_district.keys() - {None},
        year_before=year,
        input_sha256=digest(
            counts={row.cell: row.count for row in cells},
            districts={ground.code if ground else "": n for ground, n in numbers},
            **before,
        ),
    )


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


def _district_numbers(
    counts: dict[int | None, int], grounds: tuple[DistrictGround, ...], wanted: AppealFilter
) -> list[tuple[DistrictGround | None, int]]:
    """Every territory, fullest first, including those without appeals: zero is a result too."""
    rest = dict(counts)
    rows: list[tuple[DistrictGround | None, int]] = []
    for ground in grounds:
        count = rest.pop(ground.id, 0)
        selected = ground.code == wanted.district if wanted.district else ground.kind != District.Kind.CITY
        if count or selected:
            rows.append((ground, count))
    if elsewhere := sum(rest.values()):
        rows.append((None, elsewhere))
    return sorted(rows, key=lambda row: -row[1])


def _district_count(district: DistrictGround | None, n: int, total: int) -> DistrictCount:
    count = showable(n)
    return DistrictCount(district, count, None if count is None else count / total if total else 0.0)
