"""Coordinate reference systems that files declare, and the way from them to EPSG:4326."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.exceptions import CRSError, ProjError

from geo.points import WGS84_SRID
from geo.refusals import ValueRefused

#: An authority and its code, as GeoJSON of 2008, OGC's names and people write them. No other text reaches PROJ.
_NAME: Final = re.compile(
    r"(?:urn:(?:x-)?ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?(EPSG|ESRI|OGC|IGNF)[:/](?:[\w.]*[:/])?(\w{1,20})",
    re.ASCII | re.IGNORECASE,
)


class CrsRefused(ValueRefused):
    """A coordinate reference system that is not understood; ``str()`` is a sentence in the reader's language."""


@dataclass(frozen=True)
class Crs:
    """A known CRS, such as ``EPSG:4284``, with its name."""

    code: str
    name: str

    @property
    def is_wgs84(self) -> bool:
        """True when its coordinates are longitude and latitude of EPSG:4326 already."""
        return self.code in {"EPSG:4326", "OGC:CRS84"}

    def is_same(self, other: Crs) -> bool:
        """True when coordinates of both mean the same places."""
        return self.code == other.code or (self.is_wgs84 and other.is_wgs84)

    def __str__(self) -> str:
        return f"{self.code} ({self.name})"

    def to_degrees(self, coordinates: np.ndarray) -> np.ndarray:
        """Array (n, 2) of lon, lat in EPSG:4326 from one of x, y (east and north, or longitude and latitude).

        Infinite where the CRS is not defined.
        """
        x, y = _to_degrees(self.code, settings.CITY_BOUNDS).transform(coordinates[:, 0], coordinates[:, 1])
        return np.column_stack([x, y])


WGS84: Final = Crs("EPSG:4326", "WGS 84")


def crs_named(name: str) -> Crs:
    """The CRS of an authority's code: ``EPSG:4284``, ``urn:ogc:def:crs:EPSG::4284``, ``OGC:CRS84``.

    Raises ``CrsRefused`` for any other text, a code that PROJ does not know, one that is not of places on the ground (of
    heights, say), and a CRS from which there is no known way to EPSG:4326 (two systems taken for the same may lie
    hundreds of metres apart).
    """
    match = _NAME.fullmatch(name.strip())
    if match is None:
        raise CrsRefused(
            _("The coordinate reference system “%(name)s” is not understood; name it as EPSG:4326.")
            % {"name": name[:80]}
        )
    code = f"{match[1].upper()}:{match[2].upper()}"
    try:
        crs = CRS.from_authority(match[1].upper(), match[2].upper())
        # Of heights, say, PROJ may make degrees without a word.
        if crs.is_projected or crs.is_geographic:
            _to_degrees(code, settings.CITY_BOUNDS)
            return Crs(code, crs.name)
    except (CRSError, ProjError):
        pass
    raise CrsRefused(
        _("No way is known from the coordinate reference system %(code)s to EPSG:4326.") % {"code": code}
    )


def declared_crs(member: object) -> Crs:
    """The CRS of GeoJSON's ``crs`` member (specification of 2008, chapter 3; RFC 7946 has none): WGS 84 without one.

    Raises ``CrsRefused``.
    """
    if member is None:
        return WGS84
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(member, dict) or member.get("type") != "name" or not isinstance(name, str):
        raise CrsRefused(_("The file's crs member does not name a coordinate reference system."))
    return crs_named(name)


@lru_cache(maxsize=16)
def _to_degrees(code: str, bounds: tuple[float, float, float, float]) -> Transformer:
    # Which way is the best depends on the place: PROJ knows several for most old datums.
    return Transformer.from_crs(
        CRS.from_authority(*code.split(":")),
        WGS84_SRID,
        always_xy=True,
        # Its annotation names a private class of the same shape.
        area_of_interest=AreaOfInterest(*bounds),  # type: ignore[arg-type]
        # A way that merely equates the two datums would be off by their difference, and say nothing.
        allow_ballpark=False,
    )
