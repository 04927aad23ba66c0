"""Getis and Ord's local statistic Gi*: how far the sum around a cell is from what the whole map expects there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.hotspots.window import window_sums


def gi_star(values: NDArray[Any], mask: NDArray[np.bool_], window: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The z of each cell, shape (rows, columns), NaN outside the mask; zero everywhere on a map of equal values.

    z = (Wx - W m) / (s sqrt((n W - W²) / (n - 1))), where Wx and W are the sum and the number of the cells in the window
    around the cell that lie in the mask, the cell among them, and n, m, s the number, mean and population deviation of the
    cells of the mask. Where the window covers the whole mask nothing can deviate: zero.

    Ord and Getis 1995, "Local spatial autocorrelation statistics: distributional issues and an application", Geographical
    Analysis 27(4), equation 14; equal to PySAL's ``esda.G_Local(transform="B", star=True).Zs``. A convolution takes the
    place of a matrix of weights. Raises ``ValueError`` as ``window_sums`` does, and for fewer than two cells.
    """
    z = standardised(
        window_sums(values, mask, window).astype(float),
        window_sums(mask, mask, window).astype(float),
        np.asarray(values, dtype=float)[mask],
    )
    z[~mask] = np.nan
    return z


def standardised(
    sums: NDArray[np.float64], neighbours: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The z of sums over so many neighbours each, drawn from all ``values``; zero where nothing can deviate.

    Raises ``ValueError`` for fewer than two values.
    """
    n = values.size
    if n < 2:
        raise ValueError("a study area of fewer than two cells")
    spread = values.std() * np.sqrt(np.maximum(n * neighbours - neighbours**2, 0.0) / (n - 1))
    z = np.zeros(sums.shape)
    np.divide(sums - neighbours * values.mean(), spread, out=z, where=spread > 0)
    return z
