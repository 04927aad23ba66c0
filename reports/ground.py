"""Base data of a report: districts of the borders in force, their areas, and the layers to draw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import shapely
from django.conf import settings
from django.contrib.gis.db.models.functions import AsGeoJSON, AsWKB, GeometryDistance, Transform
from django.contrib.gis.geos import Point
from django.db.models import FloatField, Func, QuerySet, Subquery, Value
from django.utils import timezone

from districts.models import BoundaryRevision, District, DistrictBoundary, Place
from geo.points import WGS84_SRID


@dataclass(frozen=True)
class DistrictGround:
    """A district and its area in the city's metric CRS."""

    id: int
    code: str
    name: str
    kind: str
    area_m2: float
    #: None where it is not known.
    residents: int | None = None


def district_grounds(on: dt.date) -> tuple[DistrictGround, ...]:
    """Districts of the borders in force on that day, ordered by name; one statement."""
    return _grounds(_in_force(on))


def past_district_grounds() -> tuple[DistrictGround, ...]:
    """Districts of all borders that were ever published, each as in the last that had it; one statement."""
    published = DistrictBoundary.objects.exclude(revision__state=BoundaryRevision.State.DRAFT)
    return _grounds(published.order_by("revision__effective_from", "revision__number"))


def _grounds(boundaries: QuerySet[DistrictBoundary]) -> tuple[DistrictGround, ...]:
    area = Func(Transform("geom", settings.METRIC_SRID), function="ST_Area", output_field=FloatField())
    rows = boundaries.select_related("district").annotate(area_m2=area).defer("geom")
    # The later one of a district replaces the earlier.
    grounds = {
        row.district_id: DistrictGround(
            row.district_id, row.district.code, row.name, row.district.kind, row.area_m2, row.residents
        )
        for row in rows
    }
    return tuple(sorted(grounds.values(), key=lambda ground: (ground.name, ground.code)))


def outlines_of(borders: Mapping[str, Any]) -> dict[str, Any]:
    """The geometries of ``district_borders`` by the codes of their districts."""
    return {one["properties"]["code"]: one["geometry"] for one in borders["features"]}


def district_borders(on: dt.date) -> dict[str, Any]:
    """Territories of the borders in force as a GeoJSON FeatureCollection (code, and name in the reader's language).

    For a city without territories, its own outline.
    """
    rows = list(
        _in_force(on).select_related("district").annotate(text=AsGeoJSON("geom", precision=5)).defer("geom")
    )
    drawn = [row for row in rows if row.district.kind != District.Kind.CITY] or rows
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": row.district.code, "name": row.name},
                "geometry": orjson.loads(row.text),
            }
            for row in drawn
        ],
    }


def study_area(on: dt.date, district: str, *, past: bool) -> shapely.Geometry | None:
    """The ground of the district of that code, or of the whole city without one, in the city's metric CRS; one statement.

    Of the borders in force on that day; a district that is asked for with ``past`` has those of the last borders that had it. None
    where there is no such ground.
    """
    boundaries = (
        DistrictBoundary.objects.exclude(revision__state=BoundaryRevision.State.DRAFT).order_by(
            "-revision__effective_from", "-revision__number"
        )
        if past and district
        else _in_force(on)
    )
    rows = list(
        (boundaries.filter(district__code=district)[:1] if district else boundaries)
        .annotate(metric=AsWKB(Transform("geom", settings.METRIC_SRID)))
        .values_list("metric", "district__kind")
    )
    cities = [text for text, kind in rows if kind == District.Kind.CITY] or [text for text, _kind in rows]
    return shapely.union_all(shapely.from_wkb([bytes(text) for text in cities])) if cities else None


def city_area_m2(grounds: tuple[DistrictGround, ...]) -> float:
    """Area of the city: of its outline or, without one, of all its territories."""
    cities = [ground.area_m2 for ground in grounds if ground.kind == District.Kind.CITY]
    return sum(cities) if cities else sum(ground.area_m2 for ground in grounds)


def nearest_places(centres: Sequence[tuple[float, float]]) -> list[str]:
    """Name of the gazetteer place nearest to each (lon, lat); where the gazetteer is empty, of the district that it lies in, "" outside of all.

    Streets are left out: in the gazetteer a street is one point, but it may be long. One statement, and another for districts.
    """
    if not centres:
        return []
    places = Place.objects.exclude(kind="street")
    nearest = [
        # The distance operator uses the spatial index; degrees are good enough to find the nearest.
        places.order_by(GeometryDistance("point", Point(lon, lat, srid=WGS84_SRID))).annotate(
            number=Value(number)
        )[:1]
        for number, (lon, lat) in enumerate(centres)
    ]
    names = {place.number: place.name for place in nearest[0].union(*nearest[1:], all=True)}
    if not names:
        territories = _in_force(timezone.localdate()).exclude(district__kind=District.Kind.CITY)
        holding = [
            territories.filter(geom__covers=Point(lon, lat, srid=WGS84_SRID)).annotate(number=Value(number))[
                :1
            ]
            for number, (lon, lat) in enumerate(centres)
        ]
        names = {held.number: held.name for held in holding[0].union(*holding[1:], all=True)}
    return [names.get(number, "") for number in range(len(centres))]


def nearest_place_of_each(centres: Sequence[tuple[float, float]]) -> list[str]:
    """The same of many at once, by places alone: "" where the gazetteer is empty. One statement."""
    # Loaded by the first who asks for a file.
    from scipy.spatial import KDTree

    places = [*Place.objects.exclude(kind="street").order_by("pk")]
    if not places or not centres:
        return [""] * len(centres)
    _distances, nearest = KDTree([place.point.coords for place in places]).query(centres)
    return [places[number].name for number in nearest.tolist()]


def base_layer() -> dict[str, Any]:
    """The profile's own base layer (``base.geojson``), or an empty collection if it has none."""
    path = Path(settings.CITY_FOLDER) / "base.geojson"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return {"type": "FeatureCollection", "features": []}


@lru_cache(maxsize=1)
def _read(path: Path, changed_at: int) -> dict[str, Any]:
    layer: dict[str, Any] = orjson.loads(path.read_bytes())
    return layer


def _in_force(on: dt.date) -> QuerySet[DistrictBoundary]:
    revision = BoundaryRevision.objects.in_force(on).values("pk")[:1]
    return DistrictBoundary.objects.filter(revision=Subquery(revision))
