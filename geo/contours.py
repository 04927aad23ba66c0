"""Contours of a surface: where it is at least so high, as areas whose borders lie where it passes the level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

#: Between which sides of a square of four centres a line runs, by which of its corners are high: bits of the corners 1 (south-west),
#: 2 (south-east), 4 (north-east), 8 (north-west); sides are south, east, north, west. Where two opposite corners are high, they stay apart.
_LINES: Final = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 0), (1, 2)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((0, 2),),
    10: ((0, 1), (2, 3)),
    11: ((1, 2),),
    12: ((1, 3),),
    13: ((0, 1),),
    14: ((3, 0),),
}
_STEPS: Final = (1, 2, 5)


def round_levels(least: float, highest: float, most: int) -> list[float]:
    """Of 1, 2 and 5 times powers of ten the ``most`` highest from ``least`` (above 0) to ``highest``, in rising order: the same levels on every map."""
    powers = range(math.floor(math.log10(least)), math.floor(math.log10(max(highest, least))) + 1)
    levels = (float(f"{step}e{power}") for power in powers for step in _STEPS)
    return [level for level in levels if least <= level <= highest][-most:]


def areas_above(
    surface: NDArray[np.float64], levels: Sequence[float], *, west_m: float, south_m: float, pixel_m: float
) -> list[shapely.Geometry]:
    """For each level (above 0) the polygons in which the surface is at least so high, in metres of its grid; empty where it is nowhere.

    ``surface`` has shape (rows, columns), rows from the south, a value at each pixel's centre; NaN counts as 0, and so does what lies beyond.
    ``west_m`` and ``south_m`` are its south-western corner. Between centres it is linear (marching squares, Lorensen and Cline 1987, in
    the plane).
    """
    padded = np.pad(np.nan_to_num(surface), 1)
    x = west_m + (np.arange(padded.shape[1]) - 0.5) * pixel_m
    y = south_m + (np.arange(padded.shape[0]) - 0.5) * pixel_m
    return [_area(padded, level, x, y) for level in levels]


def _area(values: NDArray[Any], level: float, x: NDArray[Any], y: NDArray[Any]) -> shapely.Geometry:
    high = values >= level
    corners = (high[:-1, :-1], high[:-1, 1:], high[1:, 1:], high[1:, :-1])
    case = np.sum([corner.astype(np.uint8) << bit for bit, corner in enumerate(corners)], axis=0)
    # Each crossing of a side is computed once for the two squares beside it, so that their lines meet exactly.
    with np.errstate(divide="ignore", invalid="ignore"):
        along_x = x[:-1] + (level - values[:, :-1]) / np.diff(values, axis=1) * np.diff(x)
        along_y = y[:-1, None] + (level - values[:-1]) / np.diff(values, axis=0) * np.diff(y)[:, None]

    def crossing(side: int, row: NDArray[Any], column: NDArray[Any]) -> NDArray[Any]:
        match side:
            case 0:
                return np.column_stack([along_x[row, column], y[row]])
            case 1:
                return np.column_stack([x[column + 1], along_y[row, column + 1]])
            case 2:
                return np.column_stack([along_x[row + 1, column], y[row + 1]])
            case _:
                return np.column_stack([x[column], along_y[row, column]])

    lines = [np.zeros((0, 2, 2))]
    for number, sides in _LINES.items():
        row, column = np.nonzero(case == number)
        lines += [np.stack([crossing(side, row, column) for side in pair], axis=1) for pair in sides]
    drawn = shapely.linestrings(np.concatenate(lines))
    faces = shapely.get_parts(shapely.polygonize(drawn[shapely.length(drawn) > 0]))
    # What a face is, the centres in it say: each has one, beside a line.
    row, column = np.nonzero((case > 0) & (case < 15))
    beside = np.unique(
        np.concatenate([np.column_stack([row + up, column + right]) for up in (0, 1) for right in (0, 1)]),
        axis=0,
    )
    centre, face = shapely.STRtree(faces).query(
        shapely.points(x[beside[:, 1]], y[beside[:, 0]]), predicate="within"
    )
    of_high = high[tuple(beside[centre].T)]
    return shapely.union_all(faces[np.unique(face[of_high])])
