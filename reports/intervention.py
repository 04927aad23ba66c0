"""The report of before and after: what changed where something was done, against places like it where it was not."""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from django.conf import settings
from django.db.models import Case, IntegerField, Value, When
from django.utils import timezone

from appeals.filters import AppealFilter, midnight
from appeals.models.appeal import CELL_M
from geo.grid import Cell, Grid
from geo.hotspots import BeforeAfter, Unanswerable, before_after
from geo.metric import in_metres
from geo.surface import Surface
from reports.ground import study_area
from reports.hotspots import Ground, grid_cells
from reports.inputs import digest
from reports.questions import Intervention
from reports.sizes import CELL_SIZES_M, WIDE_SIZES_M
from reports.steps import days_counted
from reports.tallies import Borders, counted_appeals, days_of, showable

#: Months that are looked at before and after, at most.
MOST_MONTHS: Final = 12
#: A problem that was moved on is looked for so far around the area.
RING_M: Final = 300
#: The smallest cells of which a city has so many are taken, no smaller than the second size.
_MOST_CELLS: Final = 40_000
#: What a cell is in the comparison.
ROLES: Final = ("area", "ring", "control")
#: What is as unlikely as this by chance is called a change.
LEVEL: Final = 0.05


@dataclass(frozen=True)
class Month:
    """A month counted from the day of the intervention: its days, both included, and its appeals.

    ``expected`` is what the control lets expect, ``ring`` the appeals around the area; None where they may not be shown or are not known.
    """

    first: dt.date
    last: dt.date
    before: bool
    count: int | None
    expected: float | None
    ring: int | None


@dataclass(frozen=True)
class BeforeAfterReport:
    """The report as a value.

    ``total`` appeals match, in the whole city and in the days of the ``months``, or at all times where there are none. ``found`` is of the area, ``ring``
    of what lies up to ``RING_M`` around it; None where the question is not whole: ``asks`` says what lacks. ``cells`` are those of the ``area``, the
    ring and the control, of sides of ``cell_m``. ``input_sha256`` is that of the counts (``reports.inputs``).
    """

    wanted: AppealFilter
    borders: Borders
    done: Intervention
    total: int
    asks: tuple[str, ...] = ()
    cell_m: int = CELL_SIZES_M[1]
    months: tuple[Month, ...] = ()
    found: BeforeAfter | None = None
    ring: BeforeAfter | None = None
    area_km2: float = 0.0
    cells: tuple[tuple[Cell, str], ...] = ()
    input_sha256: str = ""

    @property
    def ring_m(self) -> int:
        """How far the ring reaches."""
        return RING_M

    @property
    def grid(self) -> Grid:
        """The grid of the cells."""
        return Grid(self.cell_m, settings.METRIC_SRID)

    @property
    def surface(self) -> Surface:
        """The cells by what they are."""
        numbers = {role: number for number, role in enumerate(ROLES, start=1)}
        return Surface.of_cells(
            self.grid,
            {cell: numbers[role] for cell, role in self.cells},
            (Cell(0, 0), Cell(0, 0)),
            "role",
            "What the cell is in the comparison.",
            codes={number: role for role, number in numbers.items()},
        )

    @property
    def counted(self) -> AppealFilter:
        """The filter of the appeals of the months."""
        if not self.months:
            return self.wanted
        return replace(self.wanted, since=self.months[0].first, until=self.months[-1].last)

    @property
    def sums(self) -> tuple[int, int]:
        """Appeals in the area before and after; none where the question is not whole."""
        return self.found.halves if self.found else (0, 0)

    @property
    def expected(self) -> float:
        """Appeals that the control lets expect in the area after; 0 without a control."""
        expected = self.found.expected if self.found else None
        return 0.0 if expected is None or self.found is None else float(expected[self.found.before :].sum())

    @property
    def clear(self) -> bool:
        """True where so large a change is no chance."""
        return bool(self.found and self.found.p is not None and self.found.p <= LEVEL)


def find_change(wanted: AppealFilter, done: Intervention) -> BeforeAfterReport:
    """Public appeals that match the filter, in whole months before and after the day, in the area, around it, and where its control is.

    Months run from the day of the intervention, back and forward, up to a year each, over days that are over and not before the city's first appeal.
    A cell belongs to the area if its centre does. The filter's district is the area where none is drawn, and counts all appeals of
    the city either way. Three statements.
    """
    anywhere = replace(wanted, district="", since=None, until=None)
    untold = BeforeAfterReport(wanted, Borders.TODAY, done, 0)
    asks = [
        *(["on"] if done.on is None else []),
        *(["area"] if done.drawn.area is None and not wanted.district else []),
    ]
    starts = months_around(done.on, days_counted(anywhere)) if done.on else ()
    if asks or done.on is None or done.on in (*starts[:1], *starts[-1:]) or not starts:
        total, _first, _last = days_of(counted_appeals(anywhere, Borders.TODAY))
        return replace(
            untold, total=total, asks=tuple(asks or ["days"]), input_sha256=digest(counts={"total": total})
        )
    city = study_area(timezone.localdate(), "", past=False)
    area = (
        in_metres(shapely.from_wkb(bytes(done.drawn.area.wkb)), settings.METRIC_SRID)
        if done.drawn.area is not None
        else study_area(timezone.localdate(), wanted.district, past=False)
    )
    cell_m = next(
        side for side in (*CELL_SIZES_M[1:], *WIDE_SIZES_M) if grid_cells(city, side) <= _MOST_CELLS
    )
    grid = Grid(cell_m, settings.METRIC_SRID)
    since, until = starts[0], starts[-1] - dt.timedelta(days=1)
    appeals = counted_appeals(replace(anywhere, since=since, until=until), Borders.TODAY)
    tally = grid.count(appeals, CELL_M, _month_of(starts))
    made = replace(untold, cell_m=cell_m, total=tally.total)
    ground = Ground.whole(city, cell_m)
    inside = ground.within(area, cell_m)
    around = ground.within(area.buffer(RING_M) if area is not None else None, cell_m)
    cube = ground.cube(tally, range(len(starts) - 1))
    if not (inside & ground.mask).any():
        return replace(made, asks=("larger",), input_sha256=digest(city, counts=cube))
    before = starts.index(done.on)
    ring_cells = around & ~inside & ground.mask
    found = _shown(before_after(cube, before, ground.mask, inside, ring_cells))
    ring = _shown(before_after(cube, before, ground.mask, ring_cells, inside)) if ring_cells.any() else None
    roles = [("area", inside & ground.mask), ("ring", ring_cells)]
    if found.control_cells is not None:
        roles.append(("control", found.control_cells))
    return replace(
        made,
        found=found,
        ring=ring,
        months=_months(starts, found, ring),
        area_km2=float(shapely.area(area)) / 1e6,
        cells=tuple((ground.cell(*place), role) for role, cells in roles for place in np.argwhere(cells)),
        input_sha256=digest(city, counts=cube, area=inside.astype(np.int64)),
    )


def _shown(found: BeforeAfter) -> BeforeAfter:
    """Without an answer where it would tell of fewer appeals than may be shown."""
    if None not in map(showable, found.halves):
        return found
    return BeforeAfter(found.area, found.before, refusal=Unanswerable.FEW_APPEALS)


def months_around(on: dt.date, days: tuple[dt.date, dt.date] | None) -> tuple[dt.date, ...]:
    """The first days of the months from that day, back and forward as far as the days go, and the day after the last."""
    if days is None:
        return ()
    first, last = days
    back = [day for n in range(MOST_MONTHS, 0, -1) if (day := _moved(on, -n)) >= first]
    forward = [
        day for n in range(1, MOST_MONTHS + 1) if (day := _moved(on, n)) - dt.timedelta(days=1) <= last
    ]
    return (*back, on, *forward)


def _moved(day: dt.date, months: int) -> dt.date:
    """The same day so many months later; the last of its month where that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _month_of(starts: tuple[dt.date, ...]) -> Case:
    """The number of the month in which an appeal came in."""
    return Case(
        *[When(submitted_at__lt=midnight(end), then=Value(n)) for n, end in enumerate(starts[1:])],
        output_field=IntegerField(),
    )


def _months(starts: tuple[dt.date, ...], found: BeforeAfter, ring: BeforeAfter | None) -> tuple[Month, ...]:
    expected = found.expected
    return tuple(
        Month(
            first,
            following - dt.timedelta(days=1),
            n < found.before,
            showable(int(found.area[n])),
            None if expected is None else float(expected[n]),
            showable(int(ring.area[n])) if ring else None,
        )
        for n, (first, following) in enumerate(itertools.pairwise(starts))
    )
