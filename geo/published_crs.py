"""Coordinate reference systems in which features are given out and boxes are asked for: OGC's names and axis order.

The order of the axes is that of the authority (OGC API - Features Part 2, 6.1): EPSG:4326 begins with the latitude,
which CRS84 does not. Within the code it stays lon, lat; only here it is turned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.db.models.functions import Transform
from django.contrib.gis.db.models.lookups import IntersectsLookup
from django.contrib.gis.geos import Polygon
from django.db.models import BooleanField, Case, F, FloatField, Func, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.lookups import Range
from django.utils.translation import gettext as _
from pyproj import CRS, Transformer
from pyproj.enums import TransformDirection

from geo.bbox import Bbox, BboxRefused, parse_bbox
from geo.points import DECIMALS, WGS84_SRID
from geo.refusals import ValueRefused

_EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
_WEB_MERCATOR: Final = 3857
#: Centimetres; degrees have ``DECIMALS``.
_DECIMALS_OF_METRES: Final = 2
#: About a metre, since the sides of a box in metres are sampled, and bend between the samples by less.
_MARGIN_DEGREES: Final = 1e-5


@dataclass(frozen=True)
class PublishedCrs:
    """A CRS by OGC's name. ``turned``: its first axis points north."""

    uri: str
    srid: int
    turned: bool

    @property
    def is_degrees(self) -> bool:
        """True when its coordinates are those that are stored, in one order or the other."""
        return self.srid == WGS84_SRID

    @property
    def decimals(self) -> int:
        """Decimals of published coordinates."""
        return DECIMALS if self.is_degrees else _DECIMALS_OF_METRES

    def of(self, column: str) -> str | Combinable:
        """The column's geometry in this CRS, its axes in the authority's order."""
        given: str | Combinable = column if self.is_degrees else Transform(column, self.srid)
        if not self.turned:
            return given
        return Func(given, function="ST_FlipCoordinates", output_field=GeometryField(srid=self.srid))


#: Longitude, latitude: how everything is stored, and given out unless another one is asked for.
CRS84: Final = PublishedCrs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", WGS84_SRID, turned=False)


def published_crs() -> dict[str, PublishedCrs]:
    """What can be asked for, by name: CRS84, EPSG:4326, web Mercator, the city's metric CRS."""
    return _published(settings.METRIC_SRID)


@lru_cache(maxsize=4)
def _published(metric_srid: int) -> dict[str, PublishedCrs]:
    by_code = [
        PublishedCrs(f"{_EPSG}{srid}", srid, CRS.from_epsg(srid).axis_info[0].direction in {"north", "south"})
        for srid in dict.fromkeys((WGS84_SRID, _WEB_MERCATOR, metric_srid))
    ]
    return {crs.uri: crs for crs in (CRS84, *by_code)}


def published_crs_named(uri: str) -> PublishedCrs:
    """The CRS of that name, exactly as ``published_crs`` has it. Raises ``ValueRefused``."""
    known = published_crs()
    if uri not in known:
        raise ValueRefused(_("Choose among: %(choices)s.") % {"choices": ", ".join(known)})
    return known[uri]


@dataclass(frozen=True)
class DegreeBox:
    """Boxes in degrees: one, or the two sides of the antimeridian."""

    parts: tuple[Bbox, ...]

    def holds(self, column: str) -> Q:
        """Condition that the column's point is in the box, border included; exact, and uses the GiST index."""
        condition = Q()
        for part in self.parts:
            condition |= part.holds(column)
        return condition

    def meets(self, column: str) -> Q:
        """Condition that the column's geometry and the box have a point in common; uses the GiST index."""
        condition = Q()
        for part in self.parts:
            condition |= Q(**{f"{column}__intersects": part.polygon()})
        return condition


@dataclass(frozen=True)
class ProjectedBox:
    """An upright box in a CRS of metres, x before y; its sides are curves in degrees."""

    srid: int
    west: float
    south: float
    east: float
    north: float

    def holds(self, column: str) -> Q:
        """Condition that the column's point, which is in the city, is in the box, border included; exact.

        The index finds what lies in a box of degrees around it, and only that is transformed.
        """
        around = self._around()
        if around is None:
            return Q(pk__in=[])
        projected = Transform(column, self.srid)
        x = Func(projected, function="ST_X", output_field=FloatField())
        y = Func(projected, function="ST_Y", output_field=FloatField())
        exact = Range(x, (self.west, self.east)) & Range(y, (self.south, self.north))
        # Inside a CASE for the same reason as in ``Bbox.holds``.
        return Q(**{f"{column}__bboverlaps": around.polygon()}) & Q(
            Case(When(exact, then=Value(True)), default=Value(False), output_field=BooleanField())
        )

    def meets(self, column: str) -> Q:
        """Condition that the column's geometry and the box have a point in common; reads every row."""
        box = Polygon.from_bbox((self.west, self.south, self.east, self.north))
        box.srid = self.srid
        return Q(IntersectsLookup(Transform(F(column), self.srid), box))

    def _around(self) -> Bbox | None:
        """A box of degrees that holds what is common to this one and the city; None where there is nothing."""
        to_degrees = _to_degrees(self.srid)
        west, south, east, north = to_degrees.transform_bounds(
            *settings.CITY_BOUNDS, densify_pts=20, direction=TransformDirection.INVERSE
        )
        common = (max(self.west, west), max(self.south, south), min(self.east, east), min(self.north, north))
        if common[0] > common[2] or common[1] > common[3]:
            return None
        west, south, east, north = to_degrees.transform_bounds(*common, densify_pts=20)
        margin = _MARGIN_DEGREES
        return Bbox(west - margin, south - margin, east + margin, north + margin)


Box = DegreeBox | ProjectedBox


def parse_box(text: str, crs: PublishedCrs) -> Box:
    """The box of four numbers in the CRS, or of six with heights, which nothing here has (Part 1, 7.15.3; Part 2, 6.5).

    In degrees, one whose west lies east of its east spans the antimeridian. Raises ``BboxRefused``.
    """
    parts = text.split(",")
    if len(parts) == 6:
        if not all(math.isfinite(height) for height in _numbers([parts[2], parts[5]])):
            raise BboxRefused(_("bbox must be four numbers, or six with heights."))
        parts = [*parts[:2], *parts[3:5]]
    if len(parts) == 4 and crs.turned:
        parts = [parts[1], parts[0], parts[3], parts[2]]
    if not crs.is_degrees:
        return _projected(parts, crs.srid)
    numbers = _numbers(parts)
    if len(numbers) == 4 and numbers[0] > numbers[2]:
        west, south, east, north = parts
        sides = [f"{west},{south},180,{north}", f"-180,{south},{east},{north}"]
        return DegreeBox(tuple(map(parse_bbox, sides)))
    return DegreeBox((parse_bbox(",".join(parts)),))


def _projected(parts: list[str], srid: int) -> ProjectedBox:
    numbers = _numbers(parts)
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise BboxRefused(
            _("bbox must be four numbers in metres of its CRS: the lower corner, then the upper one.")
        )
    west, south, east, north = numbers
    if west > east or south > north:
        raise BboxRefused(_("bbox must begin with its south-west corner: west,south,east,north."))
    return ProjectedBox(srid, west, south, east, north)


def _numbers(parts: list[str]) -> list[float]:
    """The numbers; NaN for what is none."""
    try:
        return [float(part) if part.isascii() and "_" not in part else math.nan for part in parts]
    except ValueError:
        return [math.nan] * len(parts)


@lru_cache(maxsize=8)
def _to_degrees(srid: int) -> Transformer:
    return Transformer.from_crs(srid, WGS84_SRID, always_xy=True)
