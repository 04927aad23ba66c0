from __future__ import annotations

import numpy as np
import pytest
from esda.smoothing import Empirical_Bayes

from geo.hotspots import smoothed_ratios


def test_it_is_marshalls_estimator() -> None:
    random = np.random.default_rng(1)
    expected = random.integers(5, 900, 14).astype(float)
    observed = random.poisson(expected * random.gamma(4, 0.25, 14))
    theirs = Empirical_Bayes(observed, expected).r.ravel()
    assert smoothed_ratios(observed, expected) == pytest.approx(theirs, abs=1e-12)


def test_small_areas_give_way_most_and_chance_altogether() -> None:
    found = smoothed_ratios(np.array([3, 300, 80, 130]), np.array([1.0, 100.0, 200.0, 212.0]))
    assert 1 < found[0] < 2 < found[1] < 3 and found[2] > 80 / 200
    # PySAL would turn the ratios round where they vary less than chance.
    assert smoothed_ratios(np.array([10, 11, 9]), np.array([10, 10, 10])).tolist() == [1, 1, 1]
    assert smoothed_ratios(np.array([5, 0]), np.array([5.0, 0.0])).tolist() == [1, 1]
    assert smoothed_ratios(np.array([0, 0]), np.array([5.0, 2.0])).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("observed", "expected"), [([1], [1, 2]), ([-1], [1]), ([1], [np.nan]), ([1], [0]), ([], [])]
)
def test_what_is_no_ratio_is_refused(observed: list[float], expected: list[float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        smoothed_ratios(np.array(observed), np.array(expected))
