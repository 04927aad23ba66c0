"""Before and after something was done in an area, against places of the same size where it was not.

What happens anyway (the season, a growing city, more people who report) happens elsewhere too, so the area's change is divided by that of its
control: places of as many cells whose level and trend before were nearest to the area's. How far such a ratio strays by chance is not
taken from a law, since counts vary more than Poisson's and neighbours vary together; it is seen on the map itself, by treating as many
comparable places as there are as if it had been done there (placebo test in space: A. Abadie, A. Diamond, J. Hainmueller, JASA 105 (2010),
493-505). The ring around the area, to which a problem may have moved, is neither area nor control (A. P. Wheeler, J. H. Ratcliffe,
Crime Science 7:11 (2018), whose test assumes Poisson's law).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Steps before that are needed to see a trend, and after.
LEAST_BEFORE: Final = 6
LEAST_AFTER: Final = 2
#: Fewer appeals before say nothing.
LEAST_APPEALS: Final = 20
#: Comparable places beside each other that are needed for a chance of one in twenty.
LEAST_PLACES: Final = 19

#: How many times fewer or more appeals before a comparable place may have.
_FACTOR: Final = 3.0
#: The control is made of at most so many places beside each other.
_CONTROLS: Final = 8
#: Centres of places that are looked at, and comparable places that are tried.
_MOST_CENTRES: Final = 2_000
_MOST_PLACEBOS: Final = 400
_SURE: Final = 0.95
#: Cells that are looked at at once.
_AT_ONCE: Final = 1 << 20


class Unanswerable(enum.StrEnum):
    """Why there is no answer, or no chance to it."""

    FEW_BEFORE = "few steps before"
    FEW_AFTER = "few steps after"
    FEW_APPEALS = "few appeals"
    #: Nowhere else are so many cells with about as many appeals.
    NO_CONTROL = "no control"
    #: There are some, but too few for a chance.
    FEW_PLACES = "few places"


@dataclass(frozen=True)
class BeforeAfter:
    """What came of it.

    ``area`` and ``control`` are counts by step, shape (steps,); ``control_cells`` are where the control is, shape (rows, columns). ``ratio`` is
    the area's change by the control's: 0.5 is half of what was to be expected; ``low`` and ``high`` are its 95 % interval and ``p`` the
    chance, two-sided, of a ratio as far from 1 at ``placebos`` comparable places, of which ``apart`` lie beside each other; None with
    a ``refusal``, and with any but ``FEW_PLACES`` no ratio either.
    """

    area: NDArray[np.int64]
    before: int
    control: NDArray[np.int64] | None = None
    control_cells: NDArray[np.bool_] | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    placebos: int = 0
    apart: int = 0
    refusal: Unanswerable | None = None

    @property
    def halves(self) -> tuple[int, int]:
        """Counts of the area before and after."""
        return int(self.area[: self.before].sum()), int(self.area[self.before :].sum())

    @property
    def expected(self) -> NDArray[np.float64] | None:
        """What the control lets expect in the area by step, shape (steps,): its counts on the area's level before."""
        if self.control is None:
            return None
        earlier = self.control[: self.before].sum()
        return np.asarray(self.control * (self.halves[0] / earlier), dtype=float)


def before_after(
    counts: NDArray[Any],
    before: int,
    mask: NDArray[np.bool_],
    area: NDArray[np.bool_],
    apart: NDArray[np.bool_] | None = None,
) -> BeforeAfter:
    """The change of the area, of shape (rows, columns), against its control.

    ``counts`` has shape (steps, rows, columns), of which the first ``before`` steps are those before. Cells that are ``apart`` belong neither to
    the area nor to any control. A place is a cell with its nearest others, as many as the area has cells. Comparable is a place that had a third to
    three times as many appeals before. The control of a place is made of up to eight others that lie apart from it and from each
    other, the nearest in level (logarithm of the appeals before) and trend (logarithm of those of the second half before by those of the first).
    The ratio's logarithm is measured in its standard error under Poisson's law, which makes places of different numbers alike; its chance is its rank among the
    same of all comparable places, but never less than one of the places that lie beside each other, since places that overlap are no two
    witnesses; the interval holds the ratios that would not be rarer than one in twenty. No seed: the same counts have the same answer.
    Raises ``ValueError`` for shapes that do not fit and for an area with no cell in the mask.
    """
    counts = np.asarray(counts)
    if counts.ndim != 3 or not (counts.shape[1:] == mask.shape == area.shape):
        raise ValueError(f"{counts.shape} counts, {mask.shape} mask, {area.shape} area")
    inside = area & mask
    if not inside.any():
        raise ValueError("the area has no cell of the mask")
    series = counts[:, inside].sum(axis=1)
    untold = BeforeAfter(series, before)
    if before < LEAST_BEFORE:
        return replace(untold, refusal=Unanswerable.FEW_BEFORE)
    if len(counts) - before < LEAST_AFTER:
        return replace(untold, refusal=Unanswerable.FEW_AFTER)
    if untold.halves[0] < LEAST_APPEALS:
        return replace(untold, refusal=Unanswerable.FEW_APPEALS)
    free = mask & ~area & (~apart if apart is not None else True)
    places = _Places.like(counts, before, free, int(inside.sum()), untold.halves[0])
    if places is None:
        return replace(untold, refusal=Unanswerable.NO_CONTROL)
    (chosen,) = places.controls(
        _features(series[:, None], before), np.ones((1, len(places.cells)), dtype=bool)
    )
    control = places.series[:, chosen].sum(axis=1)
    log_ratio, error = map(float, _log_ratio(series, control, before))
    cells = np.zeros(mask.shape, dtype=bool)
    cells[tuple(np.argwhere(free)[np.unique(places.cells[chosen])].T)] = True
    beside = places.beside()
    told = replace(
        untold,
        control=control,
        control_cells=cells,
        ratio=float(np.exp(log_ratio)),
        placebos=len(places.cells),
        apart=beside,
    )
    strays = np.abs(places.placebos()) if beside >= LEAST_PLACES else np.empty(0)
    if strays.size < LEAST_PLACES:
        return replace(told, refusal=Unanswerable.FEW_PLACES)
    rank = (1 + int((strays >= abs(log_ratio) / error).sum())) / (1 + strays.size)
    # The least chance that can be had of so many places holds for the interval too.
    reach = float(np.quantile(strays, _SURE, method="higher")) * error
    return replace(
        told,
        low=float(np.exp(log_ratio - reach)),
        high=float(np.exp(log_ratio + reach)),
        p=max(rank, 1 / (1 + beside)),
    )


@dataclass(frozen=True)
class _Places:
    """Places of one size: ``cells`` are numbers of free cells, shape (places, size), ``series`` counts, shape (steps, places), ``overlap`` which have
    cells in common, shape (places, places)."""

    cells: NDArray[np.int64]
    series: NDArray[np.int64]
    features: NDArray[np.float64]
    overlap: NDArray[np.bool_]
    before: int

    @classmethod
    def like(
        cls, counts: NDArray[Any], before: int, free: NDArray[np.bool_], size: int, level: int
    ) -> _Places | None:
        """Those of so many free cells that had about as many appeals before as ``level``; None where there is none."""
        at = np.argwhere(free)
        if len(at) < size:
            return None
        cells = nearest(free, _spread(at, _MOST_CENTRES), size)
        here = counts[:, free]
        levels = here[:before].sum(axis=0)[cells].sum(axis=1)
        found = _spread(
            np.flatnonzero((levels * _FACTOR >= level) & (levels <= level * _FACTOR)), _MOST_PLACEBOS
        )
        if not found.size:
            return None
        cells = cells[found]
        series = np.stack([step[cells].sum(axis=1) for step in here])
        member = np.zeros((len(cells), int(cells.max()) + 1), dtype=bool)
        np.put_along_axis(member, cells, True, axis=1)
        bits = np.packbits(member, axis=1)
        overlap = np.stack([(bits & place).any(axis=1) for place in bits])
        return cls(cells, series, _features(series, before), overlap, before)

    def controls(self, features: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which places are the control of each of ``features``, shape (n, 2): the nearest of those ``allowed``, shape (n, places), beside each other."""
        spread = self.features.std(axis=0)
        scale = np.where(spread > 0, spread, 1.0)
        away = (((features[:, None] - self.features) / scale) ** 2).sum(axis=2)
        order = np.argsort(away, axis=1, kind="stable")
        left = np.take_along_axis(allowed, order, axis=1)
        chosen = np.zeros(left.shape, dtype=bool)
        for _ in range(_CONTROLS):
            more = np.flatnonzero(left.any(axis=1))
            nearest = order[more, left[more].argmax(axis=1)]
            chosen[more, nearest] = True
            left[more] &= ~self.overlap[nearest[:, None], order[more]]
        return chosen

    def beside(self) -> int:
        """As many as can easily be found that do not overlap."""
        left, found = np.ones(len(self.cells), dtype=bool), 0
        while left.any():
            left &= ~self.overlap[left.argmax()]
            found += 1
        return found

    def placebos(self) -> NDArray[np.float64]:
        """The logarithm of each place's ratio by its standard error, with a control of its own; without those that have none."""
        chosen = self.controls(self.features, ~self.overlap)
        ratio, error = _log_ratio(self.series, self.series @ chosen.T.astype(np.int64), self.before)
        return (ratio / error)[chosen.any(axis=1)]


def _spread(values: NDArray[Any], most: int) -> NDArray[Any]:
    """So many of the values at most, evenly."""
    if len(values) <= most:
        return values
    return values[np.linspace(0, len(values) - 1, most).round().astype(np.int64)]


def nearest(free: NDArray[np.bool_], centres: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The numbers of the ``size`` free cells nearest to each centre (row, column), of equally near ones those of the first row and column; shape (centres, size).

    Cells are looked at in rings, as many as it takes: a tree of places takes two to three times as long for the hundreds of neighbours of a district.
    """
    rows, columns = free.shape
    wide = np.full((3 * rows, 3 * columns), -1, dtype=np.int32)
    wide[rows : 2 * rows, columns : 2 * columns][free] = np.arange(free.sum())
    numbers, row = wide.ravel(), (3 * columns, 1)
    away = np.argwhere(np.ones((2 * rows - 1, 2 * columns - 1), dtype=bool)) - (rows - 1, columns - 1)
    steps = away[np.argsort((away**2).sum(axis=1), kind="stable")] @ row
    found = np.empty((len(centres), size), dtype=np.int64)
    left, looked = np.arange(len(centres)), 2 * size
    while left.size:
        lacking = []
        for part in np.array_split(left, len(left) * looked // _AT_ONCE + 1):
            seen = numbers[(centres[part] @ row + rows * 3 * columns + columns)[:, None] + steps[:looked]]
            here = seen >= 0
            whole = here.sum(axis=1) >= size
            here &= here.cumsum(axis=1) <= size
            found[part[whole]] = seen[whole][here[whole]].reshape(-1, size)
            lacking.append(part[~whole])
        left, looked = np.concatenate(lacking), 2 * looked
    return found


def _features(series: NDArray[Any], before: int) -> NDArray[np.float64]:
    """Level and trend before, shape (places, 2)."""
    first, second = series[: before // 2].sum(axis=0), series[before - before // 2 : before].sum(axis=0)
    level = series[:before].sum(axis=0)
    return np.column_stack([np.log(level + 0.5), np.log((second + 0.5) / (first + 0.5))])


def _log_ratio(
    series: NDArray[Any], control: NDArray[Any], before: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The logarithm of the ratio of ratios of each column and its standard error under Poisson's law; half an appeal more keeps both finite."""
    four = (
        np.stack([part.sum(axis=0) for one in (series, control) for part in (one[before:], one[:before])])
        + 0.5
    )
    after, earlier, control_after, control_earlier = np.log(four)
    return after - earlier - control_after + control_earlier, np.sqrt((1 / four).sum(axis=0))
