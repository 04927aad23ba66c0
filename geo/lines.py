"""Strict parsing of lines, and the ground along them or around a point: a street with some metres on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import shapely
from django.conf import settings
from django.contrib.gis.geos import LineString, Point
from django.utils.translation import gettext as _

from geo.crs import Crs
from geo.metric import in_metres
from geo.points import WGS84_SRID, GeometryRefused, city_point
from geo.polygons import Area, multipolygon

#: Segments of a quarter of a circle, where a corridor ends or bends.
_QUARTER: Final = 8


def city_line(positions: Sequence[tuple[object, object]]) -> LineString:
    """Line in EPSG:4326 through the positions (lon, lat), each as ``city_point`` takes it; repeated ones count once.

    Raises ``GeometryRefused`` for a position that is none, or fewer than two different ones.
    """
    points = [city_point(*position).coords for position in positions]
    corners = [point for n, point in enumerate(points) if n == 0 or point != points[n - 1]]
    if len(corners) < 2:
        raise GeometryRefused(_("A line has at least two different corners."))
    return LineString(*corners, srid=WGS84_SRID)


def corridor(line: LineString, reach_m: float) -> Area:
    """The ground within ``reach_m`` metres of the line, measured in the city's metric CRS, EPSG:4326."""
    return corridor_of([line.coords], reach_m)


def corridor_of(lines: Iterable[Iterable[tuple[float, ...]]], reach_m: float) -> Area:
    """The same of several lines together, each of positions lon, lat."""
    return _within(shapely.MultiLineString([tuple(line) for line in lines]), reach_m)


def circle(point: Point, radius_m: float) -> Area:
    """The ground within ``radius_m`` metres of the point, measured in the city's metric CRS, EPSG:4326."""
    return _within(shapely.Point(point.coords), radius_m)


def _within(shape: shapely.Geometry, reach_m: float) -> Area:
    srid: int = settings.METRIC_SRID
    around = shapely.buffer(in_metres(shape, srid), reach_m, quad_segs=_QUARTER)
    metric = Crs(f"EPSG:{srid}", "")
    return Area(multipolygon(shapely.transform(around, metric.to_degrees)))
