"""What a routing decision costs, against the textbook way: queries of GeoDjango, one pin after the other."""

from __future__ import annotations

import datetime as dt
import random
import time
from contextlib import suppress

from django.conf import settings
from django.contrib.gis.geos import Point
from django.utils import timezone

from districts.models import BoundaryRevision, Category, DistrictBoundary, Service, ServiceArea
from districts.routing import Pin, Route, RoutingError, route, route_many
from tests.bench.table import Line

PINS = 5_000
ONE_BY_ONE = 400


def decisions() -> list[Line]:
    """Seconds a pin in bulk and alone, the decisions held against those of plain queries."""
    today = timezone.localdate()
    source = random.Random(7)
    west, south, east, north = settings.CITY_BOUNDS
    leaves = list(Category.objects.leaves().order_by("code"))
    pins = [
        Pin(source.uniform(west, east), source.uniform(south, north), source.choice(leaves).pk)
        for _ in range(PINS)
    ]
    started = time.process_time(), time.perf_counter()
    together = list(route_many(pins, on=today))
    bulk = (time.perf_counter() - started[1]) / PINS
    started_at = time.perf_counter()
    for pin in pins[:ONE_BY_ONE]:
        with suppress(RoutingError):
            route(pin, on=today)
    alone = (time.perf_counter() - started_at) / ONE_BY_ONE
    by_id = {leaf.pk: leaf for leaf in leaves}
    started_at = time.perf_counter()
    textbook = [_textbook(pin, by_id[pin.category_id], today) for pin in pins[:ONE_BY_ONE]]
    plain = (time.perf_counter() - started_at) / ONE_BY_ONE
    for decided, expected in zip(together, textbook, strict=False):
        found = (decided.service_id, decided.area_id) if isinstance(decided, Route) else None
        assert found == expected, (found, expected)
    return [
        Line(
            "routing in bulk, a pin",
            f"{bulk * 1e6:.0f} µs",
            f"{plain * 1e6:.0f} µs plain queries",
            bulk / plain,
            "",
            True,
        ),
        Line(
            "routing alone, a pin",
            f"{alone * 1e6:.0f} µs",
            f"{plain * 1e6:.0f} µs plain queries",
            alone / plain,
            "",
            True,
        ),
    ]


def _textbook(pin: Pin, category: Category, today: dt.date) -> tuple[int, int | None] | None:
    point = Point(pin.lon, pin.lat, srid=4326)
    revision = BoundaryRevision.objects.in_force(today).first()
    assert revision is not None
    if not DistrictBoundary.objects.of(revision).covering(point).filter(district__kind="city").exists():
        return None
    city_wide = category.service_id or (category.parent.service_id if category.parent else None)
    taking = []
    for area in ServiceArea.objects.of(revision).as_of(today).covering(point).filter(service__active=True):
        wanted = set(area.categories.values_list("pk", flat=True))
        if wanted & {category.pk, category.parent_id} if wanted else area.service_id == city_wide:
            flat = area.geom.transform(settings.METRIC_SRID, clone=True)
            taking.append((-area.priority, round(flat.area), area.code, area.service_id, area.pk))
    if taking:
        _priority, _size, _code, service_id, area_id = min(taking)
        return service_id, area_id
    if city_wide is None and (office := Service.objects.office()) is not None:
        # What no service answers for is the Mayor's Office's to hand on.
        city_wide = office.pk
    return (city_wide, None) if city_wide is not None else None
