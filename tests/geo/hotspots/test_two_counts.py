"""The ratio of two counts against published figures, SciPy's own interval, and its laws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from geo.hotspots import rate_ratio


def test_it_is_the_interval_of_the_documents_of_r() -> None:
    """``poisson.test(c(11, 6+8+7), c(800, 1083+1050+878))``: the rates of breast cancer by age group and of its controls."""
    found = rate_ratio(11, 21, 800, 3011)
    assert [float(found.value), float(found.low), float(found.high)] == pytest.approx(
        [1.971488, 0.8584264, 4.2772659], rel=1e-6
    )


@pytest.mark.parametrize(
    ("count", "other", "days"), [(118, 98, (90, 90)), (5, 0, (30, 30)), (0, 7, (29, 28)), (40, 12, (29, 28))]
)
def test_it_is_clopper_and_pearsons_of_the_share(count: int, other: int, days: tuple[int, int]) -> None:
    found = rate_ratio(count, other, *days)
    share = binomtest(count, count + other).proportion_ci(0.95, method="exact")
    low, high = (
        part / (1 - part) * days[1] / days[0] if part < 1 else np.inf for part in (share.low, share.high)
    )
    assert (float(found.low), float(found.high)) == pytest.approx((low, high))
    equal = days[0] / sum(days)
    tails = [binomtest(count, count + other, equal, side).pvalue for side in ("less", "greater")]
    assert float(found.p) == pytest.approx(min(1.0, 2 * min(tails)))
    assert (found.p < 0.05) == (found.low > 1 or found.high < 1)


def test_many_are_as_one_after_the_other_and_nothing_says_nothing() -> None:
    counts, others = np.array([118, 0, 0]), np.array([98, 6, 0])
    found = rate_ratio(counts, others)
    for n, (count, other) in enumerate(zip(counts, others, strict=True)):
        one = rate_ratio(count, other)
        for name in ("value", "low", "high", "p"):
            assert np.array_equal(getattr(found, name)[n], getattr(one, name), equal_nan=True)
    assert np.isnan(found.value[2])
    assert (found.low[2], found.high[2], found.p[2]) == (0, np.inf, 1)
    for wrong in ((-1, 2), (1, 2, 0)):
        with pytest.raises(ValueError, match="not below zero"):
            rate_ratio(*wrong)


def test_equal_rates_are_called_different_at_most_as_often_as_said() -> None:
    random = np.random.default_rng(4)
    found = rate_ratio(random.poisson(20, 20_000), random.poisson(20, 20_000))
    assert 0.02 < (found.p < 0.05).mean() <= 0.05
