from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, false_discovery_control, nbinom, poisson

from geo.hotspots import (
    Exposure,
    area_ratios,
    classes,
    disc,
    exposure_test,
    permutation_p,
    q_values,
    window_sums,
)
from tests.geo.hotspots.maps import CIRCLE, overdispersed, scattered, ugly_mask, uneven, with_planted

WINDOW = disc(CIRCLE)


def test_each_window_expects_its_share() -> None:
    mask = ugly_mask()
    counts, people = scattered(mask, 2), scattered(mask, 50, seed=1) + 1
    result = exposure_test(counts, people, mask, WINDOW)
    share = counts[mask].sum() / people[mask].sum()
    assert np.allclose(result.expected[mask], window_sums(people, mask, WINDOW)[mask] * share)
    assert np.array_equal(result.observed[mask], window_sums(counts, mask, WINDOW)[mask])
    assert np.allclose(result.ratio[mask], result.observed[mask] / result.expected[mask])
    for values in (
        result.observed,
        result.expected,
        result.ratio,
        result.p,
        result.q,
    ):
        assert np.isnan(values[~mask]).all()


def test_without_extra_variance_the_law_is_poissons() -> None:
    """Counts that vary less than Poisson's: as many in each cell as it expects."""
    mask = np.ones((12, 12), dtype=bool)
    counts = np.full(mask.shape, 2)
    counts[5, 5] = 4
    result = exposure_test(counts, np.ones(mask.shape), mask, WINDOW)
    assert result.alpha == 0
    o, m = result.observed, result.expected
    assert np.allclose(
        result.p, np.minimum(1, 2 * np.minimum(poisson.cdf(o, m), poisson.sf(o - 1, m))), rtol=1e-9, atol=0
    )


def test_with_it_the_law_is_the_negative_binomial() -> None:
    mask = np.ones((30, 30), dtype=bool)
    people = uneven(mask, 4_000)
    counts = overdispersed(people, 0.5, np.random.default_rng(5))
    counts[4, 4] = 0
    result = exposure_test(counts, people, mask, WINDOW)
    assert result.alpha == pytest.approx(0.5, abs=0.15)
    extra = result.alpha * window_sums((people * counts.sum() / people.sum()) ** 2, mask, WINDOW)
    o, m = result.observed, result.expected
    r = m**2 / extra
    lower, upper = nbinom.cdf(o, r, r / (r + m)), nbinom.sf(o - 1, r, r / (r + m))
    tested = ~np.isnan(result.p)
    assert np.array_equal(tested, m >= 1)
    assert np.allclose(
        result.p[tested], np.minimum(1, 2 * np.minimum(lower, upper))[tested], rtol=1e-9, atol=0
    )


@pytest.mark.parametrize("alpha", [None, 0.4])
def test_chance_among_uneven_people_is_no_hotspot(alpha: float | None) -> None:
    """60 maps without one, at a nominal 5 %; the test of counts alone calls most of them hot where people are."""
    mask = ugly_mask(40, 40)
    people = uneven(mask, 3_000)
    false = of_counts = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        counts = random.poisson(people) if alpha is None else overdispersed(people, alpha, random)
        false += bool((exposure_test(counts, people, mask, WINDOW).q < 0.05).any())
        if seed < 10:
            of_counts += bool((q_values(permutation_p(counts, mask, WINDOW).two_sided) < 0.05).any())
    assert false <= 6
    assert of_counts == 10


def test_planted_hotspots_are_found_and_little_else() -> None:
    """Six places of three times the risk among people of uneven number and habits."""
    found = planted = false = called = 0
    mask = np.ones((60, 60), dtype=bool)
    people = uneven(mask, 14_000)
    for seed in range(10):
        counts, hot = with_planted(people, 0.3, np.random.default_rng(seed))
        result = exposure_test(counts, people, mask, WINDOW)
        called_hot = result.classes >= 2
        # A cell whose window holds no planted one has no reason to be called.
        near = window_sums(hot, mask, WINDOW) > 0
        found += int((called_hot & hot).sum())
        planted += int(hot.sum())
        false += int((called_hot & ~near).sum())
        called += int(called_hot.sum())
    assert found / planted >= 0.65
    assert false / called <= 0.03


def test_windows_that_expect_less_than_one_are_not_tested() -> None:
    mask = np.ones((20, 20), dtype=bool)
    people = np.ones(mask.shape)
    people[:, 10:] = np.geomspace(0.1, 0.0001, 10)
    counts = np.zeros(mask.shape, dtype=np.int64)
    counts[:, :10] = 1
    counts[10, 19] = 3
    result = exposure_test(counts, people, mask, WINDOW)
    assert np.array_equal(np.isnan(result.p), result.expected < 1)
    assert ((result.expected > 0.6) & (result.expected < 1)).any()
    assert np.isnan(result.ratio[10, 19]) and result.classes[10, 19] == 0
    assert result.observed[10, 19] == 3
    assert np.array_equal(result.classes, classes(result.q, result.observed - result.expected))


def test_an_area_is_clear_where_its_exact_interval_leaves_out_one() -> None:
    """For a Poisson count o: half the quantiles of chi squared with 2o and 2o + 2 degrees of freedom (Garwood)."""
    observed, expected = np.array([0, 2, 10, 16, 30, 0]), np.array([6.0, 1, 4, 14, 36, 0])
    found = area_ratios(observed, expected)
    o, e = observed[:-1], expected[:-1]
    low = np.where(o > 0, chi2.ppf(0.025, 2 * np.maximum(o, 1)) / 2, 0) / e
    high = chi2.ppf(0.975, 2 * o + 2) / 2 / e
    assert np.allclose(found.low[:-1], low) and np.allclose(found.high[:-1], high)
    p = np.minimum(1, 2 * np.minimum(poisson.cdf(o, e), poisson.sf(o - 1, e)))
    assert np.allclose(found.q[:-1], false_discovery_control(p))
    assert (p < 0.05).tolist() == ((low > 1) | (high < 1)).tolist() == [True, False, True, False, False]
    # An area that expects nothing has neither, and is not counted among the others.
    assert all(np.isnan(one[-1]) for one in (found.low, found.high, found.q))


def test_where_too_little_comes_in_counts_as_variance() -> None:
    """Only what is hot is left out of the second estimate."""
    mask = np.ones((40, 40), dtype=bool)
    people = np.full(mask.shape, 4.0)
    counts = np.random.default_rng(2).poisson(people)
    counts[10:18, 10:18] = 0
    assert exposure_test(counts, people, mask, WINDOW).alpha > 0.02


def test_hotspots_are_not_taken_for_extra_variance() -> None:
    """The second pass forgets what the first suspects, else one large hotspot would hide itself."""
    mask = np.ones((40, 40), dtype=bool)
    people = np.full(mask.shape, 4.0)
    counts = np.random.default_rng(2).poisson(people)
    counts[10:14, 10:14] += 40
    assert exposure_test(counts, people, mask, WINDOW).alpha < 0.1
    assert isinstance(exposure_test(counts, people, mask, WINDOW), Exposure)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, 0.0])
def test_an_exposure_that_is_none_is_refused(value: float) -> None:
    mask = np.ones((5, 5), dtype=bool)
    with pytest.raises(ValueError, match="exposure"):
        exposure_test(np.ones((5, 5), int), np.full((5, 5), value), mask, WINDOW)
