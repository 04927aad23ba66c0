"""Cell sizes of a report: the sizes available, and the rule that chooses one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings

from geo.bbox import Bbox
from geo.grid import Grid

#: Sides in metres; multiples of the stored cell (``appeals.models.appeal.CELL_M``).
CELL_SIZES_M = (50, 100, 250, 500)

#: Sides for cities so wide that all of those may be too many cells.
WIDE_SIZES_M = (1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)

#: Cells that a browser draws without making its reader wait; files of data have no such limit.
MOST_DRAWN = 20_000

#: Neighbours are cells whose centres are at most so many sides away: what the eye sees as one place.
WINDOW_RADIUS_CELLS = 2.5

#: A cell and its neighbours (``geo.hotspots.disc``).
WINDOW_CELLS = 21

#: With fewer appeals than this per window, differences between places are mostly chance.
EXPECTED_IN_WINDOW = 5


@dataclass(frozen=True)
class CellSize:
    """A cell size and the reason for it.

    ``expected`` is the average number of appeals in a window of ``WINDOW_CELLS`` cells over the area. ``crowded`` is
    true when smaller cells would do, were they not too many to draw.
    """

    cell_m: int
    expected: float
    automatic: bool
    crowded: bool = False

    @property
    def enough(self) -> bool:
        """True when a window expects at least ``EXPECTED_IN_WINDOW`` appeals."""
        return self.expected >= EXPECTED_IN_WINDOW


class TooFine(ValueError):
    """The chosen cells are too many; ``cells`` is how many there are, ``most`` how many there may be."""

    def __init__(self, cells: int, most: int | None = None) -> None:
        super().__init__(f"{cells} cells")
        self.cells = cells
        self.most = MOST_DRAWN if most is None else most


def is_drawable(cells: int) -> bool:
    """True when so many cells are not too many to draw."""
    return cells <= MOST_DRAWN


def offered_sizes() -> tuple[int, ...]:
    """Sides in metres that a planner of this city chooses among: at the last one no map has too many cells."""
    city = Bbox(*settings.CITY_BOUNDS)
    sizes = list(CELL_SIZES_M)
    for wide_m in WIDE_SIZES_M:
        if is_drawable(Grid(sizes[-1], settings.METRIC_SRID).cells_at_most(city)):
            break
        sizes.append(wide_m)
    return tuple(sizes)


def candidate_sizes(appeals: int, ground_m2: float, wanted_m: int | None) -> list[CellSize]:
    """The sizes to try, in this order, until the cells are not too many to draw; never empty.

    The wanted one alone, however many its cells; without one, the smallest of ``CELL_SIZES_M`` whose window expects
    enough appeals (else the largest of them), and all that are offered above it. ``ground_m2`` is the area the appeals
    could come from; if it is zero, so is every expectation.
    """

    def size(cell_m: int, *, automatic: bool) -> CellSize:
        expected = appeals * WINDOW_CELLS * cell_m**2 / ground_m2 if ground_m2 else 0.0
        return CellSize(cell_m, expected, automatic)

    if wanted_m is not None:
        return [size(wanted_m, automatic=False)]
    usual = [size(cell_m, automatic=True) for cell_m in CELL_SIZES_M]
    first = next((candidate for candidate in usual if candidate.enough), usual[-1])
    larger = [size(cell_m, automatic=True) for cell_m in offered_sizes() if cell_m > first.cell_m]
    return [first, *(replace(candidate, crowded=True) for candidate in larger)]
