"""A smooth surface of appeals per square kilometre: for the eye. It says nothing of significance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

#: Standard deviations after which the kernel is cut off: what lies beyond is less than a millionth of it.
_REACH = 5.5


def density_surface(
    counts: NDArray[Any], mask: NDArray[np.bool_], *, pixel_m: float, bandwidth_m: float
) -> NDArray[np.float64]:
    """Appeals per km² at each pixel's centre, of shape (rows, columns), NaN outside the mask.

    A Gaussian kernel of ``bandwidth_m`` metres (its standard deviation) over ``counts`` of pixels of ``pixel_m`` metres, which
    may be at most a quarter of it, else the pixels would show (``ValueError``). At the edge of the study area it is divided by
    the share of the kernel that lies inside: no appeal can come from outside, and without this a street at the border
    would look quieter than it is (Diggle 1985, "A kernel method for smoothing point process data").
    """
    if not (math.isfinite(bandwidth_m) and 0 < pixel_m <= bandwidth_m / 4):
        raise ValueError(f"pixels of {pixel_m} m for a bandwidth of {bandwidth_m} m")
    if counts.ndim != 2 or counts.shape != mask.shape:
        raise ValueError(f"a map of {counts.shape} with a mask of {mask.shape}")

    deviation = math.sqrt((bandwidth_m / pixel_m) ** 2 - 1 / 12)

    def smooth(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(gaussian_filter(values.astype(float), deviation, mode="constant", truncate=_REACH))

    surface = np.full(mask.shape, np.nan)
    np.divide(smooth(np.where(mask, counts, 0)), smooth(mask), out=surface, where=mask)
    return surface / (pixel_m / 1000.0) ** 2
