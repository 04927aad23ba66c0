"""Where areas do not fit each other: ground that two of them share, and ground that none of them has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import shapely

from geo.metric import in_metres

#: Smaller than any coordinate can say: what is left when two equal sides are reckoned in floating point.
LEAST_M2: Final = 0.01
#: Ground that is narrower on average is a sliver: two drawings of one line, not a piece of land.
SLIVER_M: Final = 1.0
#: About a metre: areas this near a gap are its neighbours.
_NEAR_DEGREES: Final = 1e-5


@dataclass(frozen=True)
class Misfit:
    """A piece of ground that belongs to several areas, or to none.

    ``areas`` are the keys of those that share it, or that lie around it; ``at`` is (lon, lat) of a point in its largest
    part; ``width_m`` its mean width, twice the area divided by the length of its border.
    """

    areas: tuple[str, ...]
    area_m2: float
    width_m: float
    at: tuple[float, float]

    @property
    def is_sliver(self) -> bool:
        """True when it is narrower than ``SLIVER_M``."""
        return self.width_m < SLIVER_M


def area_m2(shape: shapely.Geometry, srid: int) -> float:
    """Square metres of a shape in EPSG:4326, measured in the metric CRS ``srid``."""
    return float(in_metres(shape, srid).area)


def shared_m2(one: shapely.Geometry, other: shapely.Geometry, srid: int) -> float:
    """Square metres of the ground that both shapes (EPSG:4326) have, measured in the metric CRS ``srid``."""
    return area_m2(shapely.intersection(one, other), srid)


def overlaps(areas: Mapping[str, shapely.Geometry], srid: int) -> list[Misfit]:
    """Ground that two areas share, one entry a pair, the largest first.

    Areas are EPSG:4326, lon/lat, and compared there, as ``ST_Covers`` does; ``srid`` is the metric CRS that measures.
    """
    keys, shapes = list(areas), list(areas.values())
    tree = shapely.STRtree(shapes)
    found = []
    for one, other in zip(*tree.query(shapes, predicate="intersects").tolist(), strict=True):
        if one < other:
            shared = shapely.intersection(shapes[one], shapes[other])
            found += _misfits([(shared, (keys[one], keys[other]))], srid)
    return _largest_first(found)


def gaps(outline: shapely.Geometry, areas: Mapping[str, shapely.Geometry], srid: int) -> list[Misfit]:
    """Connected pieces of the outline that no area covers, the largest first."""
    keys, shapes = list(areas), list(areas.values())
    tree = shapely.STRtree(shapes)

    def around(piece: shapely.Geometry) -> tuple[str, ...]:
        near = tree.query(piece, predicate="dwithin", distance=_NEAR_DEGREES)
        return tuple(sorted(keys[n] for n in near.tolist()))

    left = shapely.difference(outline, shapely.union_all(shapes))
    return _largest_first(
        _misfits([(piece, around(piece)) for piece in shapely.get_parts(left).tolist()], srid)
    )


def holes(shape: shapely.Geometry, srid: int) -> list[tuple[shapely.Polygon, float]]:
    """Holes of the polygons (EPSG:4326) with their square metres, the largest first."""
    rings = [ring for polygon in shapely.get_parts(shape) for ring in polygon.interiors]
    found = [(hole, area_m2(hole, srid)) for hole in map(shapely.Polygon, rings)]
    return sorted(found, key=lambda hole: -hole[1])


def without_holes(shape: shapely.Geometry, closed: Iterable[shapely.Polygon]) -> shapely.Geometry:
    """The polygons with those of their ``holes`` closed."""
    shut = {hole.exterior.wkb for hole in closed}
    return shapely.union_all(
        [
            shapely.Polygon(polygon.exterior, [ring for ring in polygon.interiors if ring.wkb not in shut])
            for polygon in shapely.get_parts(shape)
        ]
    )


def _misfits(pieces: Iterable[tuple[shapely.Geometry, tuple[str, ...]]], srid: int) -> list[Misfit]:
    found = []
    for piece, areas in pieces:
        ground = shapely.MultiPolygon(
            [part for part in shapely.get_parts(piece) if part.geom_type == "Polygon"]
        )
        metres = in_metres(ground, srid)
        if metres.area >= LEAST_M2:
            largest = max(ground.geoms, key=lambda part: part.area)
            at = shapely.point_on_surface(largest)
            width_m = 2 * metres.area / metres.length
            found.append(Misfit(areas, metres.area, width_m, (at.x, at.y)))
    return found


def _largest_first(found: list[Misfit]) -> list[Misfit]:
    return sorted(found, key=lambda misfit: (-misfit.area_m2, misfit.areas, misfit.at))
