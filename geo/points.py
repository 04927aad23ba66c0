"""Strict parsing of a point: finite degrees inside the city's bounds, or an error saying what is wrong."""

from __future__ import annotations

import math
import re
from typing import Final
from urllib.parse import unquote

from django.conf import settings
from django.contrib.gis.geos import Point
from django.utils.translation import gettext as _

from geo.refusals import ValueRefused

WGS84_SRID = 4326

#: What people's keyboards and maps write for a degree, a minute, a second, a minus and a space.
_SIGNS: Final = str.maketrans({"º": "°", "˚": "°", **dict.fromkeys("’‘′´`", "'"), **dict.fromkeys("”“″", '"'), "−": "-", "–": "-"})  # fmt: skip
#: The halves of the globe in English, Russian and Kyrgyz, by the axis and the sign that they mean.
_HALVES: Final = {
    ("lat", 1): r"n|с(?:\.?\s?ш\b\.?)?|т\.?\s?к\b\.?",
    ("lat", -1): r"s|ю(?:\.?\s?ш\b\.?)?",
    ("lon", 1): r"e|в(?:\.?\s?д\b\.?)?|ч\.?\s?у\b\.?",
    ("lon", -1): r"w|з(?:\.?\s?д\b\.?)?|б\.?\s?у\b\.?",
}
_LABELS: Final = {
    "lat": r"lat(?:itude)?|широта|кеңдик|кендик",
    "lon": r"lon(?:g(?:itude)?)?|lng|долгота|узундук",
}
_HALF: Final = rf"(?:{'|'.join(_HALVES.values())})(?![^\W\d_])"
_FRACTION: Final = r"(?:[.,][0-9]{1,15})?"


def _angle(n: int) -> str:
    """Regular expression of an angle: decimal degrees, or degrees with minutes and perhaps seconds."""
    seconds = rf"[0-9]{{1,2}}(?:\s*'\s*|\s+)[0-9]{{1,2}}{_FRACTION}\s*(?:\"|'')?"
    return rf"""(?:(?P<label{n}>{"|".join(_LABELS.values())})\s*[:=]?\s*)?(?:(?P<before{n}>{_HALF})\s*)?(?P<sign{n}>-?)(?:
        (?P<whole{n}>[0-9]{{1,3}})(?P<degree{n}>\s*°\s*|\s+)(?P<minutes{n}>{seconds}|[0-9]{{1,2}}{_FRACTION}\s*'?)
        |(?P<decimal{n}>[0-9]{{1,3}}{_FRACTION})\s*°?)(?(before{n})|(?:\s*(?P<after{n}>{_HALF}))?)"""


_PAIR: Final = re.compile(
    rf"\s*[(\[]?\s*{_angle(1)}(?P<between>\s*[,;/]\s*|\s+|(?<=[^0-9.,\s])){_angle(2)}\s*[)\]]?\s*", re.VERBOSE
)
#: Characters of the longest way to write both, with room.
_PAIR_MAX: Final = 200
#: A place in a link that a map's "share" gives: geo:40.5,72.8 or …?q=40.5,72.8 or …/@40.5,72.8,17z or #map=17/40.5/72.8.
_LINK: Final = re.compile(
    r"(?:^geo:|[?&](?:q|ll|m|pt|query|destination|daddr)=|/@|/place/|\#map=[0-9.]+/)(-?[0-9]{1,3}\.[0-9]+[,/]\s?-?[0-9]{1,3}\.[0-9]+)"
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
    """(lon, lat) in decimal degrees of a place as people copy it from maps and phones, which say the latitude first.

    Degrees with a decimal point or comma, degrees with minutes and seconds (``40°31'02"N 72°48'13"E``), halves of the
    globe in three languages, links to maps. The other order is understood where the halves say so, or where only it
    lies in the city. None when it is not a place.
    """
    if link := _LINK.search(unquote(text)):
        text = link[1].replace("/", ",")
    # Of a run of spaces the expression would try every way to share it out.
    text = " ".join(text.lower().translate(_SIGNS).split())
    match = _PAIR.fullmatch(text) if len(text) <= _PAIR_MAX else None
    if match is None:
        return None
    first, second = _degrees(match, 1), _degrees(match, 2)
    # 40,52,72 may be two places of the comma or three numbers.
    commas = ["," in (match[f"decimal{n}"] or "") for n in (1, 2)]
    if first is None or second is None or (match["between"] == "," and commas[0] != commas[1]):
        return None
    axes = [_axis(match, n) for n in (1, 2)]
    if axes[0] and axes[0] == axes[1]:
        return None
    if any(axes):
        return (first, second) if axes[0] == "lon" or axes[1] == "lat" else (second, first)
    if not inside_bounds(float(second), float(first)) and inside_bounds(float(first), float(second)):
        return first, second
    return second, first


def _degrees(match: re.Match[str], n: int) -> str | None:
    """The angle in decimal degrees; None for 60 minutes or seconds and for numbers that nothing makes an angle."""
    half = match[f"before{n}"] or match[f"after{n}"] or ""
    south_or_west = any(sign < 0 and re.fullmatch(words, half) for (_axis, sign), words in _HALVES.items())
    if match[f"sign{n}"] and half:
        return None
    sign = "-" if match[f"sign{n}"] or south_or_west else ""
    if decimal := match[f"decimal{n}"]:
        return sign + decimal.replace(",", ".")
    if not (half or "°" in match[f"degree{n}"]):
        return None
    parts = [
        float(part.replace(",", ".")) for part in re.findall(r"[0-9]+(?:[.,][0-9]+)?", match[f"minutes{n}"])
    ]
    if any(part >= 60 for part in parts):
        return None
    degrees = int(match[f"whole{n}"]) + sum(part / 60**power for power, part in enumerate(parts, 1))
    return f"{sign}{degrees:.7f}"


def _axis(match: re.Match[str], n: int) -> str:
    """Which axis the angle says that it is on: lat, lon or empty; both of them as the half says."""
    half = match[f"before{n}"] or match[f"after{n}"] or ""
    label = match[f"label{n}"] or ""
    by_half = next((axis for (axis, _sign), words in _HALVES.items() if re.fullmatch(words, half)), "")
    return by_half or next((axis for axis, words in _LABELS.items() if re.fullmatch(words, label)), "")
