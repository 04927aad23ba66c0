"""A smooth surface of appeals per square kilometre: for the eye. It says nothing of significance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

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

    smooth = _Smoothing(mask.shape, math.sqrt((bandwidth_m / pixel_m) ** 2 - 1 / 12))
    within = smooth(mask)
    surface = np.full(mask.shape, np.nan)
    np.divide(smooth(np.where(mask, counts, 0)), within, out=surface, where=mask)
    return surface / (pixel_m / 1000.0) ** 2


class _Smoothing:
    """Gaussian kernels on arrays of one shape, ``deviation`` in pixels; what lies beyond the array is 0.

    By Fourier's transform, whose cost does not grow with the kernel: of 2,048 by 2,048 pixels and a deviation of 15, two fifths
    of the time of ``scipy.ndimage.gaussian_filter``, whose kernel this is.
    """

    def __init__(self, shape: tuple[int, ...], deviation: float) -> None:
        self._shape = shape
        reach = int(_REACH * deviation + 0.5)
        away = np.arange(-reach, reach + 1)
        kernel = np.exp(-0.5 * (away / deviation) ** 2)
        kernel /= kernel.sum()
        # So much wider that what goes out on one side does not come back on the other.
        self._wide = tuple(fft.next_fast_len(length + reach, real=True) for length in shape)
        rows, columns = (np.zeros(length) for length in self._wide)
        for line in (rows, columns):
            np.add.at(line, away % len(line), kernel)
        self._spectrum = fft.fft(rows).real[:, None] * fft.rfft(columns).real

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float64]:
        spectrum = fft.rfft2(values.astype(float), self._wide)
        spectrum *= self._spectrum
        smooth = fft.irfft2(spectrum, self._wide)[: self._shape[0], : self._shape[1]]
        # Rounding leaves less than nothing where there is nothing.
        return np.asarray(np.maximum(smooth, 0.0))
