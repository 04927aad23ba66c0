"""Strict parsing of a point: finite degrees inside the city's bounds, or an error saying what is wrong."""

from __future__ import annotations

import math
import re

from django.conf import settings
from django.contrib.gis.geos import Point
from django.utils.translation import gettext as _

from geo.refusals import ValueRefused

WGS84_SRID = 4326

_LAT_LON = re.compile(
    r"\s*(-?\d{1,3}(?:\.\d{1,15})?)\s*°?\s*[,;\s]\s*(-?\d{1,3}(?:\.\d{1,15})?)\s*°?\s*", re.ASCII
)

#: Decimals of a degree in published coordinates: at most 11 cm.
DECIMALS = 6


class GeometryRefused(ValueRefused):
    """Input that is not an acceptable geometry."""


class OutsideBounds(GeometryRefused):
    """Valid degrees, but outside the city's bounding box."""


def _number(value: object) -> float:
    # bool is an int, and float() also accepts "nan", "1_000" and full-width digits: none of them is a
    # coordinate.
    if isinstance(value, str) and value.isascii() and "_" not in value:
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise GeometryRefused(_("A coordinate must be a number of degrees, such as 72.7985."))
    return float(value)


def inside_bounds(lon: float, lat: float) -> bool:
    """True when the point is in the city's bounding box (EPSG:4326, border included)."""
    west, south, east, north = settings.CITY_BOUNDS
    return bool(west <= lon <= east and south <= lat <= north)


def city_point(lon: object, lat: object) -> Point:
    """Point in EPSG:4326 (lon, lat) from numbers or numeric strings.

    Raises ``GeometryRefused`` when a value is not a finite number or when the two are swapped, and ``OutsideBounds``
    when the point is outside the city's bounds. Routing checks that it is inside the city's polygon.
    """
    x, y = _number(lon), _number(lat)
    if inside_bounds(x, y):
        return Point(x, y, srid=WGS84_SRID)
    if inside_bounds(y, x):
        raise GeometryRefused(_("Longitude and latitude seem to be swapped: longitude comes first."))
    if abs(x) > 180 or abs(y) > 90:
        raise GeometryRefused(
            _("Longitude must lie between -180 and 180 and latitude between -90 and 90 degrees.")
        )
    raise OutsideBounds(_("This place is outside the city."))


def lon_lat_from_text(text: str) -> tuple[str, str] | None:
    """(lon, lat) of a pair of degrees as people copy it from maps and phones, which say the latitude first.

    The other order is understood where only it lies in the city. None when it is not a pair of numbers.
    """
    match = _LAT_LON.fullmatch(text)
    if match is None:
        return None
    first, second = match.groups()
    if not inside_bounds(float(second), float(first)) and inside_bounds(float(first), float(second)):
        return first, second
    return second, first
