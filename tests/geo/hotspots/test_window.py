from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.hotspots import disc, window_sums
from tests.geo.hotspots.maps import neighbours, scattered, ugly_mask


@pytest.mark.parametrize(
    ("radius", "cells"), [(0, 1), (1, 5), (1.4, 5), (1.5, 9), (2, 13), (2.5, 21), (3, 29), (5.5, 97)]
)
def test_a_disc_has_the_cells_within_its_radius(radius: float, cells: int) -> None:
    window = disc(radius)
    assert window.sum() == cells
    assert window[tuple(side // 2 for side in window.shape)]


@pytest.mark.parametrize("radius", [-1, float("nan"), float("inf")])
def test_a_radius_that_is_none_is_refused(radius: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        disc(radius)


@given(
    arrays(np.int64, (7, 5), elements=st.integers(0, 10**9)),
    arrays(np.bool_, (7, 5)),
    st.sampled_from([0, 1, 1.5, 2.5, 6.5]),
)
def test_sums_of_whole_numbers_are_exact(counts: np.ndarray, mask: np.ndarray, radius: float) -> None:
    sums = window_sums(counts, mask, disc(radius))
    assert sums.dtype == np.int64
    flat = counts[mask]
    for number, near in neighbours(mask, radius).items():
        row, column = np.argwhere(mask)[number]
        assert sums[row, column] == flat[number] + flat[near].sum()


def test_what_lies_outside_is_not_read() -> None:
    mask = ugly_mask()
    counts = scattered(mask, 2)
    other = np.where(mask, counts, -1)
    assert np.array_equal(window_sums(counts, mask, disc(2.5)), window_sums(other, mask, disc(2.5)))
    rates = np.where(mask, counts / 3, np.nan)
    assert np.isfinite(window_sums(rates, mask, disc(2.5))).all()


@pytest.mark.parametrize(
    ("values", "mask", "window", "words"),
    [
        (np.ones((3, 3)), np.ones((3, 4), bool), disc(1), "a mask of"),
        (np.ones(3), np.ones(3, bool), disc(1), "a mask of"),
        (np.ones((3, 3)), np.ones((3, 3)), disc(1), "True and False"),
        (np.ones((3, 3)), np.ones((3, 3), bool), np.ones((2, 3), bool), "odd"),
        (np.ones((3, 3)), np.ones((3, 3), bool), np.array([[1, 0, 0]], bool), "mirror"),
        (np.full((3, 3), np.nan), np.ones((3, 3), bool), disc(1), "not finite"),
        (np.full((3, 3), 10**12), np.ones((3, 3), bool), disc(1), "sum to more"),
    ],
)
def test_what_does_not_fit_is_refused(
    values: np.ndarray, mask: np.ndarray, window: np.ndarray, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        window_sums(values, mask, window)
