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
ZOOMS = (10, 12, 14, 16)
_ITEMS = "/ogc/collections/appeals/items?f=json&lang=en"


@dataclass(frozen=True)
class _Request:
    """A request, and how many appeals its answer tells of (by the filter); ``named`` is the same at every size."""

    named: str
    path: str
    filter: str = ""
    #: Member of the answer that has the number; none of a tile, and of a page that is not counted.
    counts: str = ""
    #: Features of a page.
    full: int = 0


def as_it_grows(most: int, log: Path) -> list[Line]:
    """CPU of the server and its database a request, at ten thousand appeals, at ten times as many, up to ``most``.

    Counts are compared with those of the rows. A city is made when it is measured first, and kept.
    """
    sizes = [10**power for power in range(4, 9) if 10**power <= most]
    found: dict[str, list[float]] = {}
    asked_of_all: list[_Request] = []
    for size in sizes:
        with bench_database(size) as url, running_server(url, log) as server:
            asked_of_all = asked_of_all or list(_requests(_filters()))
            for asked in asked_of_all:
                _check(server, asked)
                spent = cpu_per_call(server.get, [asked.path] * 3, server.pids)
                found.setdefault(asked.named, []).append(spent)
    return [_line(named, sizes, spent) for named, spent in found.items()]


def _filters() -> Iterator[tuple[str, str]]:
    """Names and queries: the most frequent of each, so that pages are full at any size."""
    yield "all", ""
    most = {}
    for named, column in (
        ("category", "category"),
        ("service", "service"),
        ("district", "district"),
        ("group of categories", "category__parent"),
    ):
        rows = Appeal.objects.public().exclude(**{column: None}).order_by().values_list(f"{column}__code")
        (code, _n) = rows.annotate(n=Count("*")).order_by("-n")[0]
        most[named] = f"{column.removesuffix('__parent')}={code}"
        yield f"a {named}", most[named]
    group, service, district = (most[named] for named in ("group of categories", "service", "district"))
    yield "a kind", "kind=request"
    yield "a status", "status=answered"
    today = city_day(timezone.now())
    yield "3 months", f"from={today - dt.timedelta(days=90)}&to={today}"
    yield "a service, a status", f"{service}&status=answered"
    yield "a group, a kind", f"{group}&kind=request"
    yield "a service, a kind", f"{service}&kind=request"
    yield "a group, a district", f"{group}&{district}"
    yield "a group, 12 months", f"{group}&from={today - dt.timedelta(days=364)}&to={today}"
    yield "a group, a district, a kind", f"{group}&{district}&kind=request"


def _requests(filters: Iterable[tuple[str, str]]) -> Iterator[_Request]:
    """What is asked of every size, with pages that are full in the city of now, the smallest."""
    west, south, east, north = settings.CITY_BOUNDS
    tiles = [tile_at((west + east) / 2, (south + north) / 2, zoom) for zoom in ZOOMS]
    for words, query in filters:
        found = _matching(query)
        page = next(size for size in (PAGE, 100, 10) if size <= found)
        of_list = f"/api/appeals.geojson?page_size={page}&lang=en&{query}"
        yield _Request(f"page of {page:,}, {words}", of_list, full=page)
        yield _Request(f"page of {page:,}, /ogc/, {words}", f"{_ITEMS}&limit={page}&{query}", full=page)
        for tile in tiles:
            path = f"/tiles/appeals/{tile.z}/{tile.x}/{tile.y}.mvt?{query}"
            yield _Request(f"tile z{tile.z}, {words}", path)
        clusters = f"/api/clusters.geojson?zoom=11&{query}"
        yield _Request(f"clusters of the city, {words}", clusters, query, "numberMatched")
        yield _Request(f"count, {words}", f"{_ITEMS}&resultType=hits&{query}", query, "numberMatched")


def _matching(query: str) -> int:
    return Appeal.objects.public().filtered(parse_filter(QueryDict(query))).order_by().count()


def _check(server: Server, asked: _Request) -> None:
    content = server.get(asked.path).content
    if asked.counts:
        told, true = orjson.loads(content)[asked.counts], _matching(asked.filter)
        assert told == true, (asked.path, told, true)
    elif asked.full:
        assert len(orjson.loads(content)["features"]) == asked.full, asked.path


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
