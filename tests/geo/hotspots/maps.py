"""Maps that the tests of hotspots share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

QUEEN = 1.5
CIRCLE = 2.5


def ugly_mask(rows: int = 24, columns: int = 31) -> NDArray[np.bool_]:
    """A city with a bay, a lake, an island and a cell that touches it by a corner only."""
    mask = np.ones((rows, columns), dtype=bool)
    mask[:5, :9] = False
    mask[10:14, 12:17] = False
    mask[:, -4:] = False
    mask[3:6, -2:] = True
    mask[-1, -4] = True
    return mask


def scattered(mask: NDArray[np.bool_], mean: float, seed: int = 7) -> NDArray[np.int64]:
    """Counts by chance, and rubbish outside the study area, which nothing may read."""
    counts = np.random.default_rng(seed).poisson(mean, mask.shape).astype(np.int64)
    counts[~mask] = 9_999
    return counts


def neighbours(mask: NDArray[np.bool_], radius: float) -> dict[int, list[int]]:
    """For each cell of the mask, numbered by rows, the other cells of it within the radius: what PySAL weighs."""
    places = np.argwhere(mask)
    return {
        number: [
            other
            for other, away in enumerate(np.hypot(*(places - place).T))
            if other != number and away <= radius
        ]
        for number, place in enumerate(places)
    }


def inside(values: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    """The values of the mask's cells, in the order of ``neighbours``."""
    return values[mask]
