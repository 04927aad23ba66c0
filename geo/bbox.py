"""Bounding boxes as OGC API Features writes them: ``west,south,east,north`` in CRS84 (lon, lat degrees)."""

from __future__ import annotations

import math
from typing import NamedTuple

from django.contrib.gis.geos import Polygon
from django.utils.translation import gettext as _


class BboxRefused(ValueError):
    """The text is not a bounding box; ``str()`` is a sentence in the reader's language."""


class Bbox(NamedTuple):
    """West, south, east, north in EPSG:4326 degrees."""

    west: float
    south: float
    east: float
    north: float

    def polygon(self) -> Polygon:
        """The box as a polygon in EPSG:4326."""
        box: Polygon = Polygon.from_bbox(tuple(self))
        box.srid = 4326
        return box

    def centre(self) -> tuple[float, float]:
        """Middle of the box: lon, lat."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2

    def __str__(self) -> str:
        return ",".join(f"{value:.6f}".rstrip("0").rstrip(".") for value in self)


def parse_bbox(text: str) -> Bbox:
    """Box of four finite numbers (OGC API Features Part 1, 7.15.3, without the 3D and antimeridian cases).

    Raises ``BboxRefused``.
    """
    parts = text.split(",")
    if len(parts) != 4:
        raise BboxRefused(_("bbox takes four numbers: west,south,east,north. There are %(n)d.") % {"n": len(parts)})
    try:
        west, south, east, north = (float(part) if part.isascii() and "_" not in part else math.nan for part in parts)
    except ValueError:
        raise BboxRefused(_("bbox takes numbers of degrees, such as 72.75,40.50,72.85,40.56.")) from None
    if not all(math.isfinite(value) for value in (west, south, east, north)):
        raise BboxRefused(_("bbox takes numbers of degrees, such as 72.75,40.50,72.85,40.56."))
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):
        raise BboxRefused(_("bbox leaves the globe: degrees of longitude, latitude, longitude, latitude are needed."))
    if west > east or south > north:
        raise BboxRefused(_("bbox must begin with its south-west corner: west,south,east,north."))
    return Bbox(west, south, east, north)
