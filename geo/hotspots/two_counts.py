"""Two counts of the same thing, as of one year and of the year before: how many times the one is the other, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincc, betaincinv


@dataclass(frozen=True)
class RateRatio:
    """``value`` is rate by rate, between ``low`` and ``high`` as often as asked; ``p`` is the chance of counts as far apart where the rates are equal, two-sided.

    Arrays of one shape, or scalars of shape (). ``value`` is NaN where both counts are zero, infinite where the second alone is.
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p: NDArray[np.float64]


def rate_ratio(
    count: ArrayLike,
    other: ArrayLike,
    exposure: ArrayLike = 1.0,
    other_exposure: ArrayLike = 1.0,
    *,
    sure: float = 0.95,
) -> RateRatio:
    """The rate of ``count`` by that of ``other``, with its exact interval that holds at least ``sure`` of all times.

    Counts are whole and of Poisson's law, each over its ``exposure`` (days, say), in the same unit; all broadcast to one shape. Given their sum,
    ``count`` is binomial (J. Przyborowski, H. Wilenski, Homogeneity of results in testing samples from Poisson series, Biometrika 31 (1940), 313-323), and
    the interval is Clopper and Pearson's (Biometrika 26 (1934), 404-413). ``p`` is twice the smaller tail, at most 1, so that it is below
    1 - ``sure`` just where the interval lies on one side of 1. Raises ``ValueError`` for a count below zero or an exposure that is not above it.
    """
    x, y, t, s = np.broadcast_arrays(
        *(np.asarray(values, dtype=float) for values in (count, other, exposure, other_exposure))
    )
    if (x < 0).any() or (y < 0).any() or not ((t > 0).all() and (s > 0).all()):
        raise ValueError("counts are not below zero, exposures above it")
    tail = (1 - sure) / 2
    # The law of beta has no parameter that is zero: there the bound is none, and the tail is all.
    low = np.where(x > 0, betaincinv(np.maximum(x, 1), y + 1, tail), 0.0)
    high = np.where(y > 0, betaincinv(x + 1, np.maximum(y, 1), 1 - tail), 1.0)
    equal = t / (t + s)
    above = np.where(x > 0, betainc(np.maximum(x, 1), y + 1, equal), 1.0)
    below = np.where(y > 0, betaincc(x + 1, np.maximum(y, 1), equal), 1.0)

    def odds(part: NDArray[Any], rest: NDArray[Any]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(part / rest * (s / t), dtype=float)

    return RateRatio(
        odds(x, y), odds(low, 1 - low), odds(high, 1 - high), np.minimum(1.0, 2 * np.minimum(above, below))
    )
