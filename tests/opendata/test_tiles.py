"""GET below /tiles/: each tile against the database, at every zoom, with filters, at the seams, for each reader."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pyogrio
import pytest
from django.conf import settings
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from appeals.filters import parse_filter
from appeals.folding import fold_pyramid
from appeals.identifiers import new_uuid7
from appeals.models import Appeal
from appeals.vocabulary import Kind, Status
from districts.models import BoundaryRevision
from geo.bbox import Bbox
from geo.tiles import Tile, tile_at
from geo.vector_tiles import compiled
from opendata import tiles as module
from opendata.clusters import Frame, cells_of, late_cells
from opendata.tile_sets import OVERDUE_COLOUR, STATUS_COLOURS
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import CITY, IN_EAST, GridCity, at
from tests.opendata.mvt import Feature, layers

ROOT: Final = Path(__file__).parents[2]
WEST, SOUTH, EAST, NORTH = settings.CITY_BOUNDS
FILTERS: Final = {
    "": {},
    "status=new,closed": {"status__in": ["new", "closed"]},
    "category=lamp": {"category__code": "lamp"},
    "category=street&status=closed,new": {"category__parent__code": "street", "status__in": ["closed", "new"]},
    "district=east": {"district__code": "east"},
    "kind=request&status=answered": {"kind": "request", "status": "answered"},
    "from=2026-01-30&to=2026-10-02": {
        "submitted_at__gte": "2026-01-30T00:00:00+06:00",
        "submitted_at__lt": "2026-10-03T00:00:00+06:00",
    },
    "to=2026-05-31&status=new,accepted,planned,waiting": {
        "status__in": ["new", "accepted", "planned", "waiting"],
        "submitted_at__lt": "2026-06-01T00:00:00+06:00",
    },
    "category=street&kind=request&status=new": {
        "category__parent__code": "street", "kind": "request", "status": "new",
    },
    "service=light&from=2026-03-01&to=2026-05-31": {
        "service__code": "light",
        "submitted_at__gte": "2026-03-01T00:00:00+06:00",
        "submitted_at__lt": "2026-06-01T00:00:00+06:00",
    },
    "category=street&from=2026-02-03&status=new,planned,closed": {
        "category__parent__code": "street", "status__in": ["new", "planned", "closed"],
        "submitted_at__gte": "2026-02-03T00:00:00+06:00",
    },
}  # fmt: skip


@pytest.fixture
def crowd(city: GridCity) -> GridCity:
    """300 appeals: over the city, on one spot, at its border's corners, on seams of tiles of several zooms."""
    chance, today = random.Random(7), timezone.localdate()
    spread = [(chance.uniform(CITY[0], CITY[2]), chance.uniform(CITY[1], CITY[3])) for _n in range(200)]
    corners = [(lon, lat) for lon in (WEST, EAST) for lat in (SOUTH, NORTH)]
    seams = []
    for zoom in (11, 13, 15, 16, 18):
        west, south, east, north = tile_at(*IN_EAST, zoom).bbox
        seams += [(west, north), (east, south), (west, IN_EAST[1]), (IN_EAST[0], south)]
        seams += [(west - 1e-7, IN_EAST[1]), (east - 1e-7, IN_EAST[1]), (IN_EAST[0], north + 1e-7)]
    places = [*spread, *corners, *seams, *[IN_EAST] * 61]
    rows = [
        Appeal(
            id=new_uuid7(),
            kind=chance.choice(Kind.values),
            category=city.categories[chance.choice(["lamp", "tree"])],
            service=city.services[chance.choice(["light", "green"])],
            district=city.districts["east"] if n % 5 == 0 else None,
            text=f"appeal {n}",
            language="ru",
            point=at(place),
            status=chance.choice(Status.values),
            hidden=n % 10 == 0,
            submitted_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=chance.randrange(300)),
            due_on=chance.choice([today - dt.timedelta(days=1), today]),
            fingerprint=b"",
        )
        for n, place in enumerate(places)
    ]
    # Some of them folded, of those some changed since, and some not there yet.
    Appeal.objects.bulk_create(rows[::2])
    fold_pyramid()
    Appeal.objects.filter(number__in=[row.number for row in rows[::14]]).update(
        status="planned", kind="request"
    )
    Appeal.objects.bulk_create(rows[1::2])
    return city


def _features(client: Client, tile: Tile, query: str = "", layer: str = "appeals") -> list[Feature]:
    answer = client.get(f"/tiles/{layer}/{tile.z}/{tile.x}/{tile.y}.mvt?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/vnd.mapbox-vector-tile")
    if not answer.content:
        return []
    ((name, (extent, features)),) = layers(answer.content).items()
    assert (name, extent) == (layer, 4096)
    return features


def _own(features: list[Feature]) -> list[Feature]:
    """Without what is shown of the neighbours."""
    return [feature for feature in features if all(0 <= side < 4096 for side in feature.place)]


def _by_status(features: list[Feature]) -> Counter[str]:
    """How many there are of each status, and how many are overdue."""
    total: Counter[str] = Counter()
    for feature in features:
        own = feature.properties
        total["overdue"] += own["overdue"]
        if own["kind"] == "cell":
            counts = {status: own[status] for status in Status.values}
            assert own["count"] == sum(counts.values()) > 0
            total.update(counts)
        else:
            total[own["status"]] += 1
    return +total


@pytest.mark.parametrize("query", FILTERS)
def test_every_tile_is_what_the_database_counts(crowd: GridCity, client: Client, query: str) -> None:
    """And so the tiles of a zoom are all appeals, and four of them are the one above."""
    rows, today = list(Appeal.objects.filter(hidden=False, **FILTERS[query])), timezone.localdate()
    assert len(rows) > 4
    hits = client.get(f"/ogc/collections/appeals/items?f=json&resultType=hits&{query}").json()
    assert hits["numberMatched"] == len(rows)
    for zoom in (0, 12, 15, 18):
        expected: dict[Tile, Counter[str]] = {}
        for row in rows:
            in_tile = expected.setdefault(tile_at(row.point.x, row.point.y, zoom), Counter())
            in_tile[row.status] += 1
            in_tile["overdue"] += row.is_open and row.due_on < today
        # Of the nearest not each, but those where tiles meet.
        chosen = set(list(expected)[:: 1 if zoom < 15 else 20])
        middle = tile_at(*IN_EAST, zoom)
        chosen |= {Tile(zoom, middle.x + dx, middle.y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if zoom}
        for tile in chosen:
            assert _by_status(_own(_features(client, tile, query))) == +expected.get(tile, Counter()), tile


def test_near_ones_are_drawn_one_by_one(crowd: GridCity, client: Client) -> None:
    """All that a map shows of one; many on a spot are a count at every zoom, at their place."""
    tile = tile_at(*IN_EAST, 16)
    features = _own(_features(client, tile))
    assert {feature.properties["kind"] for feature in features} == {"appeal", "cell"}
    for feature in features:
        own = dict(feature.properties)
        if own.pop("kind") == "cell":
            assert own["count"] > module.SINGLES_MAX
            assert set(own) == {"count", "overdue", *Status.values}
            continue
        row = Appeal.objects.get(number=feature.id)
        assert dt.datetime.fromisoformat(own.pop("submitted_at")) == row.submitted_at
        assert own == {
            "id": str(row.pk),
            "number": row.number,
            "appeal_kind": row.kind,
            "status": row.status,
            "category": row.category.code,
            "service": row.service.code,
            "due_on": row.due_on.isoformat(),
            "overdue": row.is_open and row.due_on < timezone.localdate(),
        }
        west, _south, east, _north = tile.bbox
        assert feature.place[0] == int((row.point.x - west) / (east - west) * 4096)
    last = _own(_features(client, tile_at(*IN_EAST, 18)))
    assert [feature.properties["count"] for feature in last if feature.properties["kind"] == "cell"]
    assert {feature.properties["kind"] for feature in _features(client, tile_at(*IN_EAST, 14))} == {"cell"}


def test_the_fullest_tile_is_small(city: GridCity, client: Client) -> None:
    """As many appeals as are drawn one by one in each cell, and around the tile, as unlike each other as they can be."""
    chance = random.Random(1)
    tile = tile_at(*IN_EAST, module.SINGLES_ZOOM)
    cells = [(tile.x * 8 + x, tile.y * 8 + y) for x in range(-1, 9) for y in range(-1, 9)]
    boxes = [Tile(tile.z + 3, x, y).bbox for x, y in cells for _n in range(module.SINGLES_MAX)]
    Appeal.objects.bulk_create(
        Appeal(
            id=new_uuid7(),
            number=chance.randrange(10**9),
            kind=chance.choice(Kind.values),
            category=city.categories[chance.choice(["lamp", "tree"])],
            service=city.services[chance.choice(["light", "green"])],
            text="appeal",
            language="ru",
            point=at((chance.uniform(box.west, box.east), chance.uniform(box.south, box.north))),
            status=chance.choice(Status.values),
            submitted_at=dt.datetime.fromtimestamp(chance.uniform(1.5e9, 1.8e9), dt.UTC),
            due_on=dt.date(2026, 1, 1) + dt.timedelta(chance.randrange(3000)),
            fingerprint=b"",
        )
        for box in boxes
    )
    answer = client.get(f"/tiles/appeals/{tile.z}/{tile.x}/{tile.y}.mvt")
    ((_name, (_extent, features)),) = layers(answer.content).items()
    assert len(_own(features)) == 64 * module.SINGLES_MAX
    assert {feature.properties["kind"] for feature in features} == {"appeal"}
    assert len(answer.content) < 300_000, len(answer.content)


@pytest.mark.parametrize("zoom", [12, 15, 18])
def test_no_symbol_is_cut_where_tiles_meet(crowd: GridCity, client: Client, zoom: int) -> None:
    """What lies within the buffer of a neighbour is drawn by it too, the same and at the same place."""
    tile = tile_at(*IN_EAST, zoom)
    here = _features(client, tile)
    shared = 0
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)):
        there = _features(client, Tile(zoom, tile.x + dx, tile.y + dy))
        moved = [
            (feature.id, feature.properties, (feature.place[0] + 4096 * dx, feature.place[1] + 4096 * dy))
            for feature in there
        ]
        seen = [(f.id, f.properties, f.place) for f in here]
        in_both = [
            one for one in [*seen, *moved]
            if all(-256 <= at < 4096 + 256 for at in one[2])
            and -256 <= one[2][0] - 4096 * dx < 4096 + 256
            and -256 <= one[2][1] - 4096 * dy < 4096 + 256
        ]  # fmt: skip
        for one in in_both:
            assert one in seen
            assert one in moved
        shared += len(in_both)
    assert shared


def test_what_is_hidden_is_gone_at_once_but_for_its_staff(city: GridCity, client: Client) -> None:
    made = AppealFactory(category=city.categories["lamp"], service=city.services["light"], point=at(IN_EAST))
    others = [
        AppealFactory(category=city.categories["lamp"], service=city.services["light"], point=at(IN_EAST))
        for _n in range(2)
    ]
    readers = {"": client}
    for service in ("light", "roads", "office"):
        readers[service] = Client()
        readers[service].force_login(MembershipFactory(service=city.services[service]).user)
    paths = [tile_at(*IN_EAST, zoom) for zoom in (11, 16)]
    before = client.get("/tiles/appeals/0/0/0.mvt")
    Appeal.objects.filter(pk=made.pk).update(hidden=True)
    for service, reader in readers.items():
        for query in ("", "status=new", "category=lamp"):
            for tile in paths:
                counted = _by_status(_own(_features(reader, tile, query)))
                assert counted == {"new": len(others) + (service in {"light", "office"})}, (
                    service,
                    query,
                    tile,
                )
        answer = reader.get("/tiles/appeals/0/0/0.mvt")
        assert answer["Cache-Control"] == ("private, no-store" if service else "public, max-age=15")
        assert "Cookie" in answer["Vary"]
        assert ("ETag" in answer) is not bool(service)
    after = client.get("/tiles/appeals/0/0/0.mvt", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert after["ETag"] != before["ETag"]


def test_who_has_a_tile_already_is_told_so(
    city: GridCity, client: Client, django_assert_num_queries: Any
) -> None:
    AppealFactory(category=city.categories["lamp"], service=city.services["light"], point=at(IN_EAST))
    for path, statements, known in (
        ("/tiles/appeals/12/2876/1542.mvt", 2, 1),
        ("/tiles/appeals/16/46013/24686.mvt?kind=complaint", 2, 1),
        # Codes are looked up when they are read.
        ("/tiles/appeals/12/2876/1542.mvt?category=lamp&service=light", 3, 2),
        ("/tiles/districts/9/359/192.mvt", 2, 2),
        ("/tiles/appeals.json?category=lamp", 1, 1),
        ("/tiles/style.json", 0, 0),
    ):
        with django_assert_num_queries(statements):
            answer = client.get(path)
        assert answer["Access-Control-Allow-Origin"] == "*"
        with django_assert_num_queries(known):
            again = client.get(path, headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"]), path
        assert again["Cache-Control"] == answer["Cache-Control"]
    # Only what the public reads makes a tile another one.
    Appeal.objects.update(warned=1)
    path = "/tiles/appeals/12/2876/1542.mvt"
    etag = client.get(path)["ETag"]
    Appeal.objects.update(status="accepted")
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_at_midnight_a_tile_is_another_though_nothing_is_written(city: GridCity, client: Client) -> None:
    """Between the westernmost and the easternmost time zone there is a midnight whenever one looks."""
    path = "/tiles/appeals/16/46013/24686.mvt"
    with timezone.override(dt.timezone(-dt.timedelta(hours=12))):
        last_day = timezone.localdate()
        for status in ("new", "closed"):
            AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), status=status, due_on=last_day)
        fold_pyramid()
        before = client.get(path)
        assert client.get(path, headers={"If-None-Match": before["ETag"]}).status_code == 304
        assert not _by_status(_features(client, tile_at(*IN_EAST, 16)))["overdue"]
    with timezone.override(dt.timezone(dt.timedelta(hours=14))):
        assert client.get(path, headers={"If-None-Match": before["ETag"]}).status_code == 200
        for zoom in (12, 16):
            for _folded_or_not in range(2):
                counted = _by_status(_own(_features(client, tile_at(*IN_EAST, zoom))))
                assert counted == {"new": 1, "closed": 1, "overdue": 1}
                fold_pyramid()


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("appeals/19/0/0.mvt", {"z"}),
        ("appeals/3/8/-1.mvt?status=lost&colour=red", {"colour"}),
        ("appeals/3/8/-1.mvt?status=lost&from=x", {"x", "y", "status", "from"}),
        ("districts/a/0/0.mvt?revision=x", {"z", "revision"}),
        ("appeals.json?status=new&status=closed", {"status"}),
    ],
)
def test_what_is_wrong_is_named(city: GridCity, client: Client, path: str, wrong: set[str]) -> None:
    answer = client.get(f"/tiles/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert set(answer.json()["errors"]) == wrong


def test_districts_are_whole_in_their_tiles(city: GridCity, client: Client) -> None:
    tile = tile_at(*IN_EAST, 9)
    found = {f.properties["code"]: f for f in _features(client, tile, layer="districts")}
    assert set(found) == {"east", "west"}
    assert found["east"].properties == {
        "code": "east", "kind": "territory", "parent": "city", "name_ky": "east ky", "name_ru": "east ru",
        "name_en": "east en", "approximate": False,
    }  # fmt: skip
    # Neighbours share the corners of their border, which so has no gap.
    assert len(set(found["east"].places) & set(found["west"].places)) == 2
    deep = tile_at(CITY[2] - 1e-4, CITY[3] - 1e-4, 15)
    (east,) = (f for f in _features(client, deep, layer="districts") if f.properties["code"] == "east")
    assert min(x for x, _y in east.places) == -256
    assert max(y for _x, y in east.places) == 4096 + 256
    assert _features(client, Tile(9, 0, 0), layer="districts") == []
    BoundaryRevision.objects.update(state="draft", published_at=None)
    assert _features(client, tile, layer="districts") == []
    assert client.get("/tiles/districts/0/0/0.mvt?revision=1").status_code == 404


def test_a_map_finds_the_tiles_with_its_filter(city: GridCity, client: Client) -> None:
    query = "category=lamp&from=2026-01-01"
    style = client.get(f"/tiles/style.json?{query}").json()
    sources = {name: source["url"] for name, source in style["sources"].items()}
    for name, url in sources.items():
        document = client.get(url.removeprefix("http://localhost:8000")).json()
        (tiles,) = document["tiles"]
        assert tiles == f"http://localhost:8000/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt" + (
            f"?{query}" if name == "appeals" else ""
        )
        assert [layer["id"] for layer in document["vector_layers"]] == [name]
    for layer in style["layers"][1:]:
        assert (layer["source"], layer["source-layer"]) == (layer["source"],) * 2
    AppealFactory(category=city.categories["lamp"], service=city.services["light"], point=at(IN_EAST))
    document = client.get("/tiles/appeals.json").json()
    fields = document["vector_layers"][0]["fields"]
    for zoom in (12, 16):
        (feature,) = _own(_features(client, tile_at(*IN_EAST, zoom)))
        for name, value in feature.properties.items():
            assert fields[name] == ("Number" if isinstance(value, int) else "String")


def test_the_style_has_the_colours_of_the_pages() -> None:
    tokens = (ROOT / "web/static/web/css/tokens.css").read_text(encoding="utf-8")
    for status, colour in {**STATUS_COLOURS, "overdue": OVERDUE_COLOUR}.items():
        assert re.search(rf"--status-{status}: (#\w+);", tokens)[1] == colour  # type: ignore[index]
    assert set(STATUS_COLOURS) == set(Status)


def test_gdal_reads_a_tile(crowd: GridCity, client: Client, tmp_path: Path) -> None:
    """What QGIS reads vector tiles with."""
    tile = tile_at(*IN_EAST, 12)
    file = tmp_path / str(tile.z) / str(tile.x) / f"{tile.y}.mvt"
    file.parent.mkdir(parents=True)
    file.write_bytes(client.get(f"/tiles/appeals/{tile.z}/{tile.x}/{tile.y}.mvt").content)
    frame = pyogrio.read_dataframe(file, layer="appeals", CLIP="NO")
    assert frame.crs.to_epsg() == 3857
    assert frame["count"].sum() == sum(f.properties["count"] for f in _features(client, tile))


@pytest.mark.parametrize(
    ("index", "narrowed"),
    [
        *(
            ("appeal_newest", query)
            for query in ("", "kind=request", "district=east", "district=west&kind=report&status=new")
        ),
        *(
            ("appeal_service", query)
            for query in ("service=light", "service=light&kind=request&status=closed")
        ),
        *(("appeal_category", query) for query in ("category=street", "category=lamp&kind=request")),
    ],
)
def test_what_narrows_a_map_is_counted_from_an_index_alone(city: GridCity, index: str, narrowed: str) -> None:
    """Of the table a page is read for nearly each row, of the index a hundredth of one: all that a cell says stands in it."""
    wanted = parse_filter(QueryDict(f"{narrowed}&from=2026-01-01&to=2026-12-31"))
    west, south, east, north = settings.CITY_BOUNDS
    frame = Frame(Bbox(west, south, east, north), 13, (0, 1), (0, 1))
    rows = Appeal.objects.public().filtered(wanted)
    in_frame = rows.filter(point__bboverlaps=frame.bbox.polygon())
    for counted, by in ((cells_of(in_frame, frame), index), (late_cells(rows, frame), "appeal_late")):
        read = set(re.findall(r'"appeals_appeal"."(\w+)"', compiled(counted)))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [by])
            (definition,) = cursor.fetchone()
        # What the rows of a partial index have in common need not be read.
        held, _where, alike = definition.partition(" WHERE ")
        assert "point" in read and read <= set(re.findall(r"\w+", held.partition(" USING ")[2] + alike)), by
