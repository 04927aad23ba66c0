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

Each of its polygons is a rectangle, and so its own bounding box. Where the shape must decide there is the ugly city. A
unit of it is 1/128 degree, south-west corner 72.75, 40.50: halves and quarters of a unit are exact in floating point,
so that what lies on a border in the drawing lies on it to the last bit::

    4 +-------+       +---------------+---------------+
      |       |       |               | ring          |
    3 |  ell  | notch |     hill      |   +-------+   |
      |       |       |               |   | +---+ |   |
    2 |   +---+---+---+             ..|   | |eye| |   |
      |   |  ne   |   |         ..''  |   | +---+ |   |
    1 +---+-------+   |     ..''      |   +-------+   |
      |sw |           | ..''   dale   |               |
    0 +---+-----------+---------------+---------------+
      0   1   2   3   4   5   6   7   8   9   10  11  12

The city is all of it but the notch. The L (ell), hill, dale, the ring with its hole and the eye within that hole are each a
district and a service area for lamps; the rest of the hole belongs to no district and no area. The areas sw and ne,
for trees, meet in the point (1, 1). Hill and dale meet on the diagonal from (4, 0) to (8, 2).
"""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import connection, models, transaction

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

#: Outline of each polygon of the ugly city and then its holes, in units.
UGLY: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "city": (((0, 0), (12, 0), (12, 4), (4, 4), (4, 2), (2, 2), (2, 4), (0, 4)),),
    "ell": (((0, 0), (4, 0), (4, 2), (2, 2), (2, 4), (0, 4)),),
    "hill": (((4, 0), (8, 2), (8, 4), (4, 4)),),
    "dale": (((4, 0), (8, 0), (8, 2)),),
    "ring": (((8, 0), (12, 0), (12, 4), (8, 4)), ((9, 1), (11, 1), (11, 3), (9, 3))),
    "eye": (((9.5, 1.5), (10.5, 1.5), (10.5, 2.5), (9.5, 2.5)),),
    "sw": (((0, 0), (1, 0), (1, 1), (0, 1)),),
    "ne": (((1, 1), (3, 1), (3, 2), (1, 2)),),
}


def box(bounds: tuple[float, float, float, float]) -> MultiPolygon:
    """Rectangle (west, south, east, north) as a MultiPolygon in EPSG:4326, counter-clockwise."""
    west, south, east, north = bounds
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return MultiPolygon(Polygon(ring), srid=4326)


def spot(x: float, y: float) -> tuple[float, float]:
    """(lon, lat) of a point of the ugly city."""
    return (72.75 + x / 128, 40.5 + y / 128)


def ugly(code: str) -> MultiPolygon:
    """Polygon of the ugly city as a MultiPolygon in EPSG:4326."""
    rings = [[spot(*corner) for corner in (*ring, ring[0])] for ring in UGLY[code]]
    return MultiPolygon(Polygon(*rings), srid=4326)


def at(place: tuple[float, float]) -> Point:
    """Point of (lon, lat) in EPSG:4326."""
    return Point(*place, srid=4326)


def names(text: str, field_name: str = "name") -> dict[str, str]:
    """The text as the field's value in each language, told apart by a suffix."""
    return {f"{field_name}_{language}": f"{text} {language}" for language in ("ky", "ru", "en")}


@dataclass
class GridCity:
    """What ``make_city`` or ``make_ugly_city`` made, by code."""

    revision: BoundaryRevision
    services: dict[str, Service] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    districts: dict[str, District] = field(default_factory=dict)
    areas: dict[str, ServiceArea] = field(default_factory=dict)

    def rows(self) -> Iterator[models.Model]:
        """All that it names."""
        yield self.revision
        for made in (self.services, self.categories, self.districts, self.areas):
            yield from made.values()

    def add_area(
        self,
        code: str,
        service: str,
        ground: tuple[float, float, float, float] | MultiPolygon,
        categories: tuple[str, ...] = (),
        *,
        revision: BoundaryRevision | None = None,
        **extra: object,
    ) -> ServiceArea:
        """A new service area on the polygon, or the rectangle of those bounds."""
        outline = ground if isinstance(ground, MultiPolygon) else box(ground)
        extra["revision"] = revision or self.revision
        self.add_areas({code: (service, outline, categories)}, **extra)
        return self.areas[code]

    def add_areas(
        self, areas: Mapping[str, tuple[str, MultiPolygon, tuple[str, ...]]], **extra: object
    ) -> None:
        """New service areas by code, each of a service, a polygon and categories."""
        same = {"revision": self.revision, **extra}
        made = {
            code: ServiceArea(code=code, service=self.services[service], geom=ground, **names(code), **same)
            for code, (service, ground, _) in areas.items()
        }
        ServiceArea.objects.bulk_create(made.values())
        self.areas |= made
        asked_for = ServiceArea.categories.through
        asked_for._default_manager.bulk_create(
            asked_for(servicearea=made[code], category=self.categories[category])
            for code, (*_, categories) in areas.items()
            for category in categories
        )

    def add_districts(self, grounds: Mapping[str, MultiPolygon]) -> None:
        """New territories of the city by code, after the city itself, which is called "city"."""
        made = {
            code: District(
                code=code,
                kind=District.Kind.CITY if code == "city" else District.Kind.TERRITORY,
                **names(code),
            )
            for code in grounds
        }
        District.objects.bulk_create(made.values())
        self.districts |= made
        DistrictBoundary.objects.bulk_create(
            DistrictBoundary(
                revision=self.revision,
                district=made[code],
                parent=None if code == "city" else made["city"],
                geom=ground,
                **names(code),
            )
            for code, ground in grounds.items()
        )


#: What a city is made of, in an order in which it can be written.
_MADE_OF: tuple[type[models.Model], ...] = (
    BoundaryRevision,
    Service,
    Category,
    LegalTerm,
    District,
    DistrictBoundary,
    ServiceArea,
    ServiceArea.categories.through,
)
_TABLES = {model: model._meta.db_table for model in _MADE_OF}

#: Ids by table.
Ids = Mapping[str, int]


@dataclass(frozen=True)
class Pattern:
    """A city's rows in SQL, where ``%(table)s`` stands for the id before the table's first, and its objects, pickled."""

    insert: str
    counts: Ids
    pickled: bytes
    before: Ids

    @classmethod
    def of(cls, city: GridCity, before: Ids) -> Pattern:
        """``city`` is all that was written after the ids ``before``."""
        statements, counts = [], {}
        with connection.cursor() as cursor:
            for model, table in _TABLES.items():
                fields = model._meta.local_concrete_fields
                columns = ", ".join(f'"{one.column}"' for one in fields)
                values = ", ".join(_literal(one, before) for one in fields)
                cursor.execute(
                    f"SELECT count(*), string_agg('(' || concat_ws(', ', {values}) || ')', ', ' ORDER BY id) "
                    f"FROM {table} WHERE id > {before[table]}"
                )
                counts[table], rows = cursor.fetchone()
                statements.append(f"INSERT INTO {table} ({columns}) VALUES {rows}")
        return cls("; ".join(statements), counts, pickle.dumps(city), before)

    def laid_out(self) -> GridCity:
        """The city under the next ids of each table."""
        with connection.cursor() as cursor:
            taken = (
                f"setval('{table}_id_seq', nextval('{table}_id_seq') + {count - 1}) - {count}"
                for table, count in self.counts.items()
            )
            cursor.execute(f"SELECT {', '.join(taken)}")
            before = dict(zip(self.counts, cursor.fetchone(), strict=True))
            cursor.execute(self.insert % before)
        city: GridCity = pickle.loads(self.pickled)
        for row in city.rows():
            for one, table in _ids_in(type(row)):
                known = row.__dict__[one.attname]
                if known is not None:
                    # Not through the descriptor, which would forget the related row.
                    row.__dict__[one.attname] = known - self.before[table] + before[table]
        return city


@cache
def _ids_in(model: type[models.Model]) -> list[tuple[models.Field[Any, Any], str]]:
    """The fields of the model that hold ids, and the tables of those."""
    holders = [
        (one, one.related_model or model)
        for one in model._meta.local_concrete_fields
        if one.primary_key or one.is_relation
    ]
    return [(one, _TABLES[of]) for one, of in holders]


def _literal(one: models.Field[Any, Any], before: Ids) -> str:
    """SQL of the column's value as it stands in a pattern."""
    for holder, table in _ids_in(one.model):
        if holder == one:
            return f"coalesce('%({table})s + ' || ({one.column} - {before[table]}), 'NULL')"
    return f"replace(quote_nullable({one.column}::text), '%', '%%')"


def make_city() -> GridCity:
    """The grid city in the test's database: borders in force since 2020, 14 working days for everything.

    Half of all tests begin with it: it is put together once in a process, and from then on its rows are written again
    under new ids.
    """
    return _pattern().laid_out()


@cache
def _pattern() -> Pattern:
    """It is the same whatever else is in the database, and no row of it stays there."""
    with transaction.atomic():
        there = {model: [*model._base_manager.values_list("pk", flat=True)] for model in _TABLES}
        city = _put_together()
        first = {
            table: model._base_manager.exclude(pk__in=there[model]).aggregate(first=models.Min("pk"))["first"]
            for model, table in _TABLES.items()
        }
        pattern = Pattern.of(city, {table: one - 1 for table, one in first.items()})
        transaction.set_rollback(True)
    return pattern


def _put_together() -> GridCity:
    city = _without_ground()
    city.add_districts(
        {code: box(bounds) for code, bounds in (("city", CITY), ("west", WEST), ("east", EAST))}
    )
    city.add_areas(
        {
            f"light-{side}": ("light", box(bounds), ("lamp",))
            for side, bounds in (("west", WEST), ("east", EAST))
        }
    )
    city.add_area("park", "green", PARK, ("lamp", "tree"), priority=10)
    return city


def make_ugly_city() -> GridCity:
    """The ugly city in the test's database, with the services and categories of the grid city."""
    city = _without_ground()
    city.add_districts({code: ugly(code) for code in ("city", "ell", "hill", "dale", "ring", "eye")})
    lit = {code: ("light", ugly(code), ("lamp",)) for code in ("ell", "hill", "dale", "ring", "eye")}
    city.add_areas({**lit, **{code: ("green", ugly(code), ("tree",)) for code in ("sw", "ne")}})
    return city


def _without_ground() -> GridCity:
    """Written in few statements: half of all tests begin with it."""
    city = GridCity(
        BoundaryRevision.objects.create(
            number=1,
            name="first",
            state=BoundaryRevision.State.PUBLISHED,
            effective_from=dt.date(2020, 1, 1),
            published_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
            applied=True,
        )
    )
    city.services = {
        code: Service(
            code=code,
            is_office=code == "office",
            email=f"{code}@city.example",
            **names(code),
            **names(code, "short"),
        )
        for code in ("roads", "light", "green", "office")
    }
    Service.objects.bulk_create(city.services.values())
    group = Category.objects.create(code="street", position=1, **names("street"))
    leaves = {"pothole": "roads", "lamp": "light", "tree": "green", "other": None}
    city.categories = {
        code: Category(
            code=code,
            parent=group,
            position=position,
            service=city.services[service] if service else None,
            **names(code),
        )
        for position, (code, service) in enumerate(leaves.items())
    }
    Category.objects.bulk_create(city.categories.values())
    city.categories["street"] = group
    # Past the rows' own manager, which counts appeals again: there are none yet.
    term = LegalTerm(working_days=14, valid_from=dt.date(2020, 1, 1), law="law")
    models.QuerySet(LegalTerm).bulk_create([term])
    return city
