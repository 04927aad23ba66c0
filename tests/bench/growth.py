"""How serving grows with the city: the same requests to ten thousand appeals and to many more, of the same two years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from django.conf import settings
from django.db.models import Count
from django.http import QueryDict
from django.utils import timezone

from appeals.deadlines import city_day
from appeals.filters import parse_filter
from appeals.models import Appeal
from geo.tiles import tile_at
from tests.bench.city import bench_database
from tests.bench.server import Server, running_server
from tests.bench.serving import PAGE, cpu_per_call
from tests.bench.table import Line

#: What is called flat.
MOST = 1.5
ZOOMS = (10, 12, 14)
_ITEMS = "/ogc/collections/appeals/items?f=json&lang=en"


@dataclass(frozen=True)
class _Request:
    """A request, and how many appeals its answer tells of (by the filter); ``named`` is the same at every size."""

    named: str
    path: str
    filter: str = ""
    #: Member of the answer that has the number; none of a tile, and of a page that is not counted.
    counts: str = ""


def as_it_grows(most: int, log: Path) -> list[Line]:
    """CPU of the server and its database a request, at ten thousand appeals, at ten times as many, up to ``most``.

    Counts are compared with those of the rows. A city is made when it is measured first, and kept.
    """
    sizes = [10**power for power in range(4, 9) if 10**power <= most]
    found: dict[str, list[float]] = {}
    filters: dict[str, str] = {}
    for size in sizes:
        with bench_database(size) as url, running_server(url, log) as server:
            filters = filters or dict(_filters())
            for asked in _requests(filters):
                _check(server, asked)
                spent = cpu_per_call(server.get, [asked.path] * 3, server.pids)
                found.setdefault(asked.named, []).append(spent)
    return [_line(named, sizes, spent) for named, spent in found.items()]


def _filters() -> Iterator[tuple[str, str]]:
    """Queries by their names: the most frequent of each, so that a page is full at any size."""
    yield "all", ""
    for column in ("category", "service", "district"):
        rows = Appeal.objects.public().exclude(**{column: None}).order_by().values_list(f"{column}__code")
        (code, _n) = rows.annotate(n=Count("*")).order_by("-n")[0]
        yield f"a {column}", f"{column}={code}"
    groups = Appeal.objects.public().order_by().values_list("category__parent__code")
    (group, _n) = groups.exclude(category__parent=None).annotate(n=Count("*")).order_by("-n")[0]
    yield "a group of categories", f"category={group}"
    yield "a kind", "kind=request"
    yield "a group, a kind", f"category={group}&kind=request"
    yield "a status", "status=answered"
    today = city_day(timezone.now())
    yield "3 months", f"from={today - dt.timedelta(days=90)}&to={today}"
    yield "a group, 12 months", f"category={group}&from={today - dt.timedelta(days=364)}&to={today}"


def _requests(filters: dict[str, str]) -> Iterable[_Request]:
    west, south, east, north = settings.CITY_BOUNDS
    tiles = [tile_at((west + east) / 2, (south + north) / 2, zoom) for zoom in ZOOMS]
    for words, query in filters.items():
        yield _Request(f"page of {PAGE:,}, {words}", f"/api/appeals.geojson?page_size={PAGE}&lang=en&{query}")
        yield _Request(f"page of {PAGE:,}, /ogc/, {words}", f"{_ITEMS}&limit={PAGE}&{query}")
        for tile in tiles:
            path = f"/tiles/appeals/{tile.z}/{tile.x}/{tile.y}.mvt?{query}"
            yield _Request(f"tile z{tile.z}, {words}", path)
        clusters = f"/api/clusters.geojson?zoom=11&{query}"
        yield _Request(f"clusters of the city, {words}", clusters, query, "numberMatched")
        yield _Request(f"count, {words}", f"{_ITEMS}&resultType=hits&{query}", query, "numberMatched")


def _check(server: Server, asked: _Request) -> None:
    content = server.get(asked.path).content
    if asked.counts:
        rows = Appeal.objects.public().filtered(parse_filter(QueryDict(asked.filter)))
        told, true = orjson.loads(content)[asked.counts], rows.order_by().count()
        assert told == true, (asked.path, told, true)
    elif asked.named.startswith("page"):
        assert len(orjson.loads(content)["features"]) == PAGE, asked.path


def _line(named: str, sizes: list[int], spent: list[float]) -> Line:
    ratio = max(spent[1:], default=spent[0]) / spent[0]
    more = ", ".join(f"{ms:.1f}" for ms in spent[1:])
    return Line(
        named,
        f"{more} CPU ms",
        f"{spent[0]:.1f} of {sizes[0]:,}",
        ratio,
        f"at most {MOST}",
        ratio <= MOST,
    )
