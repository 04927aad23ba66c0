"""The permutation test of a window's sum, answered exactly instead of by shuffling the map.

Shuffling the cells of the map puts, into a window of W cells, W cells drawn without replacement from all of them. For counts
the distribution of their sum can be computed: each cell enters the draw by itself with the same chance, and only draws of
W cells are kept (a draw of independent entries, given its size, is a draw without replacement). One pass over the distinct
counts of the map gives the joint distribution of size and sum, for every W of the map at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, irfft, next_fast_len
from scipy.stats import binom

from geo.hotspots.window import window_sums

#: Numbers that one table of the pass may hold (8 bytes each).
_MOST_NUMBERS = 40_000_000

#: Steps of the pass from which on the transform is faster, and numbers that it may hold (16 bytes each).
_LONG, _MOST_TRANSFORMED = 10_000_000, 10_000_000
#: Cells of the map for each of a window's, so that the transform's rounding errors do not grow.
_CELLS_A_DRAWN_ONE = 50
#: No chance is told as less where it was found by the transform.
_FLOOR = 1e-12

#: Chances below this change no double of the result.
_NEGLIGIBLE = 1e-280
#: Nor do terms of the transform below this one, whose sum is 1 at most.
_NO_TERM = 1e-18


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
    shuffled too, as Gi* asks. Of large counts on a large map tails below 1e-12 are told as 1e-12.

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
    least, chances = _by_size(np.asarray(cells), np.unique(sizes), int(sums.max()))
    lower, upper = np.empty(sums.shape), np.empty(sums.shape)
    for size, row in chances:
        here = sizes == size
        told = np.minimum(sums[here], len(row) - 1)
        lower[here] = np.cumsum(row)[told]
        # From the far end, so that a small tail is a sum of small numbers and not the rest of a large one.
        upper[here] = np.cumsum(row[::-1])[::-1][told]
    return np.clip(lower, least, 1.0), np.clip(upper, least, 1.0)


#: A size, and the chances of the sums from 0 on.
_Chances = tuple[int, NDArray[np.float64]]


def _by_size(cells: NDArray[Any], sizes: NDArray[Any], most_sum: int) -> tuple[float, Iterable[_Chances]]:
    """The least tail that can be told, and the chances of each size, of which those beyond ``most_sum``, or of less than that tail, may be one."""
    values, copies = np.unique(cells, return_counts=True)
    most_cells, n = int(sizes.max()), len(cells)
    length = next_fast_len(_sums_in_question(values, copies, cells, most_cells), real=True)
    long = (most_cells + 1) * (most_sum + 2) * len(values) > _LONG
    if long and n >= _CELLS_A_DRAWN_ONE * most_cells and (most_cells + 1) * length <= _MOST_TRANSFORMED:
        return _FLOOR, _by_transform(np.bincount(cells, minlength=length), sizes)
    table = _joint(values, copies, most_cells=most_cells, most_sum=most_sum)
    return 0.0, [(size, table[size] / table[size].sum()) for size in sizes.tolist()]


#: The chance of all sums that the transform leaves out, which it adds to others: as little as its rounding errors.
_LEFT_OUT = 1e-15


def _sums_in_question(
    values: NDArray[Any], copies: NDArray[Any], cells: NDArray[Any], most_cells: int
) -> int:
    """A draw of up to so many cells sums to less than this, or its chance to do otherwise is below ``_LEFT_OUT``.

    Chernoff's bound; it holds without replacement too (Hoeffding 1963, "Probability inequalities for sums of bounded random
    variables", theorem 4).
    """
    largest = int(values[-1])
    if not largest:
        return 1
    steepness = np.geomspace(0.1, 100.0, 40) / largest
    # Of the exponentials' mean, without the largest, which might be beyond any double.
    logarithm = (
        np.log(np.exp(np.outer(steepness, values - largest)) @ copies / len(cells)) + steepness * largest
    )
    bound = ((most_cells * logarithm - np.log(_LEFT_OUT)) / steepness).min()
    all_of_them = np.partition(cells, -most_cells)[-most_cells:].sum()
    return int(min(np.ceil(bound), all_of_them)) + 1


def _by_transform(copies: NDArray[np.int64], sizes: NDArray[Any]) -> Iterator[_Chances]:
    """The same from the Fourier transform of the histogram, ``copies`` of each value, which is as long as the sums in question need.

    The generating function of draws of k cells is the elementary symmetric polynomial e_k of the powers of all cells, and
    Newton's identities make it of power sums, which at a frequency are the transform at its multiples. Divided by the number
    of draws, C(n, k), no term is larger than 1 while cells are many times those drawn. Rounding leaves an absolute error
    far below ``_FLOOR``, so that tails below it are told as that.
    """
    length, n = len(copies), int(copies.sum())
    transform = fft(copies.astype(float))
    frequency = np.arange(length // 2 + 1)
    powers: list[NDArray[Any]] = []
    drawn: list[NDArray[Any]] = [np.ones(len(frequency), complex)]
    wanted, term = set(sizes.tolist()), np.empty(len(frequency), complex)
    for k in range(1, int(sizes.max()) + 1):
        made, share = np.zeros(len(frequency), complex), 1.0 / k
        for j in range(1, k + 1):
            # C(n, k - j) / C(n, k), with the sign of the identity.
            share *= (k - j + 1) / (n - k + j)
            # No power is larger than n, and no draw than 1.
            if share * n < _NO_TERM:
                break
            if j > len(powers):
                powers.append(transform[j * frequency % length])
            np.multiply(drawn[k - j], powers[j - 1], out=term)
            # As the real numbers that they are made of: a complex product would cost three times as much.
            term.view(float)[:] *= share if j % 2 else -share
            made += term
        drawn.append(made)
        if k in wanted:
            yield k, np.maximum(irfft(made, length), 0.0)


def _joint(
    values: NDArray[Any], copies: NDArray[Any], *, most_cells: int, most_sum: int
) -> NDArray[np.float64]:
    """Chances, shape (most_cells + 1, most_sum + 2), that a draw has so many cells and such a sum; the last sum is "more"."""
    if (most_cells + 1) * (most_sum + 2) > _MOST_NUMBERS:
        raise TooLarge(f"{most_cells} cells that sum to {most_sum}")
    n = int(copies.sum())
    table = np.zeros((most_cells + 1, most_sum + 2))
    table[0, 0] = 1.0
    # Any chance of entering gives the same answer; this one keeps the sizes in question likely. Where every cell is drawn,
    # one below 1 keeps the smaller sizes in it.
    enters = min(most_cells / n, 0.5)
    at_once = np.arange(most_cells + 1)
    chances_of = binom.pmf(at_once, copies[:, None], enters)
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
