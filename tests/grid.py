"""A hand-made city on a grid, small enough to be reckoned in one's head.

Inside the demo city's bounds, in degrees (lon, lat); a unit is 0.01 degree, the city is 8 x 4 units::

    72.70                72.74                72.78
      +--------------------+--------------------+  40.54
      |        west        |        east        |
      |    +---------+     |                    |  40.53
      |    |  park   |     |                    |
      |    +---------+     |                    |  40.51
      +--------------------+--------------------+  40.50

Services: roads (city-wide for potholes), light, green (the park), office. Service areas of revision 1: light-west and
light-east for lamps, park (priority 10) for lamps and trees.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.utils import timezone

from appeals.models import LegalTerm
from districts.models import BoundaryRevision, Category, District, DistrictBoundary, Service, ServiceArea

WEST = (72.70, 40.50, 72.74, 40.54)
EAST = (72.74, 40.50, 72.78, 40.54)
CITY = (72.70, 40.50, 72.78, 40.54)
PARK = (72.71, 40.51, 72.73, 40.53)

IN_WEST = (72.705, 40.505)
IN_EAST = (72.76, 40.52)
IN_PARK = (72.72, 40.52)
ON_MIDDLE = (72.74, 40.52)
OUTSIDE = (72.69, 40.52)


def box(bounds: tuple[float, float, float, float]) -> MultiPolygon:
    """Rectangle (west, south, east, north) as a MultiPolygon in EPSG:4326."""
    return MultiPolygon(Polygon.from_bbox(bounds), srid=4326)


def at(place: tuple[float, float]) -> Point:
    """Point of (lon, lat) in EPSG:4326."""
    return Point(*place, srid=4326)


def names(text: str, field_name: str = "name") -> dict[str, str]:
    """The text as the field's value in each language, told apart by a suffix."""
    return {f"{field_name}_{language}": f"{text} {language}" for language in ("ky", "ru", "en")}


@dataclass
class GridCity:
    """What ``make_city`` made, by code."""

    revision: BoundaryRevision
    services: dict[str, Service] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    districts: dict[str, District] = field(default_factory=dict)
    areas: dict[str, ServiceArea] = field(default_factory=dict)

    def add_area(
        self,
        code: str,
        service: str,
        bounds: tuple[float, float, float, float],
        categories: tuple[str, ...] = (),
        *,
        revision: BoundaryRevision | None = None,
        **extra: object,
    ) -> ServiceArea:
        """A new service area on the rectangle."""
        area = ServiceArea.objects.create(
            revision=revision or self.revision,
            code=code,
            service=self.services[service],
            geom=box(bounds),
            **names(code),
            **extra,
        )
        area.categories.set([self.categories[category] for category in categories])
        self.areas[code] = area
        return area


def make_city() -> GridCity:
    """The grid city in the test's database: borders in force since 2020, 14 working days for everything."""
    city = GridCity(
        BoundaryRevision.objects.create(
            number=1,
            name="first",
            state=BoundaryRevision.State.PUBLISHED,
            effective_from=dt.date(2020, 1, 1),
            published_at=timezone.now(),
        )
    )
    for code in ("roads", "light", "green", "office"):
        city.services[code] = Service.objects.create(
            code=code,
            is_office=code == "office",
            email=f"{code}@city.example",
            **names(code),
            **names(code, "short"),
        )
    group = Category.objects.create(code="street", position=1, **names("street"))
    city.categories["street"] = group
    for position, (code, service) in enumerate(
        [("pothole", "roads"), ("lamp", "light"), ("tree", "green"), ("other", None)]
    ):
        city.categories[code] = Category.objects.create(
            code=code,
            parent=group,
            position=position,
            service=city.services[service] if service else None,
            **names(code),
        )
    whole = District.objects.create(code="city", kind=District.Kind.CITY, **names("city"))
    city.districts["city"] = whole
    DistrictBoundary.objects.create(revision=city.revision, district=whole, geom=box(CITY))
    for code, bounds in (("west", WEST), ("east", EAST)):
        district = District.objects.create(
            code=code, kind=District.Kind.TERRITORY, parent=whole, **names(code)
        )
        city.districts[code] = district
        DistrictBoundary.objects.create(revision=city.revision, district=district, geom=box(bounds))
    city.add_area("light-west", "light", WEST, ("lamp",))
    city.add_area("light-east", "light", EAST, ("lamp",))
    city.add_area("park", "green", PARK, ("lamp", "tree"), priority=10)
    LegalTerm.objects.create(working_days=14, valid_from=dt.date(2020, 1, 1), law="law")
    return city
