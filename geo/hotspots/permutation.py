"""The permutation test of a window's sum, answered exactly instead of by shuffling the map.

Shuffling the cells of the map puts, into a window of W cells, W cells drawn without replacement from all of them. For counts
the distribution of their sum can be computed: each cell enters the draw by itself with the same chance, and only draws of
W cells are kept (a draw of independent entries, given its size, is a draw without replacement). One pass over the distinct
counts of the map gives the joint distribution of size and sum, for every W of the map at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from geo.hotspots.window import window_sums

#: Numbers that one table of the pass may hold (8 bytes each).
_MOST_NUMBERS = 40_000_000

#: Chances below this change no double of the result.
_NEGLIGIBLE = 1e-280


@dataclass(frozen=True)
class Tails:
    """Chances, shape (rows, columns), NaN outside the mask, that a window of a shuffled map sums to as much or as little."""

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    @property
    def two_sided(self) -> NDArray[np.float64]:
        """Twice the smaller tail, at most 1."""
        return np.minimum(1.0, 2.0 * np.minimum(self.lower, self.upper))


class TooLarge(ValueError):
    """The counts are so large that their distribution does not fit; the normal approximation is as good there."""


def permutation_p(counts: NDArray[Any], mask: NDArray[np.bool_], window: NDArray[np.bool_]) -> Tails:
    """P(S <= s) and P(S >= s) of each window's sum s among all permutations of the mask's cells.

    ``counts`` are whole and not negative. The result needs no seed, has no Monte Carlo error and keeps its relative
    precision far into the tail, where 999 shuffles cannot say less than 0.001. Unlike esda's ``p_sim``, the middle cell is
    shuffled too, as Gi* asks.

    Raises ``ValueError`` for other counts or shapes, ``TooLarge`` where the table would hold more than 40 million numbers.
    """
    if not np.issubdtype(counts.dtype, np.integer) or (np.where(mask, counts, 0) < 0).any():
        raise ValueError("counts are whole numbers from zero")
    sums, sizes = window_sums(counts, mask, window)[mask], window_sums(mask, mask, window)[mask]
    if not len(sums):
        raise ValueError("an empty study area")
    lower, upper = np.full(mask.shape, np.nan), np.full(mask.shape, np.nan)
    lower[mask], upper[mask] = tails_of_draws(sums, sizes, counts[mask])
    return Tails(lower, upper)


def tails_of_draws(
    sums: NDArray[Any], sizes: NDArray[Any], cells: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P(S <= s) and P(S >= s) of each of the ``sums``, S being that of so many (``sizes``) of the ``cells``, drawn at random.

    Cells are drawn without replacement. Raises ``TooLarge`` as ``permutation_p`` does.
    """
    table = _joint(cells, most_cells=int(sizes.max()), most_sum=int(sums.max()))
    lower, upper = np.empty(sums.shape), np.empty(sums.shape)
    for size in np.unique(sizes):
        row = table[size]
        row = row / row.sum()
        here = sizes == size
        lower[here] = np.cumsum(row)[sums[here]]
        # From the far end, so that a small tail is a sum of small numbers and not the rest of a large one.
        upper[here] = np.cumsum(row[::-1])[::-1][sums[here]]
    return np.minimum(lower, 1.0), np.minimum(upper, 1.0)


def _joint(cells: NDArray[Any], *, most_cells: int, most_sum: int) -> NDArray[np.float64]:
    """Chances, shape (most_cells + 1, most_sum + 2), that a draw has so many cells and such a sum; the last sum is "more"."""
    if (most_cells + 1) * (most_sum + 2) > _MOST_NUMBERS:
        raise TooLarge(f"{most_cells} cells that sum to {most_sum}")
    n = len(cells)
    table = np.zeros((most_cells + 1, most_sum + 2))
    table[0, 0] = 1.0
    # Any chance of entering gives the same answer; this one keeps the sizes in question likely. Where every cell is drawn,
    # one below 1 keeps the smaller sizes in it.
    enters = min(most_cells / n, 0.5)
    values, copies = np.unique(cells, return_counts=True)
    at_once = np.arange(most_cells + 1)
    chances_of = binom.pmf(at_once, np.minimum(copies, n)[:, None], enters)
    before = 0  # the largest value so far, so that a draw sums to its size times this at most
    for value, chances in zip(values.tolist(), chances_of.tolist(), strict=True):
        earlier = min(most_cells * before, most_sum) + 1
        rest, over = table[:, :earlier].copy(), table[:, -1].copy()
        table[:, :earlier] *= chances[0]
        table[:, -1] *= chances[0]
        for b in range(1, most_cells + 1):
            if chances[b] < _NEGLIGIBLE:
                continue
            shift, end, fewer = value * b, min((most_cells - b) * before, most_sum) + 1, most_cells + 1 - b
            kept = min(max(most_sum + 1 - shift, 0), end)
            table[b:, -1] += over[:fewer] * chances[b]
            if kept < end:
                table[b:, -1] += rest[:fewer, kept:end].sum(axis=1) * chances[b]
            if kept:
                table[b:, shift : shift + kept] += rest[:fewer, :kept] * chances[b]
        before = value
    return table
