"""Ratios of few cases, shrunk towards that of the whole map, so that a small district is not an extreme by chance alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def smoothed_ratios(observed: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.float64]:
    """Observed by expected of each area, shrunk towards Σobserved / Σexpected: the more, the less was expected there.

    Arrays of shape (areas,). An area that expects nothing has the ratio of the whole; where the ratios vary no more than
    chance, all of them do. Marshall 1991, "Mapping disease and mortality rates using empirical Bayes estimators", Applied
    Statistics 40(2), the global estimator by moments; equal to PySAL's ``esda.smoothing.Empirical_Bayes``. Raises
    ``ValueError`` for numbers that are negative or not finite, for different shapes, and where nothing is expected at all.
    """
    o, e = np.asarray(observed, dtype=float), np.asarray(expected, dtype=float)
    if o.shape != e.shape or o.ndim != 1:
        raise ValueError(f"{o.shape} observed, {e.shape} expected")
    if (
        not (np.isfinite(o).all() and np.isfinite(e).all())
        or (o < 0).any()
        or (e < 0).any()
        or not e.sum() > 0
    ):
        raise ValueError("numbers are finite and not negative, and something is expected")
    whole = o.sum() / e.sum()
    ratio = np.full(o.shape, whole)
    np.divide(o, e, out=ratio, where=e > 0)
    between = max(0.0, float((e * (ratio - whole) ** 2).sum() / e.sum() - whole / e.mean()))
    weight = np.zeros(o.shape)
    by_chance = np.zeros(o.shape)
    np.divide(whole, e, out=by_chance, where=e > 0)
    np.divide(between, between + by_chance, out=weight, where=(e > 0) & (between + by_chance > 0))
    return np.asarray(whole + weight * (ratio - whole))
