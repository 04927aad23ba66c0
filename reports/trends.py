"""The trend report: what became of each place month by month, as Gi* of a space-time cube and a pattern with a name."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtr

from appeals.filters import AppealFilter
from appeals.metric_counts import By
from geo.bbox import Bbox
from geo.grid import Cell, Grid, Tally
from geo.hotspots import (
    Pattern,
    classes,
    emerging_patterns,
    mann_kendall,
    q_values,
    space_time_gi_star,
    space_time_permutation_p,
)
from geo.hotspots.permutation import TooLarge
from geo.hotspots.trends import SIGNIFICANT, space_time_sums
from geo.surface import Band, Surface
from reports.counted import CountsWholeSteps
from reports.ground import study_area
from reports.hotspots import (
    LEAST_APPEALS,
    LEAST_CELLS,
    MOST_CELLS,
    WINDOW,
    Ground,
    Refusal,
    grid_cells,
    hidden,
)
from reports.inputs import digest
from reports.months import LEAST_MONTHS, of_months, whole_months
from reports.sizes import CellSize, TooFine, candidate_sizes, is_drawable
from reports.steps import days_counted
from reports.tallies import Borders, showable, tallied, tallies

#: What is older is another time; the newest of a longer period are taken.
MOST_MONTHS = 60

#: A cell is judged by its neighbours of a month and of the one before it.
MONTHS_TOGETHER = 2

#: In the order of their urgency: the legend, the table and the places follow it.
PATTERNS_SHOWN = (
    Pattern.NEW,
    Pattern.CONSECUTIVE,
    Pattern.INTENSIFYING,
    Pattern.PERSISTENT,
    Pattern.OSCILLATING,
    Pattern.SPORADIC,
    Pattern.DIMINISHING,
    Pattern.HISTORICAL,
    Pattern.NONE,
    Pattern.NEW_COLD,
    Pattern.CONSECUTIVE_COLD,
    Pattern.INTENSIFYING_COLD,
    Pattern.PERSISTENT_COLD,
    Pattern.OSCILLATING_COLD,
    Pattern.SPORADIC_COLD,
    Pattern.DIMINISHING_COLD,
    Pattern.HISTORICAL_COLD,
)

#: A month of a cell counts as hot or cold from this level on (``geo.hotspots.classes``): q below ``SIGNIFICANT``.
SURE = 2


@dataclass(frozen=True)
class TrendCell:
    """A cell with appeals or with a difference; ``levels`` are -3 to 3, one a month.

    ``count`` is None where there are fewer than may be shown. ``z`` and ``q`` are of the trend of the cell's Gi*.
    """

    cell: Cell
    count: int | None
    pattern: Pattern
    levels: tuple[int, ...]
    z: float
    q: float

    @property
    def sure(self) -> list[tuple[bool, bool]]:
        """Of each month, whether there are clearly more than expected, and whether clearly fewer."""
        return [(level >= SURE, level <= -SURE) for level in self.levels]

    @property
    def hot_months(self) -> int:
        """Months with clearly more."""
        return sum(hot for hot, _cold in self.sure)

    @property
    def cold_months(self) -> int:
        """Months with clearly fewer."""
        return sum(cold for _hot, cold in self.sure)


@dataclass(frozen=True)
class PatternCount:
    """A pattern, how many cells have it, and their appeals; None for fewer than may be shown."""

    pattern: Pattern
    cells: int
    count: int | None


@dataclass(frozen=True)
class TrendPlace:
    """Cells of one hot pattern that touch each other, and the appeals in them and their neighbours, by which they are judged.

    ``count`` is None for fewer than may be shown.
    """

    pattern: Pattern
    cells: tuple[Cell, ...]
    count: int | None
    box: Bbox


@dataclass(frozen=True)
class MonthCount:
    """A month: its appeals in the study area, and how many cells had clearly more or fewer."""

    month: dt.date
    count: int
    hot: int
    cold: int


@dataclass(frozen=True)
class Trends(CountsWholeSteps):
    """The report as a value.

    ``total`` appeals match; ``unfinished`` of them came in outside of the ``months`` counted, which are whole ones, and
    ``outside`` of the rest lie outside the study area. ``direction`` is 1, 0 or -1: whether the number of all of them rises, at the
    chance ``p`` (Mann and Kendall). With a ``refusal`` there is nothing but these numbers. ``surface`` has every cell tested,
    ``input_sha256`` is that of the counts and the ground (``reports.inputs``).
    """

    wanted: AppealFilter
    borders: Borders
    size: CellSize
    grid: Grid
    months: tuple[dt.date, ...]
    total: int
    unfinished: int
    outside: int
    tested: int = 0
    cells: tuple[TrendCell, ...] = ()
    patterns: tuple[PatternCount, ...] = ()
    places: tuple[TrendPlace, ...] = ()
    by_month: tuple[MonthCount, ...] = ()
    direction: int = 0
    p: float | None = None
    refusal: Refusal | None = None
    input_sha256: str = ""
    surface: Surface | None = field(default=None, compare=False, repr=False)

    @property
    def counted(self) -> AppealFilter:
        """The filter of the appeals that were counted: those of the months, unless these are too few."""
        return self.wanted if self.refusal is Refusal.FEW_MONTHS else of_months(self.wanted, self.months)


def find_trends(wanted: AppealFilter, cell_m: int | None = None, borders: Borders = Borders.TODAY) -> Trends:
    """Public appeals that match the filter, month by month and cell by cell.

    The months are whole ones of the city's calendar since its first appeal, the newest ``MOST_MONTHS`` at most. The study
    area is that of the hotspots. ``cell_m`` is one of ``offered_sizes``; raises ``TooFine`` where those are too many.
    """
    stored = tallied(wanted, borders, By.MONTH)
    total = stored.total
    months = _months_asked(wanted)
    area = study_area(timezone.localdate(), wanted.district, past=borders is Borders.TIME)
    usual = round(MONTHS_TOGETHER * total / max(len(months), 1))
    sizes = candidate_sizes(usual, area.area if area else 0.0, cell_m)
    refused = Trends(
        wanted, borders, sizes[0], Grid(sizes[0].cell_m, settings.METRIC_SRID), months, total, 0, 0
    )
    if len(months) < LEAST_MONTHS:
        return replace(refused, refusal=Refusal.FEW_MONTHS)
    size, grid, ground, cube, counted = _cube(stored, area, sizes, months)
    inside = int(cube.sum())
    made = replace(
        refused,
        size=size,
        grid=grid,
        unfinished=total - counted,
        outside=counted - inside,
        input_sha256=digest(area, counts=cube, corner={"west": ground.west, "south": ground.south}),
    )
    if inside < LEAST_APPEALS:
        return replace(made, refusal=Refusal.FEW_APPEALS)
    if ground.mask.sum() < LEAST_CELLS:
        return replace(made, refusal=Refusal.FEW_CELLS)
    return _tested(made, ground, cube)


def _months_asked(wanted: AppealFilter) -> tuple[dt.date, ...]:
    days = days_counted(wanted)
    return whole_months(*days)[-MOST_MONTHS:] if days else ()


def _cube(
    stored: Tally,
    area: shapely.Geometry | None,
    sizes: list[CellSize],
    months: tuple[dt.date, ...],
) -> tuple[CellSize, Grid, Ground, NDArray[np.int64], int]:
    """The first size whose cells are not too many, the counts of its cells by month, and the number of all appeals.

    Counts have shape (months, rows, columns); they are zero outside the study area. Raises ``TooFine`` where there is no size.
    """
    steps = [month.toordinal() for month in months]
    stored = stored.of_values(steps)
    too_many = grid_cells(area, sizes[-1].cell_m)
    possible = [size for size in sizes if grid_cells(area, size.cell_m) * len(months) <= MOST_CELLS]
    for size, grid, tally in tallies(stored, possible):
        ground = Ground.of(area, tally)
        too_many = int(ground.mask.sum())
        if is_drawable(too_many):
            return size, grid, ground, ground.cube(tally, steps), tally.total
    raise TooFine(too_many)


def _tested(made: Trends, ground: Ground, cube: NDArray[np.int64]) -> Trends:
    mask = ground.mask
    z = space_time_gi_star(cube, mask, WINDOW)
    try:
        p = space_time_permutation_p(cube, mask, WINDOW)
    except TooLarge:
        # Windows that expect so much obey the normal law.
        p = 2.0 * ndtr(-np.abs(z))
    if settings.REPORT_MIN_COUNT > 1:
        # What may not be shown by itself is called neither.
        sums, _cells = space_time_sums(cube, mask, WINDOW)
        p[hidden(sums) & mask] = 1.0
    levels = classes(q_values(p), z)
    pattern = emerging_patterns(z, p)
    trend = mann_kendall(z)
    trend_q = q_values(np.where(mask, trend.p, np.nan))
    counts = cube.sum(axis=0)
    whole = mann_kendall(cube.sum(axis=(1, 2))[:, None])
    whole_p = float(whole.p[0])
    shown = mask & (
        (counts >= max(settings.REPORT_MIN_COUNT, 1)) | (pattern != 0) | (levels != 0).any(axis=0)
    )
    order = {int(one): place for place, one in enumerate(PATTERNS_SHOWN)}
    cells = [
        TrendCell(
            cell=ground.cell(row, column),
            count=showable(int(counts[row, column])),
            pattern=Pattern(int(pattern[row, column])),
            levels=tuple(levels[:, row, column].tolist()),
            z=float(trend.z[row, column]),
            q=float(trend_q[row, column]),
        )
        for row, column in np.argwhere(shown)
    ]
    return replace(
        made,
        tested=int(mask.sum()),
        cells=tuple(sorted(cells, key=lambda one: (order[one.pattern], -(one.count or 0), one.cell))),
        patterns=tuple(
            PatternCount(one, int(here.sum()), showable(int(counts[here].sum())))
            for one in PATTERNS_SHOWN
            if (here := mask & (pattern == one)).any()
        ),
        places=_places(ground, made.grid, counts, pattern),
        by_month=tuple(
            MonthCount(month, int(n.sum()), int((level >= SURE).sum()), int((level <= -SURE).sum()))
            for month, n, level in zip(made.months, cube, levels, strict=True)
        ),
        direction=int(np.sign(whole.s[0])) if whole_p < SIGNIFICANT else 0,
        p=whole_p,
        surface=_surface(ground, made.grid, counts, pattern, levels, trend.z, trend_q),
    )


def _surface(
    ground: Ground,
    grid: Grid,
    counts: NDArray[np.int64],
    pattern: NDArray[np.int8],
    levels: NDArray[np.int8],
    trend_z: NDArray[np.float64],
    trend_q: NDArray[np.float64],
) -> Surface:
    """Every cell of the study area; without counts of fewer appeals than may be shown."""
    bands = (
        Band(
            "count",
            "Appeals of the cell in all months.",
            np.where(hidden(counts), np.nan, counts),
            whole=True,
        ),
        Band(
            "pattern",
            "What became of the cell; positive for more appeals, negative for fewer.",
            pattern.astype(float),
            whole=True,
            codes={int(one): one.name.lower() for one in sorted(Pattern)},
        ),
        Band(
            "hot_months", "Months with clearly more.", (levels >= SURE).sum(axis=0).astype(float), whole=True
        ),
        Band(
            "cold_months",
            "Months with clearly fewer.",
            (levels <= -SURE).sum(axis=0).astype(float),
            whole=True,
        ),
        Band("trend_z", "Mann and Kendall's trend of the cell's Gi*, in standard deviations.", trend_z),
        Band("trend_q", "False discovery rate of that trend (Benjamini-Hochberg).", trend_q),
    )
    return Surface(
        grid,
        ground.west,
        ground.south,
        tuple(replace(band, values=np.where(ground.mask, band.values, np.nan)) for band in bands),
    )


def _places(
    ground: Ground, grid: Grid, counts: NDArray[np.int64], pattern: NDArray[np.int8]
) -> tuple[TrendPlace, ...]:
    """The most urgent first, of equally urgent ones the fullest."""
    places = []
    for one in PATTERNS_SHOWN[: PATTERNS_SHOWN.index(Pattern.NONE)]:
        labels, number = ndimage.label(pattern == one, structure=np.ones((3, 3), dtype=int))
        found = []
        for label in range(1, number + 1):
            here = labels == label
            cells = tuple(ground.cell(row, column) for row, column in np.argwhere(here))
            box = grid.bbox(*cells)
            around = ndimage.binary_dilation(here, structure=WINDOW) & ground.mask
            found.append(TrendPlace(one, cells, showable(int(counts[around].sum())), box))
        places += sorted(found, key=lambda place: (-(place.count or 0), place.cells))
    return tuple(places)
