"""What it costs to find who waits for a new appeal among 100,000 alerts, against asking each alert for itself."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence

import shapely
from django.conf import settings
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import connection, transaction
from django.utils import timezone

from appeals.models import Alert, Appeal
from districts import choices
from districts.models import Category, District
from geo.lines import circle
from tests.bench.table import Line

ALERTS = 100_000
APPEALS = 40
#: Of a hundred alerts; the others are of a district, and one of all of the city.
_CIRCLES, _DRAWN, _CITY = 70, 19, 1


def matching() -> list[Line]:
    """Seconds an appeal, by the indexes and without them; whom they find is held against shapely's answer."""
    with transaction.atomic():
        rows = _alerts(random.Random(11))
        Alert.objects.bulk_create(rows, batch_size=5_000)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE appeals_alert")
            # One process does both: what others take over depends on how busy the machine is.
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        newest = Appeal.objects.select_related("category").order_by("-submitted_at")
        appeals = list(newest.exclude(district=None)[:APPEALS])
        indexed, found = _timed(appeals)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_indexscan = off")
        plain, again = _timed(appeals)
        expected = [_expected(rows, appeal) for appeal in appeals]
        assert found == again == expected, "the indexes find others than shapely"
        transaction.set_rollback(True)
    told = sum(map(len, found)) / len(found)
    return [
        Line(
            f"who waits for an appeal, of {ALERTS:,} alerts ({told:,.0f} do)",
            f"{indexed * 1e3:.1f} ms",
            f"{plain * 1e3:.1f} ms each alert asked",
            indexed / plain,
            "at most a fifth",
            indexed < plain / 5,
        )
    ]


def _timed(appeals: Sequence[Appeal]) -> tuple[float, list[set[int]]]:
    started = time.perf_counter()
    found = [set(Alert.objects.watching(appeal).values_list("pk", flat=True)) for appeal in appeals]
    return (time.perf_counter() - started) / len(appeals), found


def _alerts(source: random.Random) -> list[Alert]:
    """Alerts as people draw them: circles of a quarter, areas of a few corners, districts; a third of some categories."""
    west, south, east, north = settings.CITY_BOUNDS
    districts = list(District.objects.filter(code__in=[choice.code for choice in choices.districts()]))
    groups = list(Category.objects.filter(parent=None).values_list("pk", flat=True))
    rows = []
    for n in range(ALERTS):
        point = Point(source.uniform(west, east), source.uniform(south, north), srid=4326)
        row = Alert(
            pk=n + 1,
            email=f"{n}@example.org",
            language="ky",
            daily=bool(n % 2),
            query=f"{n}",
            categories=source.sample(groups, 2) if n % 3 == 0 else [],
            confirmed_at=timezone.now(),
        )
        kind = n % 100
        if kind < _CIRCLES:
            row.area = circle(point, source.choice((250, 500, 1_000))).geom()
        elif kind < _CIRCLES + _DRAWN:
            row.area = _drawn(point, source)
        elif kind < 100 - _CITY:
            row.district = source.choice(districts)
        rows.append(row)
    return rows


def _drawn(point: Point, source: random.Random) -> MultiPolygon:
    turns = sorted(source.uniform(0, 2 * math.pi) for _corner in range(source.randint(5, 12)))
    ring = [(point.x + 0.006 * math.cos(turn), point.y + 0.004 * math.sin(turn)) for turn in turns]
    return MultiPolygon(Polygon([*ring, ring[0]]), srid=4326)


def _expected(rows: Sequence[Alert], appeal: Appeal) -> set[int]:
    """By shapely, row after row."""
    drawn = [row for row in rows if row.area is not None]
    areas = shapely.from_wkb([bytes(row.area.wkb) for row in drawn if row.area is not None])
    here = shapely.covers(areas, shapely.Point(appeal.point.x, appeal.point.y))
    inside = {row.pk for row, covers in zip(drawn, here, strict=True) if covers}
    wanted = {appeal.category_id, appeal.category.parent_id}
    return {
        row.pk
        for row in rows
        if (not row.categories or wanted & {*row.categories})
        and (row.pk in inside or (row.area is None and row.district_id in {None, appeal.district_id}))
    }
