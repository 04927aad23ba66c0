"""Names of streets along them, as ``folium_map/names.js`` puts them on the screen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np

from geo.paper_map.pens import Box, Points

_STEP_MM: Final = 1.0
#: Between a name and another one, and free at its ends.
_GAP_MM, _FREE_MM = 2.6, 2.0
#: A name stands on a piece whose ends are nearly as far from each other as it is long.
_STRAIGHT: Final = 0.99
#: Its letters stand on this side of the middle of the street.
_BELOW_MM: Final = 0.65
_Rectangle = tuple[float, float, float, float]


def along_streets(
    streets: Iterable[tuple[str, list[Points]]],
    box: Box,
    width: Callable[[str], float],
    taken: Iterable[_Rectangle],
) -> Iterator[tuple[str, tuple[float, float], float]]:
    """Name, where it begins, and degrees by which it rises; streets are names with their lines (x, y in millimetres, y downwards).

    The first comes first: where two would meet, or one of ``taken`` (x, y, x, y) stands, the next straight piece is tried, and a street
    that has none is left out. ``width`` gives the millimetres that a name is long.
    """
    rectangles = np.array([*taken], dtype=float).reshape(-1, 4)
    written = np.zeros((0, 2))
    done = set()
    for name, lines in streets:
        if name in done:
            continue
        long = width(name)
        count = math.ceil((long + 2 * _FREE_MM) / _STEP_MM) + 1
        runs = sorted((run for line in lines for run in _runs(line, box)), key=len, reverse=True)
        for run in (run for run in runs if len(run) >= count):
            piece = _piece(run, count, written, rectangles)
            if piece is None:
                continue
            done.add(name)
            written = np.concatenate([written, piece])
            begin, end = sorted((piece[0], piece[-1]), key=lambda at: at[0])
            x, y = (end - begin) / math.hypot(*(end - begin))
            middle = (begin + end) / 2
            at = (middle[0] - x * long / 2 - y * _BELOW_MM, middle[1] - y * long / 2 + x * _BELOW_MM)
            yield name, at, -math.degrees(math.atan2(y, x))
            break


def _runs(line: Points, box: Box) -> list[Points]:
    """The pieces of the line that lie in the box, as places ``_STEP_MM`` apart."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.arange(0.0, along[-1], _STEP_MM)
    places = np.column_stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)])
    x, y = places.T
    seen = np.asarray(
        (x > box.x + 1) & (x < box.x + box.width - 1) & (y > box.y + 2) & (y < box.y + box.height - 2)
    )
    parts = np.split(places, np.flatnonzero(np.diff(seen)) + 1)
    return [
        part
        for part, first in zip(parts, np.cumsum([0, *map(len, parts[:-1])]), strict=True)
        if len(part) and seen[first]
    ]


def _piece(run: Points, count: int, written: Points, rectangles: Points) -> Points | None:
    """The straight piece nearest to the middle of the run that is free; None where there is none."""
    middle = (len(run) - count) / 2
    for first in sorted(range(len(run) - count + 1), key=lambda start: abs(start - middle)):
        piece = run[first : first + count]
        if math.hypot(*(piece[-1] - piece[0])) < _STRAIGHT * _STEP_MM * (count - 1):
            continue
        # Where its letters stand: on the way from end to end.
        piece = np.linspace(piece[0], piece[-1], count)
        x, y = piece[:, :1], piece[:, 1:]
        near = np.hypot(x - written[:, 0], y - written[:, 1]) < _GAP_MM
        left, top, right, bottom = rectangles.T
        if not near.any() and not ((x > left) & (x < right) & (y > top) & (y < bottom)).any():
            return piece
    return None
