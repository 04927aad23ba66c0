"""Intervals and differences of shares: against other computations, and on many cities where nobody is slower."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, chi2_contingency

from geo.shares import difference, wilson


@pytest.mark.parametrize(("part", "n"), [(0, 10), (3, 10), (10, 10), (41, 530)])
def test_the_interval_is_wilsons(part: int, n: int) -> None:
    theirs = binomtest(part, n).proportion_ci(method="wilson")
    assert wilson(part, n) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_of_one_stratum_it_is_the_plain_difference_and_pearsons_test() -> None:
    found = difference(np.array([12]), np.array([40]), np.array([300]), np.array([500]))
    assert found
    assert found.value == pytest.approx(12 / 40 - 300 / 500)
    table = np.array([[12, 28], [300, 200]])
    # Mantel and Haenszel's variance has one case fewer than Pearson's.
    pearson = chi2_contingency(table, correction=False)
    exact = chi2_contingency(table * (539 / 540), correction=False)
    assert found.p == pytest.approx(exact.pvalue, rel=1e-6)
    assert found.p == pytest.approx(pearson.pvalue, rel=0.1)
    assert found.low < found.value < found.high < 0


def test_like_is_compared_with_like() -> None:
    # The district has the hard kind, and answers either as others do.
    found = difference(np.array([9, 20]), np.array([10, 100]), np.array([900, 20]), np.array([1_000, 100]))
    assert found
    assert found.value == pytest.approx(0)
    assert found.low < 0 < found.high
    assert found.p == pytest.approx(1)
    assert difference(np.array([3]), np.array([3]), np.array([0]), np.array([0])) is None


def test_few_cases_accuse_nobody_though_none_was_in_time() -> None:
    none = difference(np.array([0]), np.array([3]), np.array([50]), np.array([100]))
    assert none and none.low < -0.4 and none.high > -0.01
    # All in time, here and elsewhere: a few cases are not certain of it.
    every = difference(np.array([10]), np.array([10]), np.array([1_000]), np.array([1_000]))
    assert every and (every.value, every.high, every.p) == (0, 0, 1)
    assert -0.25 < every.low < -0.15


def test_where_all_answer_alike_one_in_twenty_is_called_different_and_the_interval_holds_the_truth() -> None:
    random = np.random.default_rng(7)
    rounds = 4_000
    shares = np.array([0.5, 0.75, 0.9, 0.97])
    n, other_n = np.array([12, 9, 15, 6]), np.array([400, 90, 250, 40])
    for effect in (0.0, -0.2):
        called = held = 0
        for _ in range(rounds):
            found = difference(
                random.binomial(n, shares + effect), n, random.binomial(other_n, shares), other_n
            )
            assert found
            called += found.p < 0.05
            held += found.low <= effect <= found.high
        assert 0.935 < held / rounds < 0.975, effect
        assert called / rounds < 0.06 if not effect else called / rounds > 0.7
