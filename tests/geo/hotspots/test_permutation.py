from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.special import ndtr

from geo.hotspots import disc, gi_star, permutation_p, q_values, window_sums
from geo.hotspots import permutation as module
from geo.hotspots.permutation import TooLarge
from tests.geo.hotspots.maps import CIRCLE, QUEEN, scattered, ugly_mask


def test_it_counts_every_permutation() -> None:
    """A map so small that all draws can be listed, against fractions."""
    mask = np.ones((3, 4), dtype=bool)
    mask[0, 0] = False
    counts = np.array([[99, 2, 0, 1], [4, 0, 0, 1], [3, 0, 1, 7]])
    tails = permutation_p(counts, mask, disc(1))
    cells = [int(count) for count in counts[mask]]
    sums, sizes = window_sums(counts, mask, disc(1)), window_sums(mask, mask, disc(1))
    for row, column in np.argwhere(mask):
        size, total = int(sizes[row, column]), int(sums[row, column])
        draws = Counter(sum(draw) for draw in combinations(cells, size))
        lower = sum(n for s, n in draws.items() if s <= total) / comb(len(cells), size)
        upper = sum(n for s, n in draws.items() if s >= total) / comb(len(cells), size)
        assert tails.lower[row, column] == pytest.approx(lower, rel=1e-12, abs=0)
        assert tails.upper[row, column] == pytest.approx(upper, rel=1e-12, abs=0)
        either = min(1.0, lower + lower, upper + upper)
        assert tails.two_sided[row, column] == pytest.approx(either, rel=1e-12, abs=0)
    assert np.isnan(tails.lower[0, 0]) and np.isnan(tails.upper[0, 0])


def test_a_window_of_the_whole_map_has_its_one_sum() -> None:
    counts = np.array([[5, 0], [1, 0]])
    tails = permutation_p(counts, np.ones((2, 2), bool), disc(QUEEN))
    assert tails.two_sided == pytest.approx(np.ones((2, 2)))


def test_the_transform_is_as_exact_down_to_its_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = ugly_mask(64, 64)
    counts = scattered(mask, 3.0) ** 3
    # More than any sum that is worth transforming.
    counts[20:25, 20:25] += 900
    passed = permutation_p(counts, mask, disc(CIRCLE))
    monkeypatch.setattr(module, "_LONG", 0)
    transformed = permutation_p(counts, mask, disc(CIRCLE))
    for exact, other in ((passed.lower, transformed.lower), (passed.upper, transformed.upper)):
        assert not np.array_equal(exact[mask], other[mask])
        assert other[mask] == pytest.approx(np.maximum(exact[mask], 1e-12), rel=0, abs=1e-13)
        assert exact[mask].min() < 1e-12 == other[mask].min() or exact is passed.lower


@pytest.mark.parametrize("mean", [0.1, 2.0])
def test_it_is_what_shuffling_comes_near_to(mean: float) -> None:
    """Each of 1,000 cells is compared with 99,999 draws of its window: within five standard errors of them."""
    mask = ugly_mask(36, 36)
    counts = scattered(mask, mean)
    counts[20:23, 20:23] += 3
    tails = permutation_p(counts, mask, disc(CIRCLE))
    sums, sizes = window_sums(counts, mask, disc(CIRCLE)), window_sums(mask, mask, disc(CIRCLE))
    random, draws = np.random.default_rng(3), 99_999
    values, copies = np.unique(counts[mask], return_counts=True)
    for size in np.unique(sizes[mask]):
        # What shuffling all cells puts into a window: so many of each count, drawn without replacement.
        drawn = random.multivariate_hypergeometric(copies, int(size), draws) @ values
        here = mask & (sizes == size)
        for exact, seen in (
            (tails.upper[here], (drawn[:, None] >= sums[here]).mean(axis=0)),
            (tails.lower[here], (drawn[:, None] <= sums[here]).mean(axis=0)),
        ):
            error = np.sqrt(exact * (1 - exact) / draws)
            assert (np.abs(exact - seen) <= 5 * error + 1 / draws).all()


def test_a_window_as_large_as_the_map_has_a_chance_everywhere() -> None:
    """Where every cell is drawn, the sum is what it is; the smaller windows at the edge are drawn as ever."""
    mask = np.ones((2, 5), dtype=bool)
    counts = np.arange(10).reshape(2, 5)
    tails = permutation_p(counts, mask, disc(2.5))
    assert np.isfinite(tails.upper).all() and np.isfinite(tails.lower).all()
    whole = window_sums(mask.astype(int), mask, disc(2.5)) == mask.sum()
    assert whole.any() and not whole.all()
    assert (tails.upper[whole] == 1).all() and (tails.lower[whole] == 1).all()


def test_far_tails_keep_their_digits() -> None:
    """One full window among empty cells: there are exactly as many ways as windows of that size."""
    mask = np.ones((40, 40), dtype=bool)
    counts = np.zeros((40, 40), dtype=np.int64)
    counts[19:22, 19:22] = 1
    upper = permutation_p(counts, mask, disc(QUEEN)).upper
    draws = comb(1600, 9)
    assert upper[20, 20] == pytest.approx(1 / draws, rel=1e-9, abs=0)
    six = sum(comb(9, k) * comb(1591, 9 - k) for k in range(6, 10)) / draws
    assert upper[20, 21] == pytest.approx(six, rel=1e-9, abs=0)


def test_chance_alone_is_seldom_called_a_hotspot() -> None:
    """Where few appeals are expected, the normal law finds something on nearly every map of pure chance."""
    window, mask = disc(QUEEN), np.ones((50, 50), dtype=bool)
    exact = normal = 0
    for seed in range(60):
        counts = scattered(mask, 0.1, seed)
        exact += bool((q_values(permutation_p(counts, mask, window).two_sided) < 0.05).any())
        normal += bool((q_values(2 * ndtr(-np.abs(gi_star(counts, mask, window)))) < 0.05).any())
    assert exact <= 6
    assert normal > 30


@pytest.mark.parametrize("counts", [np.full((4, 4), 1.5), np.full((4, 4), -1)])
def test_what_is_not_counted_is_refused(counts: np.ndarray) -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        permutation_p(counts, np.ones((4, 4), bool), disc(1))


def test_an_empty_area_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        permutation_p(np.ones((4, 4), int), np.zeros((4, 4), bool), disc(1))


def test_a_table_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_NUMBERS", 100)
    with pytest.raises(TooLarge, match="5 cells"):
        permutation_p(np.full((4, 4), 50), np.ones((4, 4), bool), disc(1))
