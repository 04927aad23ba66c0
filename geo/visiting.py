"""In which order to visit places: a short way through all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def visiting_order(places: Sequence[tuple[float, float]], start: tuple[float, float]) -> list[int]:
    """Indices of the places in the order of a short way from the start through all of them, which ends at the last.

    Places and start are metres of a projected CRS, as the crow flies. The nearest place comes next, and then parts of the
    way are turned round or moved elsewhere as long as that makes it shorter (2-opt and or-opt: Croes 1958, Or 1976): short,
    not always the shortest. Of equals the first comes first, so that the same places always give the same order.
    Forty places take a tenth of a second, a hundred some seconds: whoever asks says how many are too many.
    """
    points = np.array([start, *places], dtype=float)
    metres = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    way = _nearest_next(metres)
    while (shorter := _turned(way, metres) or _moved(way, metres)) is not None:
        way = shorter
    return [stop - 1 for stop in way[1:]]


def way_m(
    places: Sequence[tuple[float, float]], order: Sequence[int], start: tuple[float, float]
) -> list[float]:
    """Metres from each stop of the order to the one before it, the first from the start."""
    points = np.array([start, *(places[stop] for stop in order)], dtype=float)
    return [float(step) for step in np.hypot(*np.diff(points, axis=0).T)]


#: A gain below this many metres is rounding.
_LEAST_M = 1e-6


def _nearest_next(metres: NDArray[np.float64]) -> list[int]:
    way, left = [0], set(range(1, len(metres)))
    while left:
        way.append(min(left, key=lambda stop: (metres[way[-1], stop], stop)))
        left.remove(way[-1])
    return way


def _turned(way: list[int], metres: NDArray[np.float64]) -> list[int] | None:
    """The way with one part turned round, where that is shorter; the end of the way may be part of it."""
    for first in range(1, len(way) - 1):
        for last in range(first + 1, len(way)):
            gain = metres[way[first - 1], way[first]] - metres[way[first - 1], way[last]]
            if last + 1 < len(way):
                gain += metres[way[last], way[last + 1]] - metres[way[first], way[last + 1]]
            if gain > _LEAST_M:
                return [*way[:first], *reversed(way[first : last + 1]), *way[last + 1 :]]
    return None


def _moved(way: list[int], metres: NDArray[np.float64]) -> list[int] | None:
    """The way with one to three neighbouring stops moved elsewhere, either way round, where that is shorter."""
    length = _length(way, metres)
    for size in (1, 2, 3):
        for first in range(1, len(way) - size + 1):
            part, rest = way[first : first + size], way[:first] + way[first + size :]
            for place in range(1, len(rest) + 1):
                for piece in (part, part[::-1]):
                    moved = [*rest[:place], *piece, *rest[place:]]
                    if length - _length(moved, metres) > _LEAST_M:
                        return moved
    return None


def _length(way: list[int], metres: NDArray[np.float64]) -> float:
    return float(metres[way[:-1], way[1:]].sum())
