"""What the map is given: appeals where they are few, else cells; the same truth by both ways of counting."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
import random
import uuid
from collections import Counter
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyproj import Transformer

from appeals.filters import AppealFilter
from appeals.identifiers import new_uuid7
from appeals.models import Appeal, PyramidCell
from appeals.models.pyramid import CELL_ZOOM, PYRAMID_ZOOMS
from appeals.vocabulary import Kind, Status
from geo.bbox import Bbox
from geo.tiles import tile_at
from opendata import clusters as module
from opendata.clusters import CELLS_MAX, Clusters, clusters
from tests.factories import AppealFactory, CategoryFactory, MembershipFactory, ServiceFactory
from tests.grid import CITY, IN_EAST, IN_PARK, IN_WEST, GridCity, at

PUBLIC = AnonymousUser()
EVERYTHING = AppealFilter()
TO_METRES = Transformer.from_crs(4326, settings.METRIC_SRID, always_xy=True)


@pytest.fixture
def crowd(city: GridCity, monkeypatch: pytest.MonkeyPatch) -> list[Appeal]:
    """60 appeals, twenty times more than are drawn one by one here."""
    monkeypatch.setattr(module, "PINS_MAX", 3)
    west, south, east, north = CITY
    chance = random.Random(7)
    rows = [
        Appeal(
            id=new_uuid7(),
            kind=chance.choice(Kind.values),
            category=city.categories[chance.choice(["lamp", "tree"])],
            service=city.services["light"],
            text=f"appeal {n}",
            language="ru",
            point=at((round(chance.uniform(west, east), 6), round(chance.uniform(south, north), 6))),
            status=chance.choice(Status.values),
            hidden=n % 10 == 0,
            submitted_at="2026-05-31T10:00:00Z",
            due_on=timezone.localdate() - dt.timedelta(days=n % 2),
            fingerprint=b"",
        )
        for n in range(60)
    ]
    Appeal.objects.bulk_create(rows)
    return [row for row in rows if not row.hidden]


def _features(found: Clusters) -> list[dict[str, Any]]:
    return [json.loads(text) for text in found.features]


def _counts(found: Clusters) -> Counter[str]:
    total: Counter[str] = Counter()
    for feature in _features(found):
        own = feature["properties"]
        assert own["count"] == sum(own[status] for status in Status.values) > 0
        total.update({status: own[status] for status in Status.values})
    return +total


def test_few_are_drawn_as_they_are(city: GridCity) -> None:
    appeal = AppealFactory(
        category=city.categories["lamp"], service=city.services["light"], point=at(IN_PARK)
    )
    found = clusters(PUBLIC, EVERYTHING, 12)
    assert (found.matched, found.cell_m) == (1, None)
    (feature,) = _features(found)
    assert feature["geometry"] == {"type": "Point", "coordinates": list(IN_PARK)}
    own = feature["properties"]
    assert dt.datetime.fromisoformat(own.pop("submitted_at")) == appeal.submitted_at
    assert own == {
        "kind": "appeal",
        "id": str(appeal.pk),
        "number": appeal.number,
        "appeal_kind": "complaint",
        "status": "new",
        "category": "lamp",
        "service": "light",
        "due_on": appeal.due_on.isoformat(),
        "overdue": 0,
    }


@pytest.mark.parametrize("zoom", [0, 9, 11.5, 13, 24])
@pytest.mark.parametrize("wanted", [EVERYTHING, AppealFilter(q="appeal")], ids=["kept", "counted now"])
def test_many_are_counted_by_status(crowd: list[Appeal], zoom: float, wanted: AppealFilter) -> None:
    found = clusters(PUBLIC, wanted, zoom)
    assert found.matched == len(crowd)
    assert _counts(found) == Counter(appeal.status for appeal in crowd)
    late = Appeal.objects.public().overdue(timezone.localdate()).count()
    assert 0 < late == sum(feature["properties"]["overdue"] for feature in _features(found))


@pytest.mark.parametrize("zoom", [9, 11.5, 13, 24])
@pytest.mark.parametrize("wanted", [EVERYTHING, AppealFilter(q="appeal")], ids=["kept", "counted now"])
def test_cells_are_squares_of_the_side_that_is_said(
    crowd: list[Appeal], zoom: float, wanted: AppealFilter
) -> None:
    found = clusters(PUBLIC, wanted, zoom)
    cell_zoom = module._frame(Bbox(*settings.CITY_BOUNDS), zoom).cell_zoom
    squares = Counter(tile_at(appeal.point.x, appeal.point.y, cell_zoom) for appeal in crowd)
    assert found.cell_m is not None
    for square in squares:
        west, south, east, north = square.bbox
        corners = [TO_METRES.transform(*corner) for corner in ((west, south), (east, south), (west, north))]
        for other in corners[1:]:
            assert math.dist(corners[0], other) == pytest.approx(found.cell_m, rel=0.02)
    assert sorted(squares.values()) == sorted(f["properties"]["count"] for f in _features(found))


def test_what_is_drawn_cannot_be_changed() -> None:
    frame = module._frame(Bbox(*CITY), 12)
    for value in (Clusters([], 0, None), frame):
        with pytest.raises(FrozenInstanceError):
            setattr(value, fields(value)[0].name, None)


@pytest.mark.parametrize("status", [("new",), ("new", "accepted"), ("closed",)])
def test_chosen_statuses_alone(crowd: list[Appeal], status: tuple[str, ...]) -> None:
    found = clusters(PUBLIC, AppealFilter(status=status), 11)
    wanted = Counter(appeal.status for appeal in crowd if appeal.status in status)
    assert (found.matched, _counts(found)) == (wanted.total(), wanted)


@pytest.mark.parametrize("zoom", [9, 12, 15])
def test_a_cell_stands_at_the_mean_of_its_appeals(crowd: list[Appeal], zoom: float) -> None:
    """Counted by the triggers, or now, for a filter that leaves all."""
    kept = clusters(PUBLIC, EVERYTHING, zoom)
    now = clusters(PUBLIC, AppealFilter(q="appeal"), zoom)
    assert kept.cell_m == now.cell_m

    def shown(found: Clusters) -> list[tuple[Any, ...]]:
        return sorted((*f["geometry"]["coordinates"], f["properties"]["count"]) for f in _features(found))

    for mine, other in zip(shown(kept), shown(now), strict=True):
        assert mine == pytest.approx(other, abs=2e-6)
    weight = (
        sum(f["properties"]["count"] * f["geometry"]["coordinates"][0] for f in _features(kept))
        / kept.matched
    )
    assert weight == pytest.approx(sum(appeal.point.x for appeal in crowd) / len(crowd), abs=1e-6)


def test_the_mean_of_chosen_statuses_is_within_a_storage_cell(
    city: GridCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several appeals in one storage cell some are chosen: the sums are kept of all of them."""
    monkeypatch.setattr(module, "PINS_MAX", 0)
    for status in ("new", "closed", "closed"):
        AppealFactory(
            category=city.categories["lamp"], service=city.services["light"], point=at(IN_EAST), status=status
        )
    found = clusters(PUBLIC, AppealFilter(status=("new",)), 12)
    (feature,) = _features(found)
    assert _counts(found) == {"new": 1}
    assert feature["geometry"]["coordinates"] == pytest.approx(IN_EAST, abs=1e-6)


def test_filter_narrows_cells(crowd: list[Appeal], city: GridCity) -> None:
    found = clusters(PUBLIC, AppealFilter(category="lamp"), 11)
    lamps = [appeal for appeal in crowd if appeal.category == city.categories["lamp"]]
    assert (found.matched, _counts(found)) == (len(lamps), Counter(appeal.status for appeal in lamps))
    assert clusters(PUBLIC, AppealFilter(category="no-such"), 11) == Clusters([], 0, None)


def test_cells_do_not_change_when_the_map_is_moved(crowd: list[Appeal]) -> None:
    west, south, east, north = CITY
    whole = {json.dumps(f) for f in _features(clusters(PUBLIC, AppealFilter(bbox=Bbox(*CITY)), 13))}
    part = clusters(PUBLIC, AppealFilter(bbox=Bbox(west + 0.011, south + 0.003, east - 0.021, north)), 13)
    assert part.cell_m is not None
    assert part.features
    assert {json.dumps(f) for f in _features(part)} <= whole


def test_kept_cells_are_those_that_the_frame_touches_and_whole(crowd: list[Appeal]) -> None:
    west, south, east, north = CITY
    bbox = Bbox(west + 0.029, south + 0.013, east - 0.031, north - 0.009)
    frame = module._frame(bbox, 13)
    tiles = [tile_at(appeal.point.x, appeal.point.y, CELL_ZOOM) for appeal in crowd]
    columns, rows = (range(first, last + 1) for first, last in (frame.x, frame.y))
    touched = sum(tile.x in columns and tile.y in rows for tile in tiles)
    assert clusters(PUBLIC, AppealFilter(bbox=bbox), 13).matched == touched
    # Some lie in no such column, some in no such row, and some in a cell but outside of the frame.
    assert touched < min(sum(tile.x in columns for tile in tiles), sum(tile.y in rows for tile in tiles))
    inside = Appeal.objects.public().filtered(AppealFilter(bbox=bbox)).count()
    assert 3 < inside < touched


def test_a_frame_that_touches_the_city_has_its_border() -> None:
    west, south, east, north = CITY
    city = Bbox(*CITY)
    assert Bbox(east, south - 1, east + 1, north).common(city) == Bbox(east, south, east, north)
    assert Bbox(west, north, east, north + 1).common(city) == Bbox(west, north, east, north)


def test_a_frame_beside_the_city_is_empty(crowd: list[Appeal]) -> None:
    assert clusters(PUBLIC, AppealFilter(bbox=Bbox(10, 10, 11, 11)), 13) == Clusters([], 0, None)


@pytest.mark.parametrize("pins_max", [0, 400], ids=["cells", "pins"])
def test_hidden_appeals_are_in_no_cell_and_pins_only_for_who_may_see_them(
    city: GridCity, monkeypatch: pytest.MonkeyPatch, pins_max: int
) -> None:
    monkeypatch.setattr(module, "PINS_MAX", pins_max)
    values = {"category": city.categories["lamp"], "service": city.services["light"], "point": at(IN_WEST)}
    AppealFactory(**values)
    AppealFactory(**values, hidden=True)
    office = MembershipFactory(service=city.services["office"]).user
    other = MembershipFactory(service=city.services["roads"]).user
    # Cells that nothing but a status narrows are kept by triggers, and are the public's whoever reads.
    for reader, seen, counted in ((PUBLIC, 1, 1), (other, 1, 1), (office, 2, 1)):
        for wanted in (EVERYTHING, AppealFilter(status=("new",))):
            found = clusters(reader, wanted, 13)
            assert found.matched == (seen if pins_max else counted)
            assert (found.cell_m is None) == bool(pins_max)
        assert clusters(reader, AppealFilter(kind="complaint"), 13).matched == seen
    # Few for the public, but too many to be drawn one by one for whoever sees the hidden too.
    monkeypatch.setattr(module, "PINS_MAX", 1)
    found = clusters(office, EVERYTHING, 13)
    assert (found.matched, found.cell_m is None) == (1, False)


FRAME = st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90)).map(
    lambda n: Bbox(min(n[0], n[2]), min(n[1], n[3]), max(n[0], n[2]), max(n[1], n[3]))
)
WEST, SOUTH, EAST, NORTH = settings.CITY_BOUNDS
NEAR = st.tuples(
    st.floats(WEST, EAST), st.floats(SOUTH, NORTH), st.floats(WEST, EAST), st.floats(SOUTH, NORTH)
).map(lambda n: Bbox(min(n[0], n[2]), min(n[1], n[3]), max(n[0], n[2]), max(n[1], n[3])))


@hypothesis_settings(max_examples=200)
@given(st.one_of(FRAME, NEAR), st.floats(0, 24))
def test_never_too_many_cells(bbox: Bbox, zoom: float) -> None:
    inside = bbox.common(Bbox(*settings.CITY_BOUNDS))
    if inside is None:
        return
    frame = module._frame(inside, zoom)
    assert 1 <= _drawn_cells(frame) <= CELLS_MAX
    # The cells hold the whole of the frame, and are whole themselves.
    for lon in (inside.west, inside.east):
        for lat in (inside.south, inside.north):
            tile = tile_at(lon, lat, CELL_ZOOM)
            assert frame.x[0] <= tile.x <= frame.x[1]
            assert frame.y[0] <= tile.y <= frame.y[1]
    for first, last in (frame.x, frame.y):
        assert first % (1 << frame.doublings) == 0 == (last + 1) % (1 << frame.doublings)


def test_cells_are_no_coarser_than_their_most_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    city = Bbox(*settings.CITY_BOUNDS)
    frame = module._frame(city, 11)
    for most, coarser in ((_drawn_cells(frame), 0), (_drawn_cells(frame) - 1, 1)):
        monkeypatch.setattr(module, "CELLS_MAX", most)
        assert module._frame(city, 11).cell_zoom == frame.cell_zoom - coarser


def test_the_fullest_answer_of_cells_is_small(city: GridCity, client: Client) -> None:
    """As many cells as there can be, with numbers as unlike as they can be, are under 64 kB on the wire."""
    chance = random.Random(1)
    # Cells halve their sides at each step, so that the whole city may fall short of the most.
    boxes = [Bbox(WEST, SOUTH, round(WEST + (EAST - WEST) * n / 40, 6), NORTH) for n in range(8, 41)]
    frames = [(bbox, zoom, module._frame(bbox, zoom)) for bbox in boxes for zoom in range(9, 19)]
    bbox, zoom, frame = max(frames, key=lambda one: _drawn_cells(one[2]))
    side, kept = 1 << frame.doublings, min(zoom for zoom in PYRAMID_ZOOMS if zoom >= frame.cell_zoom)
    rows = []
    for tile_x in range(frame.x[0], frame.x[1], side):
        for tile_y in range(frame.y[0], frame.y[1], side):
            counts = {f"n_{status}": chance.randrange(1, 10**8) for status in Status.values}
            lon, lat = chance.uniform(bbox.west, bbox.east), chance.uniform(bbox.south, bbox.north)
            sums = {
                "lon_sum": round(lon * 1e6 * sum(counts.values())),
                "lat_sum": round(lat * 1e6 * sum(counts.values())),
            }
            place = {"tile_x": tile_x >> CELL_ZOOM - kept, "tile_y": tile_y >> CELL_ZOOM - kept}
            rows.append(PyramidCell(key="status:new", zoom=kept, n_late=0, **place, **sums, **counts))
    PyramidCell.objects.bulk_create(rows)
    own, weight = _weighed(client, f"zoom={zoom}&bbox={bbox}")
    assert CELLS_MAX * 0.9 < len(own["features"]) <= CELLS_MAX == 1_200
    assert len({feature["properties"]["count"] for feature in own["features"]}) > CELLS_MAX * 0.9
    assert weight < 64_000


def test_the_fullest_answer_of_pins_is_small(city: GridCity, client: Client) -> None:
    """As many appeals as are drawn one by one, as unlike each other as they can be."""
    chance = random.Random(1)
    west, south, east, north = CITY
    leaves = [CategoryFactory(code=f"{chance.getrandbits(100):x}") for _n in range(50)]
    services = [ServiceFactory(code=f"{chance.getrandbits(100):x}") for _n in range(50)]
    Appeal.objects.bulk_create(
        Appeal(
            id=uuid.UUID(int=chance.getrandbits(128)),
            number=chance.randrange(10**9),
            kind=chance.choice(Kind.values),
            category=chance.choice(leaves),
            service=chance.choice(services),
            text="appeal",
            language="ru",
            point=at((round(chance.uniform(west, east), 6), round(chance.uniform(south, north), 6))),
            status=chance.choice(Status.values),
            submitted_at=dt.datetime.fromtimestamp(chance.uniform(1.5e9, 1.8e9), dt.UTC),
            due_on=dt.date(2026, 1, 1) + dt.timedelta(chance.randrange(3000)),
            fingerprint=b"",
        )
        for _n in range(module.PINS_MAX)
    )
    own, weight = _weighed(client, "zoom=12")
    assert len(own["features"]) == module.PINS_MAX == 400
    assert {feature["properties"]["kind"] for feature in own["features"]} == {"appeal"}
    assert weight < 60_000


def _drawn_cells(frame: Any) -> int:
    return int(math.prod((last - first + 1) >> frame.doublings for first, last in (frame.x, frame.y)))


def _weighed(client: Client, query: str) -> tuple[Any, int]:
    """The endpoint's answer, and its bytes on the wire."""
    answer = client.get(f"/api/clusters.geojson?{query}", headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer["Content-Encoding"]) == (200, "gzip")
    return json.loads(gzip.decompress(answer.content)), len(answer.content)


def test_cells_are_as_large_on_every_screen() -> None:
    """At each zoom a cell is within a doubling of the bubbles' distance, unless the smallest is larger already."""
    for zoom in range(8, 21):
        doublings = module._doublings(zoom)
        pixels = 512 * 2**zoom / 2 ** (CELL_ZOOM - doublings)
        assert 0.7 <= pixels / module._CELL_PX <= 1.42 or (doublings == 0 and pixels > module._CELL_PX)


@hypothesis_settings(max_examples=20)
@given(NEAR, st.sampled_from([11, 13, 15, 17]))
def test_pins_are_exactly_those_in_the_frame(city: GridCity, bbox: Bbox, zoom: float) -> None:
    if not Appeal.objects.exists():
        for place in (IN_WEST, IN_EAST, IN_PARK):
            AppealFactory(category=city.categories["lamp"], service=city.services["light"], point=at(place))
    found = clusters(PUBLIC, replace(EVERYTHING, bbox=bbox), zoom)
    inside = [
        appeal.number
        for appeal in Appeal.objects.all()
        if bbox.west <= appeal.point.x <= bbox.east and bbox.south <= appeal.point.y <= bbox.north
    ]
    assert sorted(f["properties"]["number"] for f in _features(found)) == sorted(inside)
    assert found.matched == len(inside)
