"""The neighbourhood of a cell: a disc of cells, and sums over the part of it that lies in the study area."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

#: Sums of whole numbers up to here are exact after rounding: the transform's error stays far below one half.
_EXACT_BELOW = 1e12


def disc(radius_cells: float) -> NDArray[np.bool_]:
    """The cells whose centres are at most ``radius_cells`` cell sides from that of the middle one, which is among them.

    A square array of odd side: 1 gives 5 cells (rook), 1.5 gives 9 (queen), 2.5 gives 21. Raises ``ValueError`` for a
    radius that is negative or not finite.
    """
    if not math.isfinite(radius_cells) or radius_cells < 0:
        raise ValueError(f"a radius of {radius_cells} cells")
    reach = math.floor(radius_cells)
    steps = np.arange(-reach, reach + 1)
    return np.asarray(steps[:, None] ** 2 + steps[None, :] ** 2 <= radius_cells**2)


def window_sums(values: NDArray[Any], mask: NDArray[np.bool_], window: NDArray[np.bool_]) -> NDArray[Any]:
    """The sum of ``values`` over the window around each cell, of cells in the mask alone; same shape as ``values``.

    Whole numbers give whole numbers (int64), exactly. What ``values`` holds outside the mask does not matter. Raises
    ``ValueError`` if the shapes differ, a value in the mask is not finite, or whole numbers are too large to be summed exactly.
    """
    check_shapes(values, mask, window)
    inside = np.where(mask, values, 0)
    whole = bool(np.issubdtype(inside.dtype, np.integer) or inside.dtype == bool)
    inside = inside.astype(float)
    if not np.isfinite(inside).all():
        raise ValueError("a value in the study area is not finite")
    if whole and np.abs(inside).sum() > _EXACT_BELOW:
        raise ValueError(f"whole numbers that sum to more than {_EXACT_BELOW:g}")
    # A disc is its own mirror image, so convolution and correlation are one.
    sums = oaconvolve(inside, window.astype(float), mode="same")
    return np.rint(sums).astype(np.int64) if whole else np.asarray(sums)


def check_shapes(values: NDArray[Any], mask: NDArray[np.bool_], window: NDArray[np.bool_]) -> None:
    """Raises ``ValueError`` unless map and mask have one shape, and mask and window are Boolean, the window with odd sides and
    its own mirror image. It may be larger than the map.
    """
    if values.ndim != 2 or values.shape != mask.shape:
        raise ValueError(f"a map of {values.shape} with a mask of {mask.shape}")
    if mask.dtype != bool or window.dtype != bool:
        raise ValueError("mask and window are True and False alone")
    if window.ndim != 2 or not all(side % 2 for side in window.shape):
        raise ValueError(f"a window of {window.shape}: its sides must be odd")
    if not np.array_equal(window, window[::-1, ::-1]):
        raise ValueError("a window that is not its own mirror image")
