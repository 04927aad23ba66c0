"""The hotspot report: where more appeals come in than chance, or all appeals, would give, and how surely."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import shapely
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtr

from appeals.filters import AppealFilter
from geo.bbox import Bbox
from geo.grid import NO_VALUE, Cell, Grid, Tally
from geo.hotspots import Tails, classes, disc, exposure_test, q_values, window_sums
from geo.hotspots.gi_star import standardised
from geo.hotspots.permutation import TooLarge, tails_of_draws
from geo.hotspots.significance import LEVELS
from geo.surface import Band, Surface
from reports.counted import CountsDays
from reports.ground import study_area
from reports.inputs import digest
from reports.questions import Days
from reports.sizes import WINDOW_CELLS, WINDOW_RADIUS_CELLS, CellSize, TooFine, candidate_sizes, is_drawable
from reports.tallies import EVERYTHING, Borders, ends_of, showable, tallied, tallies
from reports.year_before import (
    OwnChange,
    Uncompared,
    YearBefore,
    counted_in,
    counted_with,
    each_with_its_own,
    two_periods,
)

#: With fewer of either there is a list of appeals, but no map to test.
LEAST_CELLS, LEAST_APPEALS = 30, 60

#: Cells of the whole grid, drawn or not; their arrays take some hundred megabytes.
MOST_CELLS = 2_000_000

#: A cell and its neighbours.
WINDOW = disc(WINDOW_RADIUS_CELLS)


class Compared(enum.StrEnum):
    """What a cell's appeals are compared with."""

    #: The counts of the study area's cells, shuffled.
    CHANCE = "chance"
    #: Their share of all appeals of the same time and place.
    ALL = "all"


class Refusal(enum.StrEnum):
    """Why there is no test."""

    FEW_APPEALS = "few appeals"
    FEW_CELLS = "few cells"
    #: Of whole months, for a trend.
    FEW_MONTHS = "few months"
    #: Whole ones, for what is new in the last of them.
    FEW_WEEKS = "few weeks"
    #: More than can be searched, at the largest size.
    MANY_PLACES = "many places"
    #: No window expects one of these appeals.
    RARE = "rare"


class HotCell(NamedTuple):
    """A cell that has appeals or differs. ``observed`` and ``expected`` are those of the cell with its neighbours.

    ``count`` is None where there are fewer than may be shown. ``level`` is -3 to 3: how surely fewer or more
    (``geo.hotspots.significance``); 0 for no clear difference or, where chance is compared with, for not clearly more. Without a test
    nothing is ``expected`` and ``observed`` is the cell's own count.
    """

    cell: Cell
    count: int | None  # type: ignore[assignment] # hides a method of tuples that nobody calls
    observed: int
    expected: float | None
    p: float | None
    q: float | None
    level: int

    @property
    def ratio(self) -> float | None:
        """Observed by expected."""
        return self.observed / self.expected if self.expected else None


@dataclass(frozen=True)
class HotPlace(OwnChange):
    """Hot cells that touch each other.

    ``count`` and ``expected`` are of the cells and their neighbours, by which they were judged: places that are near share
    some. ``in_cells`` is of the cells alone, None where they are fewer than may be shown. ``before`` is of the cells and their
    neighbours too.
    """

    cells: tuple[Cell, ...]
    in_cells: int | None
    count: int
    expected: float
    level: int
    box: Bbox

    @property
    def ratio(self) -> float:
        """Appeals by expected ones."""
        return self.count / self.expected


@dataclass(frozen=True)
class Hotspots(CountsDays):
    """The report as a value.

    ``total`` appeals match, which came in from ``first_on`` to ``last_on``; ``outside`` of them lie outside the study area and are left out. ``others`` is the number of all
    appeals they are compared with, None where chance is. ``tested`` is the number of cells that were; ``cells`` are those
    with appeals or with a difference, ``places`` the hot ones together, the surest and largest first, and ``together`` the
    appeals of all places and how many were expected, each counted once though neighbours are shared. With a ``refusal`` there
    is no level but 0 and no place, and no ``surface``, which has every cell tested. ``input_sha256`` is that of the counts and
    the ground (``reports.inputs``).
    """

    wanted: AppealFilter
    borders: Borders
    size: CellSize
    grid: Grid
    compared: Compared
    total: int
    first_on: dt.date | None
    last_on: dt.date | None
    outside: int
    others: int | None
    tested: int
    cells: tuple[HotCell, ...]
    places: tuple[HotPlace, ...]
    together: tuple[int, float]
    refusal: Refusal | None
    input_sha256: str
    surface: Surface | None = field(default=None, compare=False, repr=False)
    year_before: YearBefore | Uncompared | None = None

    @property
    def radius_m(self) -> float:
        """How far the centres of neighbours are from that of a cell, at most."""
        return WINDOW_RADIUS_CELLS * self.size.cell_m


def find_hotspots(
    wanted: AppealFilter,
    cell_m: int | None = None,
    borders: Borders = Borders.TODAY,
    against: Days | None = None,
) -> Hotspots:
    """Public appeals that match the filter, tested cell by cell.

    Where the filter says which appeals are meant (by category, kind, service or status), a cell is compared with its share of all
    appeals of the same time and place; where it does not, with chance, and then only "more" is called: fewer than
    chance is most of a map on which appeals gather at all. The study area is the district chosen, or the city, between the outermost
    of the appeals compared. ``cell_m`` is one of ``offered_sizes``; raises ``TooFine`` where those are too many.
    """
    everything = replace(wanted, **EVERYTHING)
    compared = Compared.CHANCE if everything == wanted else Compared.ALL
    stored = tallied(wanted, borders)
    total = stored.total
    first_on, last_on = ends_of(wanted, borders)
    area = study_area(timezone.localdate(), wanted.district, past=borders is Borders.TIME)
    size, grid, counts = _counted(stored, area, candidate_sizes(total, area.area if area else 0.0, cell_m))
    all_counts = tallied(everything, borders).coarser(size.cell_m) if compared is Compared.ALL else counts
    ground = Ground.of(area, all_counts)
    x = ground.array(counts)
    n = int(x[ground.mask].sum())
    year, both = _compared(wanted, borders, against, counts)
    untested = Hotspots(
        wanted=wanted,
        borders=borders,
        size=size,
        grid=grid,
        compared=compared,
        total=total,
        first_on=first_on,
        last_on=last_on,
        outside=total - n,
        others=all_counts.total if compared is Compared.ALL else None,
        tested=0,
        cells=(),
        places=(),
        together=(0, 0.0),
        refusal=None,
        input_sha256=digest(area, counts=counts.told, compared=all_counts.told, **counted_with(year)),
        year_before=year,
    )

    def refused(why: Refusal) -> Hotspots:
        return replace(untested, cells=ground.untested(x), refusal=why)

    if n < LEAST_APPEALS:
        return refused(Refusal.FEW_APPEALS)
    if ground.mask.sum() < LEAST_CELLS:
        return refused(Refusal.FEW_CELLS)
    tested = _test(x, ground.array(all_counts) if compared is Compared.ALL else None, ground.mask)
    if np.isnan(tested.p).all():
        return refused(Refusal.RARE)
    judged = _and_neighbours(tested.level > 0, ground.mask)
    return replace(
        untested,
        tested=int((~np.isnan(tested.p)).sum()),
        cells=_cells(ground, x, tested),
        places=_places(ground, grid, x, tested, year, [ground.array(one) for one in both]),
        together=(int(x[judged].sum()), float(tested.expected_here[judged].sum())),
        surface=_surface(ground, grid, x, tested),
    )


def _compared(
    wanted: AppealFilter, borders: Borders, against: Days | None, counts: Tally
) -> tuple[YearBefore | Uncompared, tuple[Tally, ...]]:
    """The other period, and the counts by cell of both; none where nothing is compared."""
    periods = two_periods(wanted, against)
    if isinstance(periods, Uncompared):
        return periods, ()
    if periods.this.until and periods.this.until != wanted.until:
        # Few are of the days that are not over.
        later = replace(wanted, since=periods.this.until + dt.timedelta(days=1))
        counts = counts.without(tallied(later, borders).coarser(counts.cell_m))
    before = tallied(periods.before, borders).coarser(counts.cell_m)
    return counted_in(periods, counts.total, before.total), (counts, before)


def _counted(
    stored: Tally, area: shapely.Geometry | None, sizes: list[CellSize]
) -> tuple[CellSize, Grid, Tally]:
    """The first size whose cells are not too many, its grid and the counts. Raises ``TooFine`` where there is none."""
    too_many = grid_cells(area, sizes[-1].cell_m)
    possible = [size for size in sizes if grid_cells(area, size.cell_m) <= MOST_CELLS]
    for size, grid, counts in tallies(stored, possible):
        too_many = len(counts)
        if is_drawable(too_many):
            return size, grid, counts
    raise TooFine(too_many)


@dataclass(frozen=True)
class _Tested:
    """Arrays of the ground's shape; ``expected_here`` is of the cell alone."""

    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    expected_here: NDArray[np.float64]
    p: NDArray[np.float64]
    q: NDArray[np.float64]
    level: NDArray[np.int8]
    z: NDArray[np.float64] | None = None


def _test(x: NDArray[np.int64], exposure: NDArray[np.int64] | None, mask: NDArray[np.bool_]) -> _Tested:
    if exposure is not None:
        found = exposure_test(x, exposure, mask, WINDOW)
        here = exposure * (x[mask].sum() / exposure[mask].sum())
        level = _visible(found.classes, found.observed)
        return _Tested(found.observed, found.expected, here, found.p, found.q, level)
    # Gi* and the permutations ask for the same sums.
    observed, neighbours = (window_sums(values, mask, WINDOW).astype(float) for values in (x, mask))
    p, z, mean = np.full(x.shape, np.nan), np.full(x.shape, np.nan), x[mask].mean()
    z[mask] = standardised(observed[mask], neighbours[mask], x[mask].astype(float))
    try:
        sums, sizes = observed[mask].astype(np.int64), neighbours[mask].astype(np.int64)
        p[mask] = Tails(*tails_of_draws(sums, sizes, x[mask])).two_sided
    except TooLarge:
        # Windows that expect so much obey the normal law.
        p = 2.0 * ndtr(-np.abs(z))
    q = q_values(p)
    expected = neighbours * mean
    level = _visible(np.maximum(classes(q, z), 0), observed)
    return _Tested(observed, expected, np.full(x.shape, mean), p, q, level, z)


def _surface(ground: Ground, grid: Grid, x: NDArray[np.int64], tested: _Tested) -> Surface:
    """Every cell of the study area; without what would tell of fewer appeals than may be shown."""
    none = np.full(x.shape, np.nan)
    untold = ~ground.mask | hidden(tested.observed)
    window = f"the cell and its neighbours ({WINDOW_CELLS} cells)"
    # Chance alone calls no cell fewer.
    called = ((1, "more"), *(((-1, "fewer"),) if tested.z is None else ()))
    surely = {
        sign * n: f"{words}, q < {bound:g}"
        for n, bound in zip((3, 2, 1), sorted(LEVELS), strict=True)
        for sign, words in called
    }
    bands = (
        Band("count", "Appeals in the cell.", np.where(hidden(x), np.nan, x), whole=True),
        Band("observed", f"Appeals in {window}.", tested.observed, whole=True),
        Band("expected", f"Appeals that were expected in {window}.", tested.expected),
        Band(
            "z",
            "Getis and Ord's Gi*, in standard deviations; none where all appeals are compared with.",
            none if tested.z is None else tested.z,
        ),
        Band("p", "Chance of a difference as large, two-sided.", tested.p),
        Band("q", "False discovery rate at which the cell differs (Benjamini-Hochberg).", tested.q),
        Band(
            "class",
            "How surely more or fewer."
            if tested.z is None
            else "How surely more; fewer than chance is not called, since nothing is reported where nobody lives.",
            tested.level.astype(float),
            whole=True,
            codes={
                0: "no clear difference" if tested.z is None else "not clearly more",
                **dict(sorted(surely.items())),
            },
        ),
    )
    return Surface(
        grid,
        ground.west,
        ground.south,
        tuple(
            replace(
                band,
                values=np.where(
                    ~ground.mask if band.name in {"count", "class"} else untold, np.nan, band.values
                ),
            )
            for band in bands
        ),
    )


def hidden(counts: NDArray[Any]) -> NDArray[np.bool_]:
    """Where there are appeals, but fewer than may be shown by themselves."""
    return np.asarray((counts > 0) & (counts < settings.REPORT_MIN_COUNT))


def _visible(level: NDArray[np.int8], observed: NDArray[np.float64]) -> NDArray[np.int8]:
    """The levels, without those of windows with fewer appeals than may be shown by themselves."""
    return np.asarray(np.where(hidden(observed), 0, level), dtype=np.int8)


@dataclass(frozen=True)
class Ground:
    """Where the arrays lie: the cell of their south-western corner, and the study area."""

    west: int
    south: int
    mask: NDArray[np.bool_]

    @classmethod
    def of(cls, area: shapely.Geometry | None, counts: Tally) -> Ground:
        """The cells whose centres lie in the area and no farther than a window from the hull of those with appeals."""
        cell_m = counts.cell_m
        if area is None or not len(counts):
            return cls.whole(None, cell_m)
        centres = (np.column_stack([counts.i, counts.j]) + 0.5) * cell_m
        through = shapely.linestrings(np.vstack([centres, centres[:1]]))
        hull = through.convex_hull.buffer(WINDOW_RADIUS_CELLS * cell_m)
        return cls.whole(shapely.intersection(area, hull), cell_m)

    @classmethod
    def whole(cls, area: shapely.Geometry | None, cell_m: int) -> Ground:
        """The cells whose centres lie in the area; a single one outside of it for no area."""
        if area is None or area.is_empty:
            return cls(0, 0, np.zeros((1, 1), dtype=bool))
        west, south, east, north = (int(np.floor(value / cell_m)) for value in area.bounds)
        box = cls(west, south, np.ones((north - south + 1, east - west + 1), dtype=bool))
        return replace(box, mask=box.within(area, cell_m))

    def within(self, area: shapely.Geometry | None, cell_m: int) -> NDArray[np.bool_]:
        """Which cells of the array, in the study area or not, have their centres in that area."""
        rows, columns = self.mask.shape
        if area is None:
            return np.zeros((rows, columns), dtype=bool)
        x = (np.arange(self.west, self.west + columns) + 0.5) * cell_m
        y = (np.arange(self.south, self.south + rows) + 0.5) * cell_m
        shapely.prepare(area)
        return np.asarray(shapely.contains_xy(area, *np.meshgrid(x, y)))

    def array(self, counts: Tally) -> NDArray[np.int64]:
        """All counts in their places; those beyond the study area are left out."""
        (values,) = self.cube(counts.whole(), [NO_VALUE])
        return np.asarray(values)

    def cube(self, tally: Tally, steps: Sequence[int]) -> NDArray[np.int64]:
        """The counts by step, which are all the values of the tally, and place, shape (steps, rows, columns); those beyond the study area are left out."""
        cube = np.zeros((len(steps), *self.mask.shape), dtype=np.int64)
        rows, columns = self.mask.shape
        row, column = tally.j - self.south, tally.i - self.west
        here = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        order = np.argsort(steps)
        step = order[np.searchsorted(np.asarray(steps, np.int64), tally.value[here], sorter=order)]
        cube[step, row[here], column[here]] = tally.n[here]
        return np.where(self.mask, cube, 0)

    def place(self, cell: Cell) -> tuple[int, int] | None:
        """Row and column of the cell; None beyond the array."""
        row, column = cell.j - self.south, cell.i - self.west
        rows, columns = self.mask.shape
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None

    def cell(self, row: int, column: int) -> Cell:
        return Cell(int(column) + self.west, int(row) + self.south)

    def untested(self, x: NDArray[np.int64]) -> tuple[HotCell, ...]:
        return tuple(
            HotCell(self.cell(row, column), int(x[row, column]), int(x[row, column]), None, None, None, 0)
            for row, column in np.argwhere(x >= max(settings.REPORT_MIN_COUNT, 1))
        )


def _cells(ground: Ground, x: NDArray[np.int64], tested: _Tested) -> tuple[HotCell, ...]:
    """The surest first; of equally sure ones the fuller, then by place."""
    shown = ground.mask & ((x >= max(settings.REPORT_MIN_COUNT, 1)) | (tested.level != 0))
    row, column = np.nonzero(shown)
    level, observed = tested.level[shown], tested.observed[shown].astype(np.int64)
    order = np.lexsort((row, column, -observed, -level.astype(int)))
    i, j = (column + ground.west)[order].tolist(), (row + ground.south)[order].tolist()
    # Each field of all cells at once: there are thousands.
    told = (
        map(Cell._make, zip(i, j, strict=True)),
        _or_none(x[shown][order], hidden(x)[shown][order]),
        observed[order].tolist(),
        tested.expected[shown][order].tolist(),
        *(_or_none(chance, np.isnan(chance)) for chance in (tested.p[shown][order], tested.q[shown][order])),
        level[order].tolist(),
    )
    return tuple(map(HotCell._make, zip(*told, strict=True)))


def _or_none(values: NDArray[Any], none: NDArray[np.bool_]) -> list[Any]:
    told = values.astype(object)
    told[none] = None
    return [*told]


def _places(
    ground: Ground,
    grid: Grid,
    x: NDArray[np.int64],
    tested: _Tested,
    year: YearBefore | Uncompared,
    both: Sequence[NDArray[np.int64]],
) -> tuple[HotPlace, ...]:
    """The surest and fullest first, each with its own year before: ``both`` are the counts by cell of the two periods, if any."""
    labels, _number = ndimage.label(tested.level > 0, structure=np.ones((3, 3), dtype=int))
    reach = WINDOW.shape[0] // 2
    places = []
    own = []
    for label, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        # The place and its neighbours alone: a city has thousands of times as many cells.
        around = (_wider(rows, reach), _wider(columns, reach))
        here = labels[around] == label
        judged = _and_neighbours(here, ground.mask[around])
        own.append([int(counts[around][judged].sum()) for counts in both])
        south, west = around[0].start, around[1].start
        row, column = np.nonzero(here)
        i, j = column + west + ground.west, row + south + ground.south
        cells = tuple(map(Cell, i.tolist(), j.tolist()))
        places.append(
            HotPlace(
                cells=cells,
                in_cells=showable(int(x[around][here].sum())),
                count=int(x[around][judged].sum()),
                expected=float(tested.expected_here[around][judged].sum()),
                level=int(tested.level[around][here].max()),
                box=grid.bbox(*cells),
            )
        )
    if isinstance(year, YearBefore):
        this, before = np.reshape(own, (len(places), 2)).astype(np.int64).T
        places = each_with_its_own(places, this, before, year)
    return tuple(sorted(places, key=lambda one: (-one.level, one.expected - one.count, one.cells)))


def _wider(part: slice, reach: int) -> slice:
    return slice(max(part.start - reach, 0), part.stop + reach)


def _and_neighbours(cells: NDArray[np.bool_], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The cells and their neighbours, by which they were judged."""
    return np.asarray(ndimage.binary_dilation(cells, structure=WINDOW) & mask)


def grid_cells(area: shapely.Geometry | None, cell_m: int) -> int:
    """Cells of the whole grid around the area, no fewer than there are."""
    if area is None:
        return 0
    west, south, east, north = area.bounds
    return int(((east - west) / cell_m + 1) * ((north - south) / cell_m + 1))
