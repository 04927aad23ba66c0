"""The weekly alerts: where, in the last weeks, clearly more came in than the weeks before let expect."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from appeals.filters import AppealFilter
from appeals.models.appeal import CELL_M
from appeals.querysets import AppealQuerySet
from geo.bbox import Bbox
from geo.grid import Cell, Grid, Tally
from geo.hotspots import Cluster, scan_history
from geo.hotspots.scan import PRIOR
from geo.surface import Band, Surface
from reports.counted import CountsWholeSteps
from reports.ground import study_area
from reports.hotspots import LEAST_APPEALS, LEAST_CELLS, Refusal, hidden
from reports.inputs import digest
from reports.sizes import WINDOW_RADIUS_CELLS, CellSize, TooFine, candidate_sizes
from reports.steps import days_counted, week_of_submission
from reports.tallies import Borders, counted_appeals, how_many, showable, tallies
from reports.weeks import LEAST_WEEKS, MOST_WEEKS, RECENT_WEEKS, WEEK, whole_weeks

#: What is as unlikely as this by chance, in a search of the whole map, is an alert; the surest are as unlikely as the second.
LEVEL: Final = 0.05
SUREST: Final = 0.01

#: Maps drawn to learn what chance gives.
SIMULATIONS: Final = 999

#: Cells with appeals; that search takes some seconds.
MOST_PLACES = 2_500


@dataclass(frozen=True)
class Alert:
    """Cells in a circle of ``radius_m`` in which clearly more came in during the last ``weeks`` weeks.

    ``p`` is the chance that something as strong is anywhere on the map. ``expected`` is of those weeks; where fewer came in before
    than may be shown, it is what so many as may be shown would let expect.
    """

    cells: tuple[Cell, ...]
    weeks: int
    count: int
    expected: float
    p: float
    radius_m: float
    box: Bbox

    @property
    def ratio(self) -> float:
        """Observed by expected."""
        return self.count / self.expected

    @property
    def level(self) -> int:
        """How sure it is, on the scale of the hotspots (``geo.hotspots.significance``); 0 for what may be chance."""
        return 3 if self.p <= SUREST else 2 if self.p <= LEVEL else 0


@dataclass(frozen=True)
class AlertCell:
    """A cell with appeals in the recent weeks, or in an alert, whose number (from 1) it then has, else 0.

    ``count`` and ``expected`` are of all recent weeks; None where they would tell of fewer than may be shown.
    """

    cell: Cell
    count: int | None
    expected: float | None
    alert: int
    level: int


@dataclass(frozen=True)
class WeekCount:
    """A week, by its Monday, and its appeals."""

    monday: dt.date
    count: int


@dataclass(frozen=True)
class Alerts(CountsWholeSteps):
    """The report as a value.

    ``total`` appeals match; ``unfinished`` of them came in outside of the ``weeks`` counted (their Mondays), which are whole ones.
    ``alerts`` are the strongest first; where there is none, ``strongest`` is what comes nearest to one, if anything
    exceeds what was expected. ``tested`` cells had appeals in the weeks. ``recent`` are the last weeks, ``usual`` the mean of those
    before. With a ``refusal`` there is nothing but the numbers. ``surface`` has every cell tested, ``input_sha256`` is that of
    the counts (``reports.inputs``).
    """

    wanted: AppealFilter
    borders: Borders
    size: CellSize
    grid: Grid
    weeks: tuple[dt.date, ...]
    total: int
    unfinished: int
    tested: int = 0
    simulations: int = 0
    cells: tuple[AlertCell, ...] = ()
    alerts: tuple[Alert, ...] = ()
    strongest: Alert | None = None
    recent: tuple[WeekCount, ...] = ()
    usual: float = 0.0
    refusal: Refusal | None = None
    input_sha256: str = ""
    surface: Surface | None = field(default=None, compare=False, repr=False)

    @property
    def counted(self) -> AppealFilter:
        """The filter of the appeals that were counted: those of the weeks, unless these are too few."""
        return self.wanted if self.refusal is Refusal.FEW_WEEKS else _of_weeks(self.wanted, self.weeks)

    @property
    def lately(self) -> AppealFilter:
        """The filter of those of the recent weeks."""
        return self.of_last(RECENT_WEEKS)

    def of_last(self, weeks: int) -> AppealFilter:
        """The filter of those of so many of the last weeks."""
        return _of_weeks(self.wanted, self.weeks[-weeks:])

    @property
    def until(self) -> dt.date:
        """The last day of the last week."""
        return self.weeks[-1] + WEEK - dt.timedelta(days=1)


def find_alerts(wanted: AppealFilter, cell_m: int | None = None, borders: Borders = Borders.TODAY) -> Alerts:
    """Public appeals that match the filter, week by week and cell by cell, searched for what is new in the last weeks.

    The weeks are whole ones of the city's calendar since its first appeal, the newest ``MOST_WEEKS`` at most. ``cell_m`` is
    one of ``offered_sizes``; raises ``TooFine`` where those are too many. The search draws the same maps each time, so that
    the same appeals have the same answer.
    """
    total = how_many(wanted, borders)
    weeks = _weeks_asked(wanted)
    area = study_area(timezone.localdate(), wanted.district, past=borders is Borders.TIME)
    usual = round(RECENT_WEEKS * total / max(len(weeks), 1))
    sizes = candidate_sizes(usual, area.area if area else 0.0, cell_m)
    refused = Alerts(wanted, borders, sizes[0], Grid(sizes[0].cell_m, settings.METRIC_SRID), weeks, total, 0)
    if len(weeks) < LEAST_WEEKS:
        return replace(refused, refusal=Refusal.FEW_WEEKS)
    appeals = counted_appeals(_of_weeks(wanted, weeks), borders)
    size, grid, weekly, places = _counted(appeals, sizes)
    counted = weekly.total
    made = replace(
        refused,
        size=size,
        grid=grid,
        unfinished=total - counted,
        tested=len(places),
        input_sha256=digest(counts=weekly.told),
    )
    if counted < LEAST_APPEALS:
        return replace(made, refusal=Refusal.FEW_APPEALS)
    if len(places) < LEAST_CELLS:
        return replace(made, refusal=Refusal.FEW_CELLS)
    if len(places) > MOST_PLACES:
        return replace(made, refusal=Refusal.MANY_PLACES)
    return _searched(made, places, _cube(weekly, places, weeks))


def _weeks_asked(wanted: AppealFilter) -> tuple[dt.date, ...]:
    days = days_counted(wanted)
    return whole_weeks(*days)[-MOST_WEEKS:] if days else ()


def _of_weeks(wanted: AppealFilter, weeks: tuple[dt.date, ...]) -> AppealFilter:
    if not weeks:
        return wanted
    return replace(wanted, since=weeks[0], until=weeks[-1] + WEEK - dt.timedelta(days=1))


def _counted(appeals: AppealQuerySet, sizes: list[CellSize]) -> tuple[CellSize, Grid, Tally, list[Cell]]:
    """The first size whose cells can all be searched, their counts by week, and the cells; the last size if none can.

    Raises ``TooFine`` for a size that was chosen.
    """
    stored = Grid(CELL_M, settings.METRIC_SRID).count(appeals, CELL_M, week_of_submission())
    for size, grid, weekly in tallies(stored, sizes):  # noqa: B007 - the last one stays
        places = weekly.whole().cells()
        if len(places) <= MOST_PLACES:
            break
    else:
        if not size.automatic:
            raise TooFine(len(places), MOST_PLACES)
    return size, grid, weekly, places


def _cube(weekly: Tally, places: list[Cell], weeks: tuple[dt.date, ...]) -> NDArray[np.int64]:
    """Counts by week and place."""
    # Both are in their order.
    step = np.searchsorted([week.toordinal() for week in weeks], weekly.value)
    place = np.cumsum(
        (np.diff(weekly.i, prepend=weekly.i[:1]) != 0) | (np.diff(weekly.j, prepend=weekly.j[:1]) != 0)
    )
    cube = np.zeros((len(weeks), len(places)), dtype=np.int64)
    cube[step, place] = weekly.n
    return cube


def _searched(made: Alerts, places: list[Cell], cube: NDArray[np.int64]) -> Alerts:
    side = made.size.cell_m
    centres = (np.array(places, dtype=float) + 0.5) * side
    found = scan_history(
        cube,
        centres,
        within=WINDOW_RADIUS_CELLS * side,
        recent=RECENT_WEEKS,
        level=LEVEL,
        simulations=SIMULATIONS,
    )
    before = cube[:-RECENT_WEEKS].sum(axis=0)
    ranked = [
        _alert(made.grid, places, centres, cluster, before)
        for cluster in found.clusters
        if cluster.observed >= settings.REPORT_MIN_COUNT
    ]
    alerts = tuple(one for one in ranked if one.level)
    lately = cube[-RECENT_WEEKS:].sum(axis=0)
    expected = np.where(hidden(lately) | hidden(before), np.nan, found.expected.sum(axis=0))
    number = {cell: n for n, alert in enumerate(alerts, start=1) for cell in alert.cells}
    cells = [
        AlertCell(
            cell=cell,
            count=showable(int(n)),
            expected=None if np.isnan(e) else float(e),
            alert=number.get(cell, 0),
            level=alerts[number[cell] - 1].level if cell in number else 0,
        )
        for cell, n, e in zip(places, lately, expected, strict=True)
        if n >= max(settings.REPORT_MIN_COUNT, 1) or cell in number
    ]
    return replace(
        made,
        simulations=found.simulations,
        cells=tuple(
            sorted(cells, key=lambda one: (one.alert or len(alerts) + 1, -(one.count or 0), one.cell))
        ),
        alerts=alerts,
        strongest=ranked[0] if ranked and not alerts else None,
        recent=tuple(
            WeekCount(week, int(n.sum()))
            for week, n in zip(made.weeks[-RECENT_WEEKS:], cube[-RECENT_WEEKS:], strict=True)
        ),
        usual=float(cube[:-RECENT_WEEKS].sum(axis=1).mean()),
        surface=_surface(made.grid, places, lately, expected, number),
    )


def _alert(
    grid: Grid,
    places: list[Cell],
    centres: NDArray[np.float64],
    cluster: Cluster,
    before: NDArray[np.int64],
) -> Alert:
    zone = list(cluster.zone)
    expected = cluster.expected
    seen = before[zone].sum()
    if hidden(seen):
        prior = PRIOR * len(zone)
        expected *= (settings.REPORT_MIN_COUNT + prior) / (seen + prior)
    away = np.hypot(*(centres[zone] - centres[zone[0]]).T)
    cells = tuple(places[one] for one in zone)
    return Alert(
        cells=cells,
        weeks=cluster.steps,
        count=int(cluster.observed),
        expected=float(expected),
        p=cluster.p,
        # To the far sides of the outermost cells.
        radius_m=float(away.max()) + grid.cell_m / 2,
        box=grid.bbox(*cells),
    )


def _surface(
    grid: Grid,
    places: list[Cell],
    lately: NDArray[np.int64],
    expected: NDArray[np.float64],
    number: dict[Cell, int],
) -> Surface:
    """Every cell that was searched; without what would tell of fewer appeals than may be shown."""
    at = np.array(places)
    west, south = at.min(axis=0).tolist()
    columns, rows = at.T - np.array([[west], [south]])
    shape = (int(rows.max()) + 1, int(columns.max()) + 1)

    def laid(values: NDArray[np.float64]) -> NDArray[np.float64]:
        laid_out = np.full(shape, np.nan)
        laid_out[rows, columns] = values
        return laid_out

    weeks = f"the last {RECENT_WEEKS} weeks"
    return Surface(
        grid,
        west,
        south,
        (
            Band("count", f"Appeals of {weeks}.", laid(np.where(hidden(lately), np.nan, lately)), whole=True),
            Band("expected", f"Appeals that the weeks before let expect in {weeks}.", laid(expected)),
            Band(
                "alert",
                "Number of the alert that the cell belongs to, from 1; 0 for none.",
                laid(np.array([number.get(cell, 0) for cell in places], dtype=float)),
                whole=True,
            ),
        ),
    )
