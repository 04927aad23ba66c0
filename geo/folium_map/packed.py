"""GeoJSON in a third of its bytes, for the script that unpacks it (``unpack.js``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

#: A type is told by its place.
_TYPES: Final = ("LineString", "MultiLineString", "Polygon", "MultiPolygon")
#: Coordinates are whole numbers of this part of a degree: 0.1 m.
_PARTS: Final = 1_000_000


def packed(features: Iterable[tuple[Mapping[str, Any], Sequence[Any]]]) -> list[list[Any]]:
    """Each feature as its type, its coordinates and its values; given are its geometry (GeoJSON: lon, lat) and its values.

    A line is one list of numbers: the way from place to place, the first of all features from 0, 0.
    """
    last = [0, 0]

    def line(places: Sequence[Sequence[float]]) -> list[int]:
        ways: list[int] = []
        for place in places:
            for axis in (0, 1):
                here = round(place[axis] * _PARTS)
                ways.append(here - last[axis])
                last[axis] = here
        return ways

    def part(coordinates: Sequence[Any]) -> list[Any]:
        if coordinates and isinstance(coordinates[0][0], int | float):
            return line(coordinates)
        return [part(each) for each in coordinates]

    return [
        [_TYPES.index(geometry["type"]), part(geometry["coordinates"]), *values]
        for geometry, values in features
    ]
