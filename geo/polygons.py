"""Strict parsing of areas: GeoJSON geometry becomes a valid multipolygon in the city, or an error says what's
wrong and where.

Our own code reads the dict number by number; GDAL and GEOS only see arrays of checked floats, never text.
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import shapely
from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.utils.translation import gettext as _

from geo.crs import WGS84, Crs
from geo.points import WGS84_SRID, GeometryRefused

#: Positions in one geometry; the boundary of a large country to the metre has fewer.
MAX_VERTICES: Final = 500_000
#: An area may exceed the city's bounds by this fraction of their width and height.
BOUNDS_TOLERANCE: Final = 0.05

#: Lists around a number: a position is depth 1, a ring 2, a polygon 3, a multipolygon 4 (RFC 7946, 3.1).
_DEPTH: Final = {"Polygon": 3, "MultiPolygon": 4}
#: Beyond the range of every CRS in use: anything larger was not meant as a coordinate.
_ANY_CRS: Final = 1e9
_NAME_OF_DEPTH: Final = {1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPolygon"}


class PolygonRefused(GeometryRefused):
    """Input that is not an acceptable area; ``str()`` is a sentence in the reader's language."""


class NestingRefused(PolygonRefused):
    """Coordinates nested like those of the other area type: ``repair`` accepts them."""


@dataclass(frozen=True)
class Area:
    """An accepted area and the repairs it needed (sentences; empty if none).

    ``shape`` is a valid shapely MultiPolygon, EPSG:4326, lon/lat, two dimensions, never empty, its outer rings
    counter-clockwise and its holes clockwise (RFC 7946, 3.1.6), whatever they were in the input.
    """

    shape: shapely.MultiPolygon
    repairs: tuple[str, ...] = ()

    def geom(self) -> MultiPolygon:
        """The area for GeoDjango, EPSG:4326."""
        return as_geos(self.shape)


def as_geos(shape: shapely.MultiPolygon) -> MultiPolygon:
    """The same multipolygon as a GeoDjango geometry, EPSG:4326."""
    return cast(MultiPolygon, GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=WGS84_SRID))


def multipolygon(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """A shapely (multi)polygon as a multipolygon with counter-clockwise outer rings (RFC 7946, 3.1.6).

    Raises ``PolygonRefused`` for anything else or if empty.
    """
    if shape.geom_type not in _DEPTH or shape.is_empty:
        raise PolygonRefused(_("The result is not an area."))
    return shapely.MultiPolygon(shapely.get_parts(shapely.orient_polygons(shape)).tolist())


def city_area(geometry: object, *, repair: bool = False, crs: Crs = WGS84) -> Area:
    """The area of a GeoJSON geometry (RFC 7946: Polygon or MultiPolygon) with coordinates x, y of ``crs``.

    With ``repair``, coordinates nested one level too deep or too shallow for their type are read as the type
    they fit, and the area's repairs say so; nothing else is ever repaired. A third number in a position
    (altitude) is dropped. Raises ``PolygonRefused`` for a wrong type or nesting, a coordinate that is not a
    finite number of degrees, or lies where ``crs`` is not defined, an open or too short ring, more than ``MAX_VERTICES`` positions, an area outside
    the city's bounds, and anything GEOS finds invalid (OGC 06-103r4, 6.1.11), naming the place.
    """
    if geometry is None:
        raise PolygonRefused(_("There is no geometry."))
    if not isinstance(geometry, dict):
        raise PolygonRefused(_("The geometry is not a GeoJSON object."))
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if not isinstance(kind, str) or kind not in _DEPTH:
        raise PolygonRefused(
            _("The geometry is %(type)s; an area must be a Polygon or MultiPolygon.") % {"type": _shown(kind)}
        )
    depth = _depth(coordinates)
    repairs: tuple[str, ...] = ()
    if depth != _DEPTH[kind]:
        types = {"type": kind, "fits": _NAME_OF_DEPTH.get(depth, _("no geometry"))}
        sentence = _("The type is %(type)s, but the coordinates are nested like %(fits)s.") % types
        if depth not in _DEPTH.values():
            raise PolygonRefused(sentence)
        if not repair:
            raise NestingRefused(sentence)
        repairs = (_("type %(type)s read as %(fits)s, to match how its coordinates are nested") % types,)
    polygons = [coordinates] if depth == _DEPTH["Polygon"] else coordinates
    budget = _Budget(MAX_VERTICES, degrees=crs.is_wgs84)
    shape = shapely.MultiPolygon(
        [_polygon(polygon, path, budget) for polygon, path in _numbered(polygons, "polygon")]
    )
    if not crs.is_wgs84:
        shape = shapely.transform(shape, crs.to_degrees)
        if not np.isfinite(shapely.get_coordinates(shape)).all():
            raise PolygonRefused(
                _("The area lies where %(crs)s (%(name)s) is not defined.")
                % {"crs": crs.code, "name": crs.name}
            )
    _check_place(shape)
    _check_valid(shape)
    return Area(shapely.orient_polygons(shape), repairs)


class _Budget:
    """Positions that may still be read, and whether they are degrees."""

    def __init__(self, vertices: int, *, degrees: bool) -> None:
        self.limit = self.left = vertices
        self.degrees = degrees

    def spend(self, vertices: int) -> None:
        self.left -= vertices
        if self.left < 0:
            raise PolygonRefused(
                _("The area has more than %(n)d positions: simplify it first.") % {"n": self.limit}
            )


def _depth(coordinates: object) -> int:
    # Bounded: a text of a million brackets must cost nothing. Only the first member is followed; the rest is checked
    # item by item later.
    depth = 0
    while isinstance(coordinates, list) and depth < 6:
        depth += 1
        coordinates = coordinates[0] if coordinates else None
    return depth


def _numbered(items: object, what: str, path: str = "") -> list[tuple[Any, str]]:
    if not isinstance(items, list) or not items:
        raise PolygonRefused(_("The geometry is empty."))
    return [(item, f"{path}{', ' if path else ''}{what} {n}") for n, item in enumerate(items, 1)]


def _polygon(rings: object, path: str, budget: _Budget) -> shapely.Polygon:
    shell, *holes = [_ring(ring, where, budget) for ring, where in _numbered(rings, "ring", path)]
    return shapely.Polygon(shell, holes)


def _ring(positions: object, where: str, budget: _Budget) -> np.ndarray:
    """Array (n, 2) of float64 x, y: lon, lat when they are degrees."""
    if not isinstance(positions, list):
        raise PolygonRefused(_("%(where)s is not a list of positions.") % {"where": where})
    budget.spend(len(positions))
    ring = np.array(
        [_position(position, n, where, degrees=budget.degrees) for n, position in enumerate(positions, 1)],
        dtype=float,
    )
    if len(ring) < 4:
        raise PolygonRefused(
            _("%(where)s has %(n)d positions; a ring has at least four.") % {"where": where, "n": len(ring)}
        )
    if (ring[0] != ring[-1]).any():
        raise PolygonRefused(
            _("%(where)s is not closed: its last position differs from its first.") % {"where": where}
        )
    return ring


def _position(position: object, n: int, where: str, *, degrees: bool) -> tuple[float, float]:
    if (
        not isinstance(position, list)
        or not 2 <= len(position) <= 3
        or not all(_is_number(v) for v in position)
    ):
        raise PolygonRefused(
            _(
                "%(where)s, position %(n)d is %(value)s; a position must be two finite numbers, "
                "longitude and latitude."
            )
            % {"where": where, "n": n, "value": _shown(position)}
        )
    lon, lat = float(position[0]), float(position[1])
    if degrees and (abs(lon) > 180 or abs(lat) > 90):
        raise PolygonRefused(
            _(
                "%(where)s, position %(n)d is %(value)s, which is not longitude, latitude in degrees (EPSG:4326)."
            )
            % {"where": where, "n": n, "value": _shown(position)}
        )
    return lon, lat


def _is_number(value: object) -> bool:
    # A comparison, because an int of a thousand digits overflows isfinite().
    return isinstance(value, int | float) and not isinstance(value, bool) and -_ANY_CRS < value < _ANY_CRS


def _check_place(shape: shapely.MultiPolygon) -> None:
    west, south, east, north = settings.CITY_BOUNDS
    spare_x, spare_y = (east - west) * BOUNDS_TOLERANCE, (north - south) * BOUNDS_TOLERANCE
    allowed = (west - spare_x, south - spare_y, east + spare_x, north + spare_y)
    found = shapely.bounds(shape)
    if _within(found, allowed):
        return
    if _within((found[1], found[0], found[3], found[2]), allowed):
        raise PolygonRefused(_("Longitude and latitude seem to be swapped: longitude comes first."))
    raise PolygonRefused(
        _("The area spans %(found)s, beyond the city's bounds %(bounds)s.")
        % {"found": _box(found), "bounds": _box(settings.CITY_BOUNDS)}
    )


def _within(box: Sequence[float], outer: Sequence[float]) -> bool:
    return bool(box[0] >= outer[0] and box[1] >= outer[1] and box[2] <= outer[2] and box[3] <= outer[3])


def _box(box: Sequence[float]) -> str:
    return "{:.4f} {:.4f} – {:.4f} {:.4f}".format(*box)


def _check_valid(shape: shapely.MultiPolygon) -> None:
    said = shapely.is_valid_reason(shape)
    if said != "Valid Geometry":
        # Such as "Self-intersection[72.72 40.52]": GEOS always names a place.
        fault, lon, lat = said.rstrip("]").replace("[", " ").rsplit(" ", 2)
        words = {"reason": _fault(fault), "lat": f"{float(lat):.5f}", "lon": f"{float(lon):.5f}"}
        raise PolygonRefused(
            _("The area is not valid: %(reason)s near latitude %(lat)s, longitude %(lon)s.") % words
        )
    if shape.area == 0:
        raise PolygonRefused(_("The area is empty."))


def _fault(said: str) -> str:
    """What GEOS finds (``TopologyValidationError::errMsg``) in the reader's language; as it is if it is none of these."""
    return {
        "Self-intersection": _("the border crosses or touches itself"),
        "Ring Self-intersection": _("the border crosses or touches itself"),
        "Hole lies outside shell": _("a hole lies outside of the border"),
        "Holes are nested": _("a hole lies in another hole"),
        "Nested holes": _("a hole lies in another hole"),
        "Nested shells": _("a part lies in another part"),
        "Interior is disconnected": _("holes cut the area apart"),
        "Duplicate Rings": _("the same border is given twice"),
        "Too few points in geometry component": _("a border has too few different corners"),
    }.get(said, said)


def _shown(value: object) -> str:
    # reprlib stops after a few items: the value may be a whole file.
    return "null" if value is None else reprlib.repr(value)
