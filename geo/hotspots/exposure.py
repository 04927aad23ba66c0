"""Observed against expected: more appeals than the people here, or all appeals here, would account for.

A map of counts is mostly a map of where people are. Here each cell expects its share of what it was exposed to (its residents,
or its appeals of every category), and the window's count is compared with the window's expectation. Real counts vary more
than a Poisson law allows, so that its test calls chance a hotspot on most maps; the negative binomial law has the
extra variance, estimated from the map itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc, gammaincc
from scipy.stats import gamma

from geo.hotspots.significance import classes, q_values
from geo.hotspots.window import window_sums

#: Windows that expect fewer are not tested: any single appeal would be a surprise there.
LEAST_EXPECTED = 1.0

#: Cells below this in the first pass are left out of the second estimate of the extra variance.
_SUSPECTED = 0.2

#: Half of what the 95 % interval leaves out.
_TAIL = 0.025


@dataclass(frozen=True)
class Exposure:
    """Arrays of shape (rows, columns), NaN outside the mask and, but for the first two, where a window was not tested.

    ``observed`` and ``expected`` are sums over the window, ``ratio`` the one by the other, ``p`` two-sided, ``q`` its false discovery rate, ``classes`` -3 to 3 (0 where not tested). ``alpha`` is the
    extra variance: a cell that expects E varies by E + alpha E².
    """

    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    ratio: NDArray[np.float64]
    p: NDArray[np.float64]
    q: NDArray[np.float64]
    classes: NDArray[np.int8]
    alpha: float


def exposure_test(
    counts: NDArray[Any], exposure: NDArray[Any], mask: NDArray[np.bool_], window: NDArray[np.bool_]
) -> Exposure:
    """Each window's count against what its exposure expects of the map's total.

    A cell expects E = e Σx / Σe. The sum over a window has mean ΣE and variance ΣE + alpha ΣE²; its tails are those of the
    negative binomial law with that mean and variance. alpha is estimated by moments, max(0, Σ((x - E)² - E) / ΣE²), then
    once more without the windows that the first pass suspects (q < 0.2 and more than expected), since hotspots themselves
    look like extra variance.

    Exposure is finite, not negative, and its sum over the mask positive. Raises ``ValueError`` otherwise, and as
    ``window_sums`` does.
    """
    inside = np.asarray(exposure, dtype=float)[mask]
    if not np.isfinite(inside).all() or (inside < 0).any() or not inside.sum() > 0:
        raise ValueError("exposure is finite and not negative, and there is some")
    expected = np.zeros(mask.shape)
    expected[mask] = inside * (np.asarray(counts, dtype=float)[mask].sum() / inside.sum())
    in_window = window_sums(expected, mask, window)
    squares = window_sums(expected**2, mask, window)
    observed = window_sums(counts, mask, window).astype(float)
    tested = mask & (in_window >= LEAST_EXPECTED)

    alpha = _extra_variance(counts, expected, mask)
    p = _p(observed, in_window, alpha * squares, tested)
    suspected = tested & (np.nan_to_num(q_values(p), nan=1.0) < _SUSPECTED) & (observed > in_window)
    if suspected.any() and (mask & ~suspected).any():
        alpha = _extra_variance(counts, expected, mask & ~suspected)
        p = _p(observed, in_window, alpha * squares, tested)
    q = q_values(p)
    outside = ~mask
    observed[outside] = np.nan
    in_window[outside] = np.nan
    ratio = np.full(mask.shape, np.nan)
    ratio[tested] = observed[tested] / in_window[tested]
    return Exposure(
        observed=observed,
        expected=in_window,
        ratio=ratio,
        p=p,
        q=q,
        classes=classes(q, observed - in_window),
        alpha=alpha,
    )


def _extra_variance(counts: NDArray[Any], expected: NDArray[np.float64], cells: NDArray[np.bool_]) -> float:
    x, e = np.asarray(counts, dtype=float)[cells], expected[cells]
    squares = float((e**2).sum())
    return max(0.0, float(((x - e) ** 2 - e).sum()) / squares) if squares > 0 else 0.0


def _p(
    observed: NDArray[np.float64],
    mean: NDArray[np.float64],
    extra: NDArray[np.float64],
    tested: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Two-sided; NaN where not tested. ``extra`` is the variance beyond the mean."""
    p = np.full(observed.shape, np.nan)
    o, m, v = observed[tested], mean[tested], extra[tested]
    lower, upper = gammaincc(o + 1, m), np.where(o > 0, gammainc(np.maximum(o, 1), m), 1.0)
    # An extra variance this small has a shape beyond what the incomplete beta can tell from Poisson's.
    wide = v > 1e-9 * m
    if wide.any():
        o, m, v = o[wide], m[wide], v[wide]
        shape = m**2 / v
        lower[wide] = betainc(shape, o + 1, shape / (shape + m))
        upper[wide] = np.where(o > 0, betainc(np.maximum(o, 1), shape, m / (shape + m)), 1.0)
    p[tested] = np.minimum(1.0, 2.0 * np.minimum(lower, upper))
    return p


@dataclass(frozen=True)
class AreaRatios:
    """Arrays of shape (areas,), NaN for an area that expects nothing: the 95 % interval of observed by expected from ``low`` to ``high``, and ``q``, the false discovery rate of its difference from 1."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    q: NDArray[np.float64]


def area_ratios(observed: NDArray[Any], expected: NDArray[Any]) -> AreaRatios:
    """How surely each area has more or fewer than it expects, for areas as few and as different as districts. Arrays of shape (areas,).

    The interval is Garwood's (1936) exact one for a Poisson mean, "Fiducial limits for the Poisson distribution", Biometrika 28; it
    leaves 1 out where the two-sided chance of the same law is below 5 %. q is over all areas (Benjamini and Hochberg).
    """
    o, e = np.asarray(observed, dtype=float), np.asarray(expected, dtype=float)
    tested = e > 0
    low, high = np.full(o.shape, np.nan), np.full(o.shape, np.nan)
    n, m = o[tested], e[tested]
    low[tested] = np.where(n > 0, gamma.ppf(_TAIL, np.maximum(n, 1)) / m, 0.0)
    high[tested] = gamma.ppf(1 - _TAIL, n + 1) / m
    return AreaRatios(low, high, q_values(_p(o, e, np.zeros(o.shape), tested)))
