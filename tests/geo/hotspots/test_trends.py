from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pymannkendall import original_test
from scipy.special import ndtr

from geo.hotspots import (
    Pattern,
    disc,
    emerging_patterns,
    gi_star,
    mann_kendall,
    permutation_p,
    q_values,
    space_time_gi_star,
    space_time_permutation_p,
)
from geo.hotspots.trends import LEAST_STEPS, space_time_sums
from tests.geo.hotspots.maps import QUEEN, scattered, ugly_mask

HOT, COLD, QUIET = 8.0, -8.0, 0.1


@given(arrays(np.int64, st.tuples(st.integers(3, 14), st.just(4)), elements=st.integers(0, 5)))
def test_the_trend_is_mann_and_kendalls(series: NDArray[np.int64]) -> None:
    trend = mann_kendall(series)
    for column in range(series.shape[1]):
        theirs = original_test(series[:, column])
        assert trend.s[column] == theirs.s
        assert trend.z[column] == pytest.approx(theirs.z, abs=1e-12)
        assert trend.p[column] == pytest.approx(theirs.p, abs=1e-12)


def test_series_keep_their_places() -> None:
    cube = np.zeros((9, 2, 3))
    cube[:, 1, 2] = np.arange(9)
    cube[:, 0, 0] = -np.arange(9)
    cube[3, 0, 1] = np.nan
    trend = mann_kendall(cube)
    assert trend.s.tolist()[1] == [0, 0, 36] and trend.s[0, 0] == -36
    assert np.isnan(trend.z[0, 1]) and np.isnan(trend.p[0, 1])
    assert trend.p[1, 0] == 1


def test_one_step_has_no_trend() -> None:
    with pytest.raises(ValueError, match="fewer than two"):
        mann_kendall(np.zeros((1, 4)))


def test_neighbours_are_those_around_and_those_just_before() -> None:
    """The cube laid out flat as one map, where each step is far from the next but for what is said: the sum written out."""
    mask = ugly_mask(9, 14)
    cube = np.stack([scattered(mask, 2, seed) for seed in range(4)])
    z = space_time_gi_star(cube, mask, disc(QUEEN))
    assert np.isnan(z[:, ~mask]).all()
    values = cube[:, mask].astype(float)
    n, mean, deviation = values.size, values.mean(), values.std()
    for step in range(4):
        for row, column in np.argwhere(mask)[::5]:
            near = [
                cube[when, r, c]
                for when in range(max(step - 1, 0), step + 1)
                for r in range(max(row - 1, 0), row + 2)
                for c in range(max(column - 1, 0), column + 2)
                if r < mask.shape[0] and c < mask.shape[1] and mask[r, c]
            ]
            w = len(near)
            expected = (sum(near) - w * mean) / (deviation * np.sqrt((n * w - w**2) / (n - 1)))
            assert z[step, row, column] == pytest.approx(expected, abs=1e-9)


def test_one_step_is_gi_star() -> None:
    mask = ugly_mask()
    counts = scattered(mask, 1)
    assert np.allclose(
        space_time_gi_star(counts[None], mask, disc(QUEEN))[0],
        gi_star(counts, mask, disc(QUEEN)),
        atol=1e-9,
        equal_nan=True,
    )


def test_a_map_is_no_cube() -> None:
    with pytest.raises(ValueError, match="cube"):
        space_time_gi_star(np.zeros((3, 3)), np.ones((3, 3), bool), disc(1))


def steps(text: str) -> list[float]:
    return [{"h": HOT, "c": COLD, ".": QUIET}[step] for step in text]


@pytest.mark.parametrize(
    ("story", "pattern"),
    [
        ("............", Pattern.NONE),
        ("...........h", Pattern.NEW),
        ("..........hh", Pattern.CONSECUTIVE),
        ("..h.......hh", Pattern.SPORADIC),
        ("..c.......hh", Pattern.CONSECUTIVE),
        ("h.c.......hh", Pattern.OSCILLATING),
        ("hhhhhhhhhhhh", Pattern.PERSISTENT),
        ("hhhhhhhhhhh.", Pattern.HISTORICAL),
        (".hhhhhhhhhhh", Pattern.PERSISTENT),
        ("hhhhhhhhhh..", Pattern.NONE),
        ("h...........", Pattern.NONE),
    ],
)
def test_each_story_has_its_name(story: str, pattern: Pattern) -> None:
    z = np.zeros((len(story), 1, 2))
    z[:, 0, 0] = steps(story)
    z[:, 0, 1] = -np.array(steps(story))
    assert emerging_patterns(z).tolist() == [[pattern, -pattern]]


@pytest.mark.parametrize(
    ("slope", "pattern"),
    [(0.5, Pattern.INTENSIFYING), (-0.5, Pattern.DIMINISHING), (0.0, Pattern.PERSISTENT)],
)
def test_what_is_always_hot_may_grow_or_fade(slope: float, pattern: Pattern) -> None:
    z = np.zeros((16, 1, 2))
    z[:, 0, 0] = 12 + slope * np.arange(16)
    z[:, 0, 1] = -z[:, 0, 0]
    assert emerging_patterns(z).tolist() == [[pattern, -pattern]]


def test_all_seventeen_have_names_of_their_own() -> None:
    assert len(Pattern) == 17 and len({pattern.value for pattern in Pattern}) == 17
    assert all(Pattern(-pattern).name.startswith(pattern.name) for pattern in Pattern if pattern > 0)


def test_outside_the_area_nothing_is_hot() -> None:
    z = np.full((12, 1, 1), np.nan)
    assert emerging_patterns(z).tolist() == [[Pattern.NONE]]


def test_too_few_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="need 8"):
        emerging_patterns(np.zeros((LEAST_STEPS - 1, 2, 2)))


def test_the_chance_of_one_step_is_that_of_a_map() -> None:
    mask = ugly_mask()
    counts = scattered(mask, 1)
    expected = permutation_p(counts, mask, disc(QUEEN)).two_sided
    found = space_time_permutation_p(counts[None], mask, disc(QUEEN))[0]
    assert np.allclose(found, expected, rtol=1e-9, atol=0, equal_nan=True)


def test_the_chance_is_what_shuffling_the_cube_comes_near_to() -> None:
    mask = ugly_mask(8, 12)
    cube = np.stack([scattered(mask, 0.6, seed) for seed in range(3)])
    random, shuffles = np.random.default_rng(1), 400
    sums = space_time_sums(cube, mask, disc(QUEEN))[0]
    as_much, as_little = np.zeros(cube.shape), np.zeros(cube.shape)
    shuffled = cube.copy()
    for _ in range(shuffles):
        shuffled[:, mask] = random.permutation(cube[:, mask].ravel()).reshape(len(cube), -1)
        drawn = space_time_sums(shuffled, mask, disc(QUEEN))[0]
        as_much += drawn >= sums
        as_little += drawn <= sums
    tail = np.minimum(as_much, as_little)[:, mask] / shuffles
    found = space_time_permutation_p(cube, mask, disc(QUEEN))
    assert np.isnan(found[:, ~mask]).all()
    error = np.sqrt(np.maximum(tail * (1 - tail), 2e-3) / shuffles)
    assert (np.abs(found[:, mask] - np.minimum(1, 2 * tail)) < 2 * 5 * error).all()


def test_chance_alone_is_seldom_called_hot_though_months_are_sparse() -> None:
    """Where the windows of two months expect two and a half, the normal p calls chance hot on half of the cubes."""
    mask, window = np.ones((20, 20), dtype=bool), disc(2.5)
    exact = normal = 0
    for seed in range(20):
        cube = np.random.default_rng(seed).poisson(0.06, (12, 20, 20))
        z = space_time_gi_star(cube, mask, window)
        p = space_time_permutation_p(cube, mask, window)
        exact += bool((q_values(p) < 0.05).any())
        normal += bool((q_values(2 * ndtr(-np.abs(z))) < 0.05).any())
        assert not emerging_patterns(z, p).any()
    assert exact <= 1 < 8 <= normal


def test_what_is_no_count_has_no_exact_chance() -> None:
    mask = np.ones((3, 3), bool)
    for cube in (np.zeros((9, 3, 3)), np.full((9, 3, 3), -1)):
        with pytest.raises(ValueError, match="whole numbers"):
            space_time_permutation_p(cube, mask, disc(1))
