"""Seasonality against another way of fitting, and on series that have none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import f

from geo.hotspots import seasonality
from geo.hotspots.seasons import LEAST_COUNT, LEAST_MONTHS

MONTHS = np.arange(24) % 12
DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] * 2)


def series(
    random: np.random.Generator, wave: float, mean: float = 20, extra: float = 0.2
) -> NDArray[np.int64]:
    expected = mean * np.exp(0.02 * np.arange(24) + wave * np.cos(2 * np.pi * (MONTHS - 1) / 12)) * DAYS / 30
    return random.poisson(expected * random.gamma(1 / extra, extra, 24))


def test_it_is_the_maximum_of_the_likelihood() -> None:
    y = series(np.random.default_rng(1), 0.5)
    found = seasonality(y, MONTHS, DAYS)
    turn = 2 * np.pi * MONTHS / 12
    design = np.column_stack(
        [np.ones(24), np.linspace(-1, 1, 24), np.sin(turn), np.cos(turn), np.sin(2 * turn), np.cos(2 * turn)]
    )

    def best(columns: int) -> tuple[float, NDArray[np.float64]]:
        def loss(weights: NDArray[np.float64]) -> float:
            eta = design[:, :columns] @ weights + np.log(DAYS)
            return float((np.exp(eta) - y * eta).sum())

        weights = minimize(loss, np.zeros(columns), method="BFGS", options={"gtol": 1e-6}).x
        return loss(weights), np.exp(design[:, :columns] @ weights + np.log(DAYS))

    (without, expected), (with_waves, seasonal) = best(2), best(6)
    assert found.expected == pytest.approx(expected, rel=1e-3)
    assert found.seasonal == pytest.approx(seasonal, rel=1e-3)
    spread = max(1, ((y - seasonal) ** 2 / seasonal).sum() / 18)
    assert found.p == pytest.approx(f.sf(2 * (without - with_waves) / 4 / spread, 4, 18), rel=1e-2)


def test_without_a_season_one_in_twenty_is_called_seasonal_and_a_season_is_found() -> None:
    random = np.random.default_rng(3)
    called = [seasonality(series(random, 0.0), MONTHS, DAYS).p < 0.05 for _ in range(1_000)]
    found = [seasonality(series(random, 0.7), MONTHS, DAYS).p < 0.05 for _ in range(200)]
    assert 0.03 < np.mean(called) < 0.08
    assert np.mean(found) > 0.75
    # Poisson's chi-square would call most of them seasonal.
    counts = [series(random, 0.0) for _ in range(200)]
    squares = [((y - y.mean()) ** 2 / y.mean()).sum() for y in counts]
    assert np.mean(np.array(squares) > 35.2) > 0.9


def test_months_without_any_are_no_error_and_too_little_is_refused() -> None:
    winter = np.where((MONTHS < 2) | (MONTHS > 10), 40, 0)
    found = seasonality(winter, MONTHS, DAYS)
    assert found.p < 1e-3
    assert found.seasonal.sum() == pytest.approx(winter.sum(), rel=0.05)
    for counts, steps in ((winter, LEAST_MONTHS - 1), (np.full(24, 2), 24)):
        assert counts[:steps].sum() < LEAST_COUNT or steps < LEAST_MONTHS
        with pytest.raises(ValueError, match="steps"):
            seasonality(counts[:steps], MONTHS[:steps], DAYS[:steps])
