"""What serving costs: the appeals as GeoJSON, the map's frame, against raw PostGIS and djangorestframework-gis."""

from __future__ import annotations

import datetime as dt
import os
import statistics
from collections.abc import Callable, Iterable
from contextlib import closing
from unittest.mock import patch

import orjson
import psycopg2
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from appeals.deadlines import city_day
from appeals.filters import parse_filter
from appeals.models import Appeal
from districts.models import Category
from geo.tiles import tile_at
from opendata import tiles as tiles_of_appeals
from opendata.ogc.collections import Appeals
from opendata.ogc.sorting import mark_of, order_in
from tests.bench.cpu import cpu_of
from tests.bench.server import Server
from tests.bench.table import Line

PAGE = 1000
ROUNDS = 5
MAP_MAX_BYTES = 60_000
TILE_MAX_BYTES = 300_000


def cpu_per_call(
    call: Callable[[str], object], arguments: list[str], pids: Callable[[], Iterable[int]]
) -> float:
    """CPU milliseconds of one call, the median of the rounds; the first call of each argument is not counted."""
    for argument in arguments:
        call(argument)
    rounds = []
    for _round in range(ROUNDS):
        with cpu_of(pids()) as spent:
            for argument in arguments:
                call(argument)
        rounds.append(spent.ms / len(arguments))
    return statistics.median(rounds)


def frames() -> list[str]:
    """Boxes around the middle of the city, each holding more than a page of appeals, as bbox parameters."""
    west, south, east, north = settings.CITY_BOUNDS
    lon, lat = (west + east) / 2, (south + north) / 2
    half = [(0.02, 0.02), (0.03, 0.02), (0.04, 0.03), (0.05, 0.05)]
    return [f"{lon - x:.4f},{lat - y:.4f},{lon + x:.4f},{lat + y:.4f}" for x, y in half]


def statement_behind(path: str, public_url: str) -> str:
    """The statement that makes the page or tile, as the product that is served at that address sends it to PostGIS."""
    with override_settings(PUBLIC_URL=public_url), CaptureQueriesContext(connection) as captured:
        answer = Client(SERVER_NAME="localhost").get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200, answer.content
    # Another one counts how many there are on all pages.
    made = [query["sql"] for query in captured.captured_queries if "AS counted(n)" not in query["sql"]]
    return max(made, key=len)


def geojson_page(server: Server) -> list[Line]:
    """A page of 1,000 features over HTTP, against the statement alone and against a ModelViewSet."""
    paths = [f"/api/appeals.geojson?bbox={frame}&page_size={PAGE}&lang=en" for frame in frames()]
    statements = [statement_behind(path, server.url) for path in paths]
    peers = [f"/peer/drf-gis/appeals/?in_bbox={frame}" for frame in frames()]
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    with closing(psycopg2.connect(**parameters)) as raw, raw.cursor() as cursor:
        raw.autocommit = True

        def fetch(statement: str) -> list[str]:
            cursor.execute(statement)
            return [row[0] for row in cursor.fetchall()]

        for path, statement, peer in zip(paths, statements, peers, strict=True):
            _same_answer(server.get(path).content, fetch(statement), server.get(peer).content)
        by_raw = cpu_per_call(fetch, statements * 5, lambda: [os.getpid(), raw.info.backend_pid])
    by_us = cpu_per_call(server.get, paths * 5, server.pids)
    by_peer = cpu_per_call(server.get, peers, server.pids)
    return [
        Line(
            "1,000-feature bbox page over HTTP",
            f"{by_us:.1f} CPU ms",
            f"{by_raw:.1f} raw PostGIS statement",
            by_us / by_raw,
            "at most 1.6",
            by_us <= 1.6 * by_raw,
        ),
        Line(
            "the same page by a ModelViewSet",
            f"{by_peer:.1f} CPU ms",
            f"{by_us:.1f} ours",
            by_peer / by_us,
            "at least 12",
            by_peer >= 12 * by_us,
        ),
    ]


def _same_answer(ours: bytes, raw: list[str], peer: bytes) -> None:
    page, theirs = orjson.loads(ours), orjson.loads(peer)
    features = page["features"]
    assert len(features) == PAGE, len(features)
    # The statement asks for one row more, to know whether there is a next page.
    assert [orjson.loads(text) for text in raw[:PAGE]] == features
    their_places = {
        feature["id"]: feature["geometry"]["coordinates"] for feature in theirs["results"]["features"]
    }
    for feature in features:
        lon, lat = their_places[feature["id"]]
        x, y = feature["geometry"]["coordinates"]
        assert abs(lon - x) < 1e-6 and abs(lat - y) < 1e-6


#: Orders and filters of lists whose depth is measured.
SORTED = (
    ("", ""),
    ("due_on", ""),
    ("-updated_at", ""),
    ("submitted_at", "status=closed"),
    ("-due_on", "kind=complaint"),
    ("number", "status=closed,answered&kind=request"),
)


def deep_page(server: Server) -> list[Line]:
    """Pages of 1,000 behind half a million others, or behind half of what a filter leaves, against the first ones."""
    lines = []
    for sorts, query in SORTED:
        order = order_in(sorts, Appeals.sortables)
        numbers = {f"n_{n}": number for n, number in enumerate(order.numbers())}
        found = Appeal.objects.public().filtered(parse_filter(QueryDict(query))).order_by(*order.names)
        deep = min(500_000, found.count() // 2)
        row = found.annotate(**numbers).values_list(*numbers)[deep]
        after = f"{mark_of(order, Appeals.sortables)}{order.cursor_of(tuple(map(int, row)))}"
        first = f"/ogc/collections/appeals/items?f=json&limit={PAGE}&lang=en" + (
            f"&sortby={sorts}" if sorts else ""
        )
        first = f"{first}&{query}" if query else first
        assert len(orjson.loads(server.get(f"{first}&after={after}").content)["features"]) == PAGE
        by_first = cpu_per_call(server.get, [first] * 3, server.pids)
        by_deep = cpu_per_call(server.get, [f"{first}&after={after}"] * 3, server.pids)
        asked = " ".join(part for part in (sorts and f"by {sorts}", query) if part) or "newest first"
        lines.append(
            Line(
                f"page of {PAGE:,} behind {deep:,} others, {asked}",
                f"{by_deep:.1f} CPU ms",
                f"{by_first:.1f} the first one",
                by_deep / by_first,
                "at most 1.5",
                by_deep <= 1.5 * by_first,
            )
        )
    return lines


def map_view(server: Server) -> list[Line]:
    """Bytes of the map's frame on the wire, the largest of all zooms over the whole city and over its middle."""
    west, south, east, north = settings.CITY_BOUNDS
    frames_by_zoom = [(zoom, f"{west},{south},{east},{north}") for zoom in range(9, 18)]
    frames_by_zoom += [(zoom, frame) for zoom in range(11, 18) for frame in frames()]
    sizes = []
    for zoom, frame in frames_by_zoom:
        answer = server.get(f"/api/clusters.geojson?bbox={frame}&zoom={zoom}", encoding="gzip")
        sizes.append(int(answer.headers["Content-Length"]))
    total = orjson.loads(
        server.get(f"/api/clusters.geojson?bbox={west},{south},{east},{north}&zoom=11").content
    )
    counted = sum(feature["properties"].get("count", 1) for feature in total["features"])
    assert counted == total["numberMatched"], (counted, total["numberMatched"])
    whole = [f"/api/clusters.geojson?bbox={west},{south},{east},{north}&zoom={zoom}" for zoom in (10, 12, 14)]
    cost = cpu_per_call(server.get, whole, server.pids)
    return [
        Line(
            "map view on the wire, largest of 37 frames",
            f"{max(sizes) / 1000:.1f} kB",
            "60 kB",
            max(sizes) / MAP_MAX_BYTES,
            "at most 1",
            max(sizes) <= MAP_MAX_BYTES,
        ),
        Line(f"whole-city map view of {counted:,} appeals", f"{cost:.0f} CPU ms", "", None, "", kept=True),
    ]


def map_tiles(server: Server) -> list[Line]:
    """Vector tiles around the middle of the city: from the kept counts, and counted now; their bytes on the wire."""
    west, south, east, north = settings.CITY_BOUNDS
    middles = [tile_at((west + east) / 2, (south + north) / 2, zoom) for zoom in range(9, 19)]
    paths = {tile.z: f"/tiles/appeals/{tile.z}/{tile.x}/{tile.y}.mvt" for tile in middles}
    sizes = []
    for tile in middles:
        for x in (tile.x - 1, tile.x, tile.x + 1):
            for y in (tile.y - 1, tile.y, tile.y + 1):
                answer = server.get(f"/tiles/appeals/{tile.z}/{x}/{y}.mvt", encoding="gzip")
                sizes.append(int(answer.headers["Content-Length"]))
    by_kept, by_now = _kept_and_counted([paths[zoom] for zoom in (10, 12, 14)], server.url)
    near = cpu_per_call(server.get, [paths[zoom] for zoom in (15, 16, 17, 18)], server.pids)
    return [
        Line(
            "vector tile, z10, z12, z14, all appeals counted now",
            f"{by_now:.1f} CPU ms",
            f"{by_kept:.1f} kept counts",
            by_now / by_kept,
            "at least 5",
            by_now >= 5 * by_kept,
        ),
        Line("vector tile, z15 to z18", f"{near:.1f} CPU ms", "", None, "", kept=True),
        Line(
            f"vector tile on the wire, largest of {len(sizes)}",
            f"{max(sizes) / 1000:.1f} kB",
            "300 kB",
            max(sizes) / TILE_MAX_BYTES,
            "at most 1",
            max(sizes) <= TILE_MAX_BYTES,
        ),
    ]


def filtered_tiles(server: Server) -> list[Line]:
    """Tiles of two filters together, from the kept counts, and counted now from the index that holds all they need."""
    groups = Category.objects.filter(parent=None).annotate(n=Count("children")).filter(n__gte=2)
    group = groups.order_by("n", "code")[0].code
    today = city_day(timezone.now())
    narrowed = f"category={group}&from={today - dt.timedelta(days=364)}&to={today}"
    west, south, east, north = settings.CITY_BOUNDS
    tiles = [tile_at((west + east) / 2, (south + north) / 2, zoom) for zoom in (10, 12)]
    paths = [f"/tiles/appeals/{tile.z}/{tile.x}/{tile.y}.mvt?{narrowed}" for tile in tiles]
    by_kept, by_now = _kept_and_counted(paths, server.url)
    return [
        Line(
            "vector tile of 2 categories, 12 months, z10, z12, counted now",
            f"{by_now:.1f} CPU ms",
            f"{by_kept:.1f} kept counts",
            by_now / by_kept,
            "at least 2",
            by_now >= 2 * by_kept,
        )
    ]


def _kept_and_counted(paths: list[str], public_url: str) -> tuple[float, float]:
    """CPU milliseconds of the database for a tile of these, from what is kept, and counted from the appeals."""
    kept = [statement_behind(path, public_url) for path in paths]
    with patch.object(tiles_of_appeals, "kept_cells", return_value=[]):
        counted = [statement_behind(path, public_url) for path in paths]
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    with closing(psycopg2.connect(**parameters)) as raw, raw.cursor() as cursor:
        raw.autocommit = True

        def fetch(statement: str) -> bytes:
            cursor.execute(statement)
            return bytes(cursor.fetchone()[0])

        # The order of the features is the plan's.
        for one, other in zip(kept, counted, strict=True):
            assert one != other and len(fetch(one)) == len(fetch(other))
        pids = [raw.info.backend_pid]
        by_kept, by_now = (cpu_per_call(fetch, statements, lambda: pids) for statements in (kept, counted))
        return by_kept, by_now
