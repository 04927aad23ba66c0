"""Whether counts by month follow the season: waves of a year and of half a year, beyond a trend and beyond chance.

Counts vary more than Poisson's law allows, so that a chi-square over twelve months calls most series seasonal; here the extra variance is
estimated from what the waves leave over, and the test is an F test of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

#: Months that are needed: of fewer, most of the year was seen once.
LEAST_MONTHS: Final = 18
#: Counts of a series that are needed.
LEAST_COUNT: Final = 60

_ROUNDS: Final = 50
#: No month's logarithm is moved farther in one round: a series with many zeros would run away.
_STRIDE: Final = 3.0


@dataclass(frozen=True)
class Seasonality:
    """``expected`` is what the trend alone lets expect in each step, ``seasonal`` with the season, shape (steps,); ``p`` is the chance of waves as large.

    ``spread`` is how many times the variance is Poisson's.
    """

    expected: NDArray[np.float64]
    seasonal: NDArray[np.float64]
    spread: float
    p: float


def seasonality(counts: NDArray[Any], months: NDArray[np.int64], days: NDArray[Any]) -> Seasonality:
    """The season of a series of counts of consecutive steps, each in one of the ``months`` 0 to 11, of so many ``days``; arrays of shape (steps,).

    Log-linear regression by quasi-likelihood: a trend, and sine and cosine of one and of two turns a year (C. J. Stolwijk, H. Straatman, G. A. Zielhuis, Journal
    of Epidemiology and Community Health 53 (1999), 235-238); F test of the four waves, the spread being Pearson's chi-square by its degrees
    of freedom, never below 1 (P. McCullagh, J. A. Nelder, Generalized Linear Models, 2nd ed., 1989, ch. 9). Raises ``ValueError``
    for fewer than ``LEAST_MONTHS`` steps or ``LEAST_COUNT`` counts.
    """
    y = np.asarray(counts, dtype=float)
    if y.size < LEAST_MONTHS or y.sum() < LEAST_COUNT:
        raise ValueError(f"{y.size} steps, {y.sum():g} counts")
    steps = np.linspace(-1, 1, y.size)
    turn = 2 * np.pi * np.asarray(months) / 12
    trend = np.column_stack([np.ones(y.size), steps])
    waves = np.column_stack([wave(times * turn) for times in (1, 2) for wave in (np.sin, np.cos)])
    offset = np.log(np.asarray(days, dtype=float))
    expected = _fitted(y, trend, offset)
    seasonal = _fitted(y, np.column_stack([trend, waves]), offset)
    freedom = y.size - trend.shape[1] - waves.shape[1]
    spread = max(1.0, float(((y - seasonal) ** 2 / seasonal).sum()) / freedom)
    gained = max(0.0, _deviance(y, expected) - _deviance(y, seasonal))
    p = float(fdtrc(waves.shape[1], freedom, gained / waves.shape[1] / spread))
    return Seasonality(expected, seasonal, spread, p)


def _fitted(
    y: NDArray[np.float64], design: NDArray[np.float64], offset: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Poisson's regression by iteratively reweighted least squares."""
    weights = np.zeros(design.shape[1])
    weights[0] = np.log(y.sum() / np.exp(offset).sum())
    for _ in range(_ROUNDS):
        mean = np.exp(offset + design @ weights)
        step = np.linalg.lstsq(design.T @ (design * mean[:, None]), design.T @ (y - mean), rcond=None)[0]
        step *= min(1.0, _STRIDE / max(float(np.abs(design @ step).max()), 1e-300))
        weights += step
        if np.abs(step).max() < 1e-10:
            break
    return np.asarray(np.exp(offset + design @ weights), dtype=float)


def _deviance(y: NDArray[np.float64], mean: NDArray[np.float64]) -> float:
    logs = np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / mean), 0.0)
    return float(2 * (logs - (y - mean)).sum())
