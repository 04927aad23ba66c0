"""Hotspots over time: Gi* of each step of a space-time cube, Mann and Kendall's trend, and a pattern with a name a cell.

A cube has shape (steps, rows, columns), the oldest step first; steps are of equal length (months, weeks) and complete.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from geo.hotspots.gi_star import standardised
from geo.hotspots.permutation import tails_of_draws
from geo.hotspots.significance import q_values
from geo.hotspots.window import window_sums

#: Fewer steps than this show no trend.
LEAST_STEPS = 8

#: A step of a cell is hot or cold, and its trend up or down, at this false discovery rate.
SIGNIFICANT = 0.05

#: A cell that is hot in this share of the steps is so for good, or was.
_MOSTLY = 0.9


class Pattern(enum.IntEnum):
    """What became of a cell: the classes of ArcGIS's emerging hot spots, positive for hot, negative for cold."""

    NONE = 0
    NEW = 1
    CONSECUTIVE = 2
    INTENSIFYING = 3
    PERSISTENT = 4
    DIMINISHING = 5
    SPORADIC = 6
    OSCILLATING = 7
    HISTORICAL = 8
    NEW_COLD = -1
    CONSECUTIVE_COLD = -2
    INTENSIFYING_COLD = -3
    PERSISTENT_COLD = -4
    DIMINISHING_COLD = -5
    SPORADIC_COLD = -6
    OSCILLATING_COLD = -7
    HISTORICAL_COLD = -8


@dataclass(frozen=True)
class Trend:
    """Mann and Kendall's test of each series: arrays of the cube's shape without its first axis."""

    s: NDArray[np.int64]
    z: NDArray[np.float64]
    p: NDArray[np.float64]


def mann_kendall(series: NDArray[Any]) -> Trend:
    """Whether each series along the first axis rises or falls, without assuming a line.

    S is the number of later values that are higher less that of those that are lower; its variance is corrected for ties, z
    for continuity, p is two-sided and normal (Kendall 1975, "Rank correlation methods", chapter 4; equal to
    ``pymannkendall.original_test``). A series of equal values has z 0 and p 1; one with NaN gives NaN. Raises ``ValueError``
    for fewer than two steps.
    """
    steps = series.shape[0]
    if steps < 2:
        raise ValueError("a trend of fewer than two steps")
    values = np.asarray(series, dtype=float).reshape(steps, -1)
    s = np.zeros(values.shape[1], dtype=np.int64)
    for step in range(steps - 1):
        later = values[step + 1 :]
        s += (later > values[step]).sum(axis=0) - (later < values[step]).sum(axis=0)
    variance = (steps * (steps - 1) * (2 * steps + 5) - _ties(values)) / 18.0
    z = np.zeros(len(s))
    np.divide(s - np.sign(s), np.sqrt(variance), out=z, where=variance > 0)
    p = 2.0 * ndtr(-np.abs(z))
    unknown = np.isnan(values).any(axis=0)
    z[unknown], p[unknown] = np.nan, np.nan
    shape = series.shape[1:]
    return Trend(s.reshape(shape), z.reshape(shape), p.reshape(shape))


def _ties(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of t (t - 1) (2t + 5) over the groups of t equal values of each column."""
    in_order = np.sort(values, axis=0)
    total = np.zeros(values.shape[1])
    length = np.ones(values.shape[1])
    for step in range(1, len(values)):
        same = in_order[step] == in_order[step - 1]
        ended = ~same
        total[ended] += (length * (length - 1) * (2 * length + 5))[ended]
        length = np.where(same, length + 1, 1.0)
    return np.asarray(total + length * (length - 1) * (2 * length + 5))


def space_time_gi_star(
    cube: NDArray[Any], mask: NDArray[np.bool_], window: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Gi* of each cell of each step, shape of the cube, NaN outside the mask.

    The neighbours of a cell are its window in its own step and in the one before; mean and deviation are those of the whole
    cube, so that the steps can be compared. The first step has its own window alone. Raises ``ValueError`` for what is
    not a cube, and as ``geo.hotspots.gi_star`` does.
    """
    sums, neighbours = space_time_sums(cube, mask, window)
    z = standardised(sums.astype(float), neighbours.astype(float), np.asarray(cube, dtype=float)[:, mask])
    z[:, ~mask] = np.nan
    return z


def space_time_permutation_p(
    cube: NDArray[Any], mask: NDArray[np.bool_], window: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The two-sided p of each sum that ``space_time_gi_star`` judges, among all permutations of the whole cube's cells.

    Shape of the cube, NaN outside the mask. ``cube`` holds whole numbers from zero. Months are sparser than years: where the
    neighbours expect fewer than about 60, the normal p calls chance a hotspot. Raises as ``permutation_p`` does, ``TooLarge`` too.
    """
    if not np.issubdtype(cube.dtype, np.integer) or (np.where(mask, cube, 0) < 0).any():
        raise ValueError("counts are whole numbers from zero")
    sums, neighbours = space_time_sums(cube, mask, window)
    lower, upper = tails_of_draws(sums[:, mask].ravel(), neighbours[:, mask].ravel(), cube[:, mask].ravel())
    p = np.full(cube.shape, np.nan)
    p[:, mask] = np.minimum(1.0, 2.0 * np.minimum(lower, upper)).reshape(len(cube), -1)
    return p


def space_time_sums(
    cube: NDArray[Any], mask: NDArray[np.bool_], window: NDArray[np.bool_]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The sum over each cell's window in its step and the one before, and how many cells that are."""
    if cube.ndim != 3:
        raise ValueError(f"a cube of {cube.ndim} dimensions")
    sums = np.stack([window_sums(step, mask, window) for step in cube])
    sums[1:] += sums[:-1].copy()
    size = window_sums(mask, mask, window)
    return sums, np.stack([size if step == 0 else 2 * size for step in range(len(cube))])


def emerging_patterns(z: NDArray[np.float64], p: NDArray[np.float64] | None = None) -> NDArray[np.int8]:
    """The ``Pattern`` of each cell, shape (rows, columns), of the z of ``space_time_gi_star``.

    ``p`` is two-sided and of z's shape, that of ``space_time_permutation_p`` for counts; without it, z is taken as normal.
    A step is hot or cold at a false discovery rate of 0.05 over the whole cube, a trend is one at that rate over all cells.
    The first that fits, for hot (cold is its mirror): in at least 90 % of the steps hot, it is *historical* if the last is
    not, else *intensifying*, *diminishing* or *persistent* by its trend; hot in the last step, it is *new* if it never
    was before, *consecutive* if it was so in an unbroken run up to now and never before, *oscillating* if it was cold once,
    else *sporadic*. A cell that is neither is ``NONE``, one outside the mask too. Raises ``ValueError`` for fewer than 8 steps.
    """
    steps = len(z)
    if steps < LEAST_STEPS:
        raise ValueError(f"{steps} steps; patterns need {LEAST_STEPS}")
    q = q_values(2.0 * ndtr(-np.abs(z)) if p is None else p)
    with np.errstate(invalid="ignore"):
        significant = q < SIGNIFICANT
        hot, cold = significant & (z > 0), significant & (z < 0)
    trend = mann_kendall(z)
    with np.errstate(invalid="ignore"):
        moves = np.where(q_values(trend.p) < SIGNIFICANT, np.sign(trend.z), 0)
    pattern = _patterns(hot, cold, moves)
    mirrored = _patterns(cold, hot, -moves)
    return np.asarray(np.where(pattern != 0, pattern, -mirrored), dtype=np.int8)


def _patterns(hot: NDArray[np.bool_], cold: NDArray[np.bool_], moves: NDArray[Any]) -> NDArray[np.int8]:
    steps = len(hot)
    last = hot[-1]
    times = hot.sum(axis=0)
    mostly = times >= _MOSTLY * steps
    # The unbroken run up to now: steps since the last that was not hot.
    run = np.where(hot.all(axis=0), steps, np.argmin(hot[::-1], axis=0))
    return np.select(
        [
            mostly & ~last,
            mostly & (moves > 0),
            mostly & (moves < 0),
            mostly,
            last & (times == 1),
            last & (run == times),
            last & cold.any(axis=0),
            last,
        ],
        [
            Pattern.HISTORICAL,
            Pattern.INTENSIFYING,
            Pattern.DIMINISHING,
            Pattern.PERSISTENT,
            Pattern.NEW,
            Pattern.CONSECUTIVE,
            Pattern.OSCILLATING,
            Pattern.SPORADIC,
        ],
        default=Pattern.NONE,
    ).astype(np.int8)
