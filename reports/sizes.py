"""Cell sizes of a report: the sizes available, and the rule that chooses one."""

from __future__ import annotations

from dataclasses import dataclass

#: Sides in metres; multiples of the stored cell (``appeals.models.appeal.CELL_M``).
CELL_SIZES_M = (50, 100, 250, 500)

#: A cell and the neighbours whose centres are within two and a half sides: what the eye sees as one place.
WINDOW_CELLS = 21

#: With fewer appeals than this per window, differences between places are mostly chance.
EXPECTED_IN_WINDOW = 5


@dataclass(frozen=True)
class CellSize:
    """A cell size and the reason for it.

    ``expected`` is the average number of appeals in a window of ``WINDOW_CELLS`` cells over the area.
    """

    cell_m: int
    expected: float
    automatic: bool

    @property
    def enough(self) -> bool:
        """True when a window expects at least ``EXPECTED_IN_WINDOW`` appeals."""
        return self.expected >= EXPECTED_IN_WINDOW


def choose_size(appeals: int, ground_m2: float, wanted_m: int | None) -> CellSize:
    """The wanted size; without one, the smallest whose window expects enough appeals, else the largest.

    ``ground_m2`` is the area the appeals could come from; if it is zero, so is every expectation.
    """

    def size(cell_m: int, *, automatic: bool) -> CellSize:
        expected = appeals * WINDOW_CELLS * cell_m**2 / ground_m2 if ground_m2 else 0.0
        return CellSize(cell_m, expected, automatic)

    if wanted_m is not None:
        return size(wanted_m, automatic=False)
    offered = [size(cell_m, automatic=True) for cell_m in CELL_SIZES_M]
    return next((candidate for candidate in offered if candidate.enough), offered[-1])
