"""Values of the cells of a metric grid: bands of one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.grid import Cell, Grid


@dataclass(frozen=True)
class Band:
    """One value of each cell, shape (rows, columns), rows from the south; NaN where there is none.

    ``meaning`` is a sentence in English. ``codes`` names the values of a band of codes, ``whole`` says that all are integers.
    """

    name: str
    meaning: str
    values: NDArray[np.float64]
    whole: bool = False
    codes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Surface:
    """Bands of one shape; ``west`` and ``south`` are column and row of their south-western cell in the grid."""

    grid: Grid
    west: int
    south: int
    bands: tuple[Band, ...]

    @classmethod
    def of_cells(
        cls,
        grid: Grid,
        values: Mapping[Cell, float],
        otherwise: tuple[Cell, Cell],
        name: str,
        meaning: str,
        codes: Mapping[int, str] | None = None,
    ) -> Surface:
        """A band of whole numbers, those of the cells that have a value, between the outermost of them; without any, empty between two others."""
        held = np.array([*values, *(otherwise if not values else ())])
        (west, south), (east, north) = held.min(axis=0).tolist(), held.max(axis=0).tolist()
        array = np.full((north - south + 1, east - west + 1), np.nan)
        for cell, value in values.items():
            array[cell.j - south, cell.i - west] = value
        return cls(grid, west, south, (Band(name, meaning, array, whole=True, codes=codes or {}),))

    @property
    def corner(self) -> tuple[int, int]:
        """Metres east and north of the north-western corner."""
        rows = len(self.bands[0].values)
        return self.west * self.grid.cell_m, (self.south + rows) * self.grid.cell_m
