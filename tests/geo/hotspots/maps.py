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


def uneven(mask: NDArray[np.bool_], total: float) -> NDArray[np.float64]:
    """People, ten times as many in the middle as at the edge, of whom ``total`` appeals come."""
    rows, columns = np.indices(mask.shape)
    away = np.hypot(rows - mask.shape[0] / 2, columns - mask.shape[1] / 2) / max(mask.shape)
    people = np.where(mask, 0.1 + np.exp(-((away / 0.25) ** 2)), 0.0)
    return np.asarray(people * total / people.sum())


def overdispersed(
    expected: NDArray[np.float64], alpha: float, random: np.random.Generator
) -> NDArray[np.int64]:
    """Counts whose means vary by the variance ``alpha`` around what is expected, each cell for itself."""
    return random.poisson(expected * random.gamma(1 / alpha, alpha, expected.shape))


def with_planted(
    people: NDArray[np.float64], alpha: float, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Overdispersed counts with six places of 5 by 5 cells of three times the risk, and where these are."""
    hot = np.zeros(people.shape, dtype=bool)
    for row, column in random.integers(15, 45, (6, 2)):
        hot[row - 2 : row + 3, column - 2 : column + 3] = True
    return overdispersed(np.where(hot, 3.0, 1.0) * people, alpha, random), hot
