"""./manage.py import_areas on the grid city."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.core.management import CommandError, call_command
from django.test import Client

from districts.actions import withdraw
from districts.models import BoundaryRevision, District, DistrictBoundary, Service, ServiceArea
from districts.routing import Pin, route
from tests.factories import CategoryFactory, ServiceFactory
from tests.grid import EAST, IN_EAST, IN_WEST, WEST, GridCity

Bounds = tuple[float, float, float, float]
pytestmark = pytest.mark.django_db


def ring(bounds: Bounds) -> list[list[float]]:
    west, south, east, north = bounds
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def feature(code: object, bounds: Bounds, **properties: object) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"code": code, "title": f"Area {code}", **properties},
        "geometry": {"type": "Polygon", "coordinates": [ring(bounds)]},
    }


def written(folder: Path, features: Sequence[object], name: str = "areas.geojson") -> Path:
    path = folder / name
    text = json.dumps({"type": "FeatureCollection", "features": features})
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def run(path: Path, *arguments: str) -> tuple[str, str]:
    """What the command wrote to stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    fields = ("--code-field", "code", "--name-field", "title")
    call_command("import_areas", str(path), *fields, *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def office(db: None) -> Service:
    """Without it, nobody answers where no service does, and no borders are published."""
    return ServiceFactory(code="office", is_office=True)


def halves() -> list[dict[str, Any]]:
    return [feature("left", WEST), feature("right", EAST)]


def test_a_new_city_from_one_file(office: Service, tmp_path: Path) -> None:
    """Districts, the city around them, published: pins are routed."""
    path = written(tmp_path, halves(), "areas.geojson.gz")
    out, _ = run(
        path, "--revision", "one", "--city-from-union", "--publish", "--effective-from", "2020-01-01"
    )
    assert "2 features read, 0 refused, 3 new" in out
    revision = BoundaryRevision.objects.get()
    assert (revision.name, revision.state, revision.effective_from) == (
        "one",
        "published",
        dt.date(2020, 1, 1),
    )
    city = District.objects.get(kind=District.Kind.CITY)
    parts = DistrictBoundary.objects.filter(parent=city)
    assert set(parts.values_list("district__code", flat=True)) == {"left", "right"}
    whole = DistrictBoundary.objects.get(district=city).geom
    assert whole.extent == (WEST[0], WEST[1], EAST[2], EAST[3])
    assert District.objects.get(code="left").name_ky == "Area left"


def test_the_same_file_again_changes_nothing(office: Service, tmp_path: Path) -> None:
    path = written(tmp_path, halves())
    arguments = ("--revision", "one", "--city-from-union", "--publish")
    run(path, *arguments)
    before = list(DistrictBoundary.objects.order_by("pk").values_list("pk", "district", "geom"))
    out, _ = run(path, *arguments)
    assert "0 new, 0 changed, 3 unchanged" in out
    assert "nothing was changed" in out
    assert list(DistrictBoundary.objects.order_by("pk").values_list("pk", "district", "geom")) == before


def test_published_borders_are_never_edited(office: Service, tmp_path: Path) -> None:
    run(written(tmp_path, halves()), "--revision", "one", "--city-from-union", "--publish")
    before = set(DistrictBoundary.objects.values_list("district__code", "geom"))
    moved = written(tmp_path, [feature("left", (72.70, 40.50, 72.73, 40.54)), feature("right", EAST)])
    with pytest.raises(CommandError, match="published borders are never edited"):
        run(moved, "--revision", "one")
    renamed = written(tmp_path, [{**feature("left", WEST), "properties": {"code": "left", "title": "New"}}])
    with pytest.raises(CommandError, match="never edited"):
        run(renamed, "--revision", "one")
    assert set(DistrictBoundary.objects.values_list("district__code", "geom")) == before
    assert District.objects.get(code="left").name_ky == "Area left"


def test_a_draft_is_updated(tmp_path: Path) -> None:
    run(written(tmp_path, halves()), "--revision", "draft")
    moved = written(tmp_path, [feature("left", (72.70, 40.50, 72.73, 40.54), title="Links")])
    out, _ = run(moved, "--revision", "draft", "--replace", "--same-codes")
    assert "0 new, 1 changed, 0 unchanged, 1 removed" in out
    boundary = DistrictBoundary.objects.get()
    assert boundary.geom.extent == (72.70, 40.50, 72.73, 40.54)
    assert boundary.name_ky == "Links"
    assert "changed: left: name_ky: Area left → Links; moved" in out


def test_residents_are_those_of_the_ground(city: GridCity, tmp_path: Path) -> None:
    """What is drawn as before keeps them, in a draft that began empty too; other ground has others."""
    DistrictBoundary.objects.filter(district__code="west").update(residents=7_000)
    same = [feature(code, ground) for code, ground in (("west", WEST), ("east", EAST))]
    for draft in ((), ("--empty",)):
        name = f"next{len(draft)}"
        run(written(tmp_path, same), "--revision", name, "--same-codes", *draft)
        rows = DistrictBoundary.objects.of(BoundaryRevision.objects.get(name=name))
        assert dict(rows.filter(residents__isnull=False).values_list("district__code", "residents")) == {
            "west": 7_000
        }
    out, _ = run(
        written(tmp_path, [feature("west", (72.70, 40.50, 72.73, 40.54))]),
        "--revision",
        "next0",
        "--same-codes",
    )
    assert "moved; residents 7000 → unknown" in out
    assert DistrictBoundary.objects.get(revision__name="next0", district__code="west").residents is None
    # Counted by others, the same borders are no longer the same.
    assert DistrictBoundary.objects.of(city.revision).get(district__code="west").residents == 7_000


def test_a_new_draft_begins_with_the_borders_in_force(city: GridCity, tmp_path: Path) -> None:
    run(written(tmp_path, [feature("north", (72.70, 40.53, 72.78, 40.54))]), "--revision", "next")
    draft = BoundaryRevision.objects.get(name="next")
    assert (draft.number, draft.state) == (2, "draft")
    codes = set(DistrictBoundary.objects.of(draft).values_list("district__code", flat=True))
    assert codes == {"city", "west", "east", "north"}
    park = ServiceArea.objects.of(draft).get(code="park")
    assert {category.code for category in park.categories.all()} == {"lamp", "tree"}
    assert ServiceArea.objects.of(city.revision).count() == 3
    run(written(tmp_path, [feature("north", (72.70, 40.53, 72.78, 40.54))]), "--revision", "bare", "--empty")
    assert DistrictBoundary.objects.of(BoundaryRevision.objects.get(name="bare")).count() == 1


@pytest.mark.parametrize("empty", [(), ("--empty",)])
def test_borders_that_are_in_force_are_not_published_again(
    office: Service, tmp_path: Path, empty: tuple[str, ...]
) -> None:
    path = written(tmp_path, halves())
    target = ("--city-from-union", "--publish", *empty)
    run(path, *target)
    out, _ = run(path, *target)
    assert "0 new, 0 changed, 3 unchanged" in out
    assert "These are the borders in force: nothing was changed." in out
    (revision,) = BoundaryRevision.objects.all()
    assert f"Revision {revision}:" in out
    # Nor is a draft left that says nothing.
    run(path, "--city-from-union")
    assert BoundaryRevision.objects.count() == 1
    moved = written(tmp_path, [feature("left", (72.70, 40.50, 72.741, 40.54)), feature("right", EAST)])
    run(moved, *target, "--accept", "1e9", "--accepted-by", "A")
    assert BoundaryRevision.objects.count() == 2


def test_what_was_withdrawn_comes_back_as_it_was(office: Service, tmp_path: Path) -> None:
    path = written(tmp_path, halves())
    once = ("--revision", "one", "--city-from-union", "--publish")
    run(path, *once, "--effective-from", "2020-01-01")
    moved = written(
        tmp_path, [feature("left", (72.70, 40.50, 72.739, 40.54)), feature("right", EAST)], "moved.geojson"
    )
    run(
        moved,
        "--revision",
        "two",
        "--publish",
        "--accept",
        "1e9",
        "--accepted-by",
        "A",
        "--effective-from",
        "2010-01-01",
    )
    withdraw(BoundaryRevision.objects.get(name="one"))
    out, _ = run(path, "--revision", "one", "--city-from-union")
    assert "It is withdrawn, and nothing of it shows. Publish it: ./manage.py borders publish 1" in out
    out, _ = run(path, *once)
    assert "Published, in force from 2020-01-01" in out
    assert BoundaryRevision.objects.get(name="one").effective_from == dt.date(2020, 1, 1)


def test_a_draft_says_that_it_is_one(city: GridCity, tmp_path: Path) -> None:
    path = written(tmp_path, [feature("north", (72.70, 40.53, 72.78, 40.54))])
    out, _ = run(path, "--revision", "next")
    assert "It is a draft, and nothing of it shows. Publish it: ./manage.py borders publish 2" in out
    out, _ = run(path, "--revision", "next", "--publish", "--accept", "1e9", "--accepted-by", "A")
    assert "draft" not in out


def test_a_code_that_another_draft_alone_knows_is_told_so(city: GridCity, tmp_path: Path) -> None:
    run(written(tmp_path, [feature("w-10", (72.70, 40.50, 72.71, 40.54))]), "--revision", "sketch")
    out, err = io.StringIO(), io.StringIO()
    fields = ("--code-field", "code", "--name-field", "title")
    other = written(
        tmp_path, [feature("w-10", (72.76, 40.50, 72.77, 40.54)), feature("west", EAST, title="west ky")]
    )
    with pytest.raises(CommandError, match="codes of known areas, but other .*: 2"):
        call_command("import_areas", str(other), *fields, "--revision", "next", stdout=out, stderr=err)
    drawn, in_force = sorted(line for line in err.getvalue().splitlines() if line.startswith("another: "))
    assert drawn.endswith("(known from revision 2. sketch alone, a draft)")
    assert "known from" not in in_force


def test_what_is_not_drawn_is_no_part_of_a_name(city: GridCity, tmp_path: Path) -> None:
    run(written(tmp_path, [feature("north", EAST, title="No\u202erth\u200b")]), "--revision", "next")
    assert DistrictBoundary.objects.get(district__code="north").name_ky == "North"


def test_without_a_name_each_import_is_a_new_draft(city: GridCity, tmp_path: Path) -> None:
    path = written(tmp_path, halves())
    run(path)
    run(path)
    assert list(BoundaryRevision.objects.order_by("number").values_list("name", flat=True)) == [
        "first",
        "areas.geojson",
        "areas.geojson",
    ]


def test_service_areas_route(city: GridCity, tmp_path: Path) -> None:
    path = written(tmp_path, [feature("west-roads", WEST)])
    arguments = ("--as", "service-area", "--service", "green", "--categories", "pothole", "--priority", "3")
    out, _ = run(path, *arguments, "--revision", "next", "--publish", "--effective-from", "2021-01-01")
    assert "1 new" in out
    out, _ = run(path, *arguments, "--revision", "next")
    assert "nothing was changed" in out
    pothole = city.categories["pothole"].pk
    found = route(Pin(*IN_WEST, pothole), on=dt.date(2022, 1, 1))
    assert found.service_id == city.services["green"].pk
    assert route(Pin(*IN_EAST, pothole), on=dt.date(2022, 1, 1)).service_id == city.services["roads"].pk
    assert route(Pin(*IN_WEST, pothole), on=dt.date(2020, 6, 1)).service_id == city.services["roads"].pk


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--as", "service-area"), "needs --service"),
        (("--as", "service-area", "--service", "nobody"), "no service 'nobody'"),
        (("--as", "service-area", "--service", "green", "--categories", "tree,x,y"), "no category x, y"),
        (("--effective-from", "2020-01-01"), "needs --publish"),
        (("--effective-from", "yesterday"), "use a date such as"),
        (("--accept", "100"), "needs --publish"),
        (("--publish", "--accept", "nan"), "square metres"),
        (("--city-from-union", "--close-holes", "inf"), "square metres"),
        (
            ("--publish", "--empty", "--same-codes"),
            "cannot be published: There is no border of the whole city",
        ),
        (("--kind", "city"), "already the code of a territory"),
    ],
)
def test_invalid_requests(city: GridCity, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    path = written(tmp_path, [feature("west", WEST)])
    with pytest.raises(CommandError, match=words):
        run(path, *arguments)
    assert BoundaryRevision.objects.count() == 1


def test_one_bad_feature_refuses_the_file(tmp_path: Path) -> None:
    bow = feature("bow", WEST)
    bow["geometry"]["coordinates"][0][1:3] = reversed(bow["geometry"]["coordinates"][0][1:3])
    path = written(
        tmp_path,
        [
            feature("left", WEST),
            bow,
            feature("left", EAST),
            feature("", EAST),
            feature("城", EAST),
            {"type": "Feature", "properties": {"code": "none", "title": "Nowhere"}, "geometry": None},
            feature("far", (2.0, 48.0, 3.0, 49.0)),
            feature("turned", (40.50, 72.70, 40.54, 72.74)),
        ],
    )
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="7 of 8 features were refused. Nothing was written"):
        call_command(
            "import_areas", str(path), "--code-field", "code", "--name-field", "title", stdout=out, stderr=err
        )
    lines = err.getvalue().splitlines()
    assert lines[0].startswith(
        "refused: feature 2 (Area bow): The area is not valid: the border crosses or touches itself near "
        "latitude 40.52000, longitude 72.72000"
    )
    for line, words in zip(
        lines[1:],
        [
            "an earlier feature has its code",
            "missing or empty",
            "is not a code",
            "no geometry",
            "beyond",
            "swapped",
        ],
        strict=True,
    ):
        assert words in line
    assert not BoundaryRevision.objects.exists()
    assert not District.objects.exists()
    out, err = run(path, "--skip-refused")
    assert "8 features read, 7 refused, 1 new" in out


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("\u200b\ufeff", "'title' is missing or empty"),
        ("\u3164", "'title' is missing or empty"),
        ("a\x00b", "'title' has a character that cannot be stored"),
        ("a\ud800", "'title' has a character that cannot be stored"),
    ],
)
def test_names_that_cannot_be_seen_or_kept(city: GridCity, tmp_path: Path, title: str, words: str) -> None:
    path = written(tmp_path, [feature("new", WEST, title=title), feature("other", EAST, title="Other\u200b")])
    with pytest.raises(CommandError, match="1 of 2 features were refused"):
        run(path)
    err = run(path, "--skip-refused")[1]
    assert words in err
    assert DistrictBoundary.objects.get(district__code="other").name_ky == "Other"


def test_a_dry_run_writes_nothing(office: Service, tmp_path: Path) -> None:
    out, _ = run(written(tmp_path, halves()), "--city-from-union", "--publish", "--dry-run")
    assert "3 new" in out
    assert "Dry run: nothing was written." in out
    assert not BoundaryRevision.objects.exists()
    assert not District.objects.exists()


def test_wrong_nesting_is_refused_or_repaired(tmp_path: Path) -> None:
    nested = halves()
    for one in nested:
        one["geometry"]["coordinates"] = [one["geometry"]["coordinates"]]
    path = written(tmp_path, nested)
    with pytest.raises(CommandError, match="2 of 2 features were refused.*--repair would fix"):
        run(path)
    out, err = run(path, "--repair")
    assert "2 new" in out
    assert err.count("repaired: feature") == 2
    assert all(boundary.geom.area > 0 for boundary in DistrictBoundary.objects.all())


def test_two_services_number_their_areas_alike(city: GridCity, tmp_path: Path) -> None:
    """Nobody's areas change hands: a code is the service's own."""
    lamps = written(tmp_path, [feature(1, WEST), feature(2, EAST)], "lamps.geojson")
    water = written(tmp_path, [feature(1, EAST), feature(2, WEST)], "water.geojson")
    target = ("--as", "service-area", "--revision", "next")
    out, _ = run(lamps, *target, "--service", "light", "--categories", "lamp")
    assert "2 new, 0 changed" in out
    out, _ = run(water, *target, "--service", "roads", "--categories", "pothole", "--replace")
    assert "2 new, 0 changed" in out
    draft = BoundaryRevision.objects.get(name="next")
    found = {
        (area.service.code, area.code): (area.geom.extent, [c.code for c in area.categories.all()])
        for area in ServiceArea.objects.of(draft).filter(code__in=["1", "2"]).select_related("service")
    }
    assert found == {
        ("light", "1"): (WEST, ["lamp"]),
        ("light", "2"): (EAST, ["lamp"]),
        ("roads", "1"): (EAST, ["pothole"]),
        ("roads", "2"): (WEST, ["pothole"]),
    }
    # The same file for other categories is told, area by area.
    out, _ = run(lamps, *target, "--service", "light", "--categories", "tree")
    assert "0 new, 2 changed" in out
    assert "changed: 1: categories lamp → tree" in out


def contents(revision: str) -> list[tuple[object, ...]]:
    of = {"revision__name": revision}
    districts = DistrictBoundary.objects.filter(**of).values_list("district__code", "name_ky", "geom")
    areas = ServiceArea.objects.filter(**of).values_list("code", "name_ky", "geom")
    return [*districts.order_by("district__code"), *areas.order_by("service__code", "code")]


#: Files of another origin that number their areas alike: other names on the same ground, the same names elsewhere.
OTHERS = {
    "name": [feature("west", WEST, title="Вокзал"), feature("east", EAST, title="east ky")],
    "place": [feature("west", EAST, title="west ky"), feature("east", WEST, title="east ky")],
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("target", [(), ("--empty",)])
def test_districts_do_not_change_hands_in_silence(
    city: GridCity, tmp_path: Path, kind: str, target: tuple[str, ...]
) -> None:
    path = written(tmp_path, OTHERS[kind])
    with pytest.raises(
        CommandError,
        match="codes of known areas, but other names.*: [12]. Nothing was written.*--code-prefix.*--same-codes",
    ):
        run(path, "--revision", "next", *target)
    assert BoundaryRevision.objects.count() == 1
    run(path, "--revision", "next", *target, "--code-prefix", "ward-")
    assert {"ward-west", "ward-east"} <= {row[0] for row in contents("next")}
    run(path, "--revision", "meant so", *target, "--same-codes")
    west = DistrictBoundary.objects.get(revision__name="meant so", district=city.districts["west"])
    assert (west.name_ky == "Вокзал") == (kind == "name")
    assert west.geom.extent == (EAST if kind == "place" else WEST)


def test_each_of_them_is_named(city: GridCity, tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    fields = ("--code-field", "code", "--name-field", "title")
    with pytest.raises(CommandError, match="codes of known areas, but other .*: 2"):
        call_command("import_areas", str(written(tmp_path, OTHERS["place"])), *fields, stdout=out, stderr=err)
    assert re.findall(r"another: (\w+): .* m² before, .* m² now, of which 0[.,]00 m²", err.getvalue()) == [
        "west",
        "east",
    ]


def test_into_a_draft_neither(city: GridCity, tmp_path: Path) -> None:
    """The first file's new districts are known to the second."""
    first = [feature("1", (72.70, 40.50, 72.71, 40.54)), feature("2", (72.71, 40.50, 72.72, 40.54))]
    run(written(tmp_path, first), "--revision", "next")
    before = contents("next")
    second = [feature("1", (72.76, 40.50, 72.77, 40.54)), feature("2", (72.77, 40.50, 72.78, 40.54))]
    with pytest.raises(CommandError, match="codes of known areas, but other .*: 2"):
        run(written(tmp_path, second), "--revision", "next", "--replace")
    assert contents("next") == before


def test_areas_of_one_service_neither(city: GridCity, tmp_path: Path) -> None:
    """Its lamps and its cables, both numbered 1."""
    target = ("--as", "service-area", "--service", "light", "--categories", "lamp", "--revision", "next")
    run(written(tmp_path, [feature(1, WEST, title="Lamps 1")]), *target)
    before = contents("next")
    cables = written(tmp_path, [feature(1, EAST, title="Cables 1")])
    for into in ((), ("--empty",)):
        with pytest.raises(CommandError, match="codes of known areas, but other .*: 1"):
            run(cables, *target[:-1], f"next{len(into)}" if into else "next", *into)
    assert contents("next") == before
    run(cables, *target, "--code-prefix", "cable-")
    assert ServiceArea.objects.filter(revision__name="next", service__code="light").count() == 4
    out, _ = run(cables, *target, "--same-codes")
    assert "0 new, 1 changed" in out


def test_borders_that_are_redrawn_are_the_same_districts(city: GridCity, tmp_path: Path) -> None:
    moved = [
        feature("west", (72.70, 40.50, 72.745, 40.54), title="west ky"),
        feature("east", (72.745, 40.50, 72.78, 40.54), title="east ky"),
    ]
    out, _ = run(written(tmp_path, moved), "--revision", "next", "--publish")
    assert "0 new, 2 changed" in out


def test_codes_keep_their_letters(city: GridCity, tmp_path: Path) -> None:
    """Two areas that differ in their letters alone are two."""
    target = ("--revision", "next")
    out, _ = run(written(tmp_path, [feature("Квартал 5", WEST)]), *target)
    assert "1 new" in out
    out, _ = run(written(tmp_path, [feature("Зона 5", EAST)]), *target)
    assert "1 new, 0 changed" in out
    draft = BoundaryRevision.objects.get(name="next")
    codes = set(DistrictBoundary.objects.of(draft).values_list("district__code", flat=True))
    assert {"kvartal-5", "zona-5"} < codes
    with pytest.raises(CommandError):
        run(written(tmp_path, [feature("区 5", EAST)]), *target)


def test_a_language_that_is_not_named_is_left_alone(city: GridCity, tmp_path: Path) -> None:
    moved = written(tmp_path, [feature("west", (72.70, 40.50, 72.75, 40.54), title="Батыш")])
    out, _ = run(moved, "--revision", "next", "--same-codes")
    assert "0 new, 1 changed" in out
    draft = BoundaryRevision.objects.get(name="next")
    west = DistrictBoundary.objects.of(draft).get(district__code="west")
    assert (west.name_ky, west.name_ru, west.name_en) == ("Батыш", "west ru", "west en")
    # A draft changes nothing that anybody sees.
    live = District.objects.get(code="west")
    assert (live.name_ky, live.name_ru, live.name_en) == ("west ky", "west ru", "west en")
    # A draft without the borders in force takes the other languages from what the district is called now.
    run(moved, "--revision", "bare", "--empty", "--same-codes")
    west = DistrictBoundary.objects.of(BoundaryRevision.objects.get(name="bare")).get()
    assert (west.name_ky, west.name_ru, west.name_en) == ("Батыш", "west ru", "west en")


def test_clockwise_rings_are_turned(city: GridCity, client: Client, tmp_path: Path) -> None:
    turned = feature("turned", WEST)
    outer = ring(WEST)
    hole = ring((72.71, 40.51, 72.72, 40.52))
    turned["geometry"]["coordinates"] = [outer[::-1], hole]
    path = written(tmp_path, [turned])
    # It lies on the west of the city.
    out, _ = run(path, "--revision", "next", "--publish", "--accept", "15000000")
    assert "1 new" in out
    out, _ = run(path, "--revision", "next")
    assert "0 changed, 1 unchanged" in out
    # Whoever writes them, by whichever door.
    clockwise = MultiPolygon(Polygon(ring(EAST)[::-1]), srid=4326)
    DistrictBoundary.objects.filter(district__code="east").update(geom=clockwise)
    for feature_ in client.get("/api/districts.geojson").json()["features"]:
        for outer, *holes in feature_["geometry"]["coordinates"]:
            assert shapely.LinearRing(outer).is_ccw
            assert not any(shapely.LinearRing(inner).is_ccw for inner in holes)


def declared(folder: Path, crs: object, features: Sequence[object], *, last: bool = False) -> Path:
    """A file with a ``crs`` member before its features, or behind them."""
    members = [("crs", crs), ("features", features)]
    path = folder / "declared.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", **dict(reversed(members) if last else members)}))
    return path


PULKOVO = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4284"}}


@pytest.mark.parametrize("last", [False, True])
def test_what_a_file_declares_is_honoured(city: GridCity, tmp_path: Path, last: bool) -> None:
    path = declared(tmp_path, PULKOVO, [feature("old", WEST)], last=last)
    out, _ = run(path, "--revision", "next")
    assert "Coordinates: EPSG:4284 (Pulkovo 1942)" in out
    west, south, east, _ = DistrictBoundary.objects.get(district__code="old").geom.extent
    # The datum lies 55 m further east and 23 m further south.
    assert west == pytest.approx(WEST[0] - 0.00065, abs=0.0001)
    assert south == pytest.approx(WEST[1] + 0.0002, abs=0.0001)
    assert east - west == pytest.approx(WEST[2] - WEST[0], abs=1e-5)
    out, _ = run(path, "--revision", "next")
    assert "nothing was changed" in out


@pytest.mark.parametrize(
    ("crs", "arguments", "words"),
    [
        ({"type": "name", "properties": {"name": "EPSG:999999"}}, (), "No way is known"),
        ({"type": "name", "properties": {"name": "my own"}}, (), "not understood"),
        ({"type": "link"}, (), "does not name"),
        (PULKOVO, ("--crs", "EPSG:4326"), "declares EPSG:4284"),
        (None, ("--crs", "nonsense"), "not understood"),
        (None, ("--crs", "EPSG:5703"), "No way is known"),
    ],
)
def test_what_it_declares_is_refused_in_words(
    city: GridCity, tmp_path: Path, crs: object, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run(declared(tmp_path, crs, [feature("old", WEST)]), *arguments)
    assert BoundaryRevision.objects.count() == 1


def test_what_a_single_feature_declares_is_its_files(city: GridCity, tmp_path: Path) -> None:
    path = tmp_path / "one.geojson"
    path.write_text(json.dumps({**feature("old", WEST), "crs": PULKOVO}))
    assert "Coordinates: EPSG:4284" in run(path)[0]
    assert DistrictBoundary.objects.get(district__code="old").geom.extent != WEST


def test_wgs_84_by_another_name_is_no_contradiction(city: GridCity, tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    run(declared(tmp_path, crs, [feature("new", WEST)]), "--crs", "EPSG:4326")
    assert DistrictBoundary.objects.get(district__code="new").geom.extent == WEST


def test_a_feature_with_a_system_of_its_own_refuses_the_file(city: GridCity, tmp_path: Path) -> None:
    own = feature("own", EAST)
    own["geometry"]["crs"] = PULKOVO
    with pytest.raises(CommandError, match="feature 2 declares a coordinate reference system of its own"):
        run(written(tmp_path, [feature("new", WEST), own]), "--skip-refused")
    assert BoundaryRevision.objects.count() == 1


def test_a_file_that_declares_nothing_is_what_it_is_said_to_be(city: GridCity, tmp_path: Path) -> None:
    out, _ = run(written(tmp_path, [feature("old", WEST)]), "--crs", "EPSG:4284")
    assert "Coordinates: EPSG:4284 (Pulkovo 1942)" in out
    assert DistrictBoundary.objects.get(district__code="old").geom.extent != WEST


#: Two districts that share the meridian 72.74 but for a notch of 0.0001 by 0.01 degrees, 8.5 m by 1.1 km.
NOTCHED = [
    [72.70, 40.50], [72.74, 40.50], [72.74, 40.51], [72.7399, 40.51], [72.7399, 40.52], [72.74, 40.52], [72.74, 40.54],
    [72.70, 40.54], [72.70, 40.50],
]  # fmt: skip


def notched() -> list[dict[str, Any]]:
    left, right = halves()
    left["geometry"]["coordinates"] = [NOTCHED]
    return [left, right]


def test_holes_of_the_citys_border_are_closed_and_told(office: Service, tmp_path: Path) -> None:
    path = written(tmp_path, notched())
    arguments = ("--revision", "one", "--city-from-union", "--publish", "--effective-from", "2020-01-01")
    with pytest.raises(CommandError, match="94.. m² do not fit and have not been accepted"):
        run(path, *arguments)
    assert not BoundaryRevision.objects.exists()
    out, _ = run(path, *arguments, "--accept", "9500", "--accepted-by", "Айбек")
    assert BoundaryRevision.objects.get().accepted_by == "Айбек"
    assert "The city's border: 1 holes closed, 9,4" in out
    assert "1 gap, 94" in out
    assert "Area left – Area right: 94" in out
    lamp = CategoryFactory(code="lamp")
    # A street corner between the two lies in the city, and in no district.
    decided = route(Pin(72.73995, 40.515, lamp.pk), on=dt.date(2021, 1, 1))
    assert decided.district_id is None
    out, _ = run(path, "--revision", "two", "--city-from-union", "--close-holes", "9000")
    assert "1 holes stay, 9,4" in out and "outside the city" in out


def test_overlaps_are_counted_and_measured(office: Service, tmp_path: Path) -> None:
    path = written(tmp_path, [feature("left", WEST), feature("right", (72.7399999, 40.50, 72.78, 40.54))])
    out, _ = run(path, "--city-from-union")
    assert "1 pair of districts overlaps, by 37 m² in all; slivers narrower than 1 m: 1." in out
    assert "  Area left – Area right: 37 m² at 40.5" in out


def test_letters_taken_apart_are_composed(city: GridCity, tmp_path: Path) -> None:
    """The names of properties, and the names that they hold."""
    apart = feature(
        "new", WEST, **{unicodedata.normalize("NFD", "ады й"): unicodedata.normalize("NFD", "Сай ёз")}
    )
    run(written(tmp_path, [apart]), "--name-field", "ru:ады й")
    assert DistrictBoundary.objects.get(district__code="new").name_ru == "Сай ёз"


def test_numeric_codes_and_names(tmp_path: Path) -> None:
    path = written(tmp_path, [feature(7.0, WEST, ru="Семь"), feature(8, EAST, ru="Восемь")])
    run(path, "--code-prefix", "ward-", "--name-field", "ru:ru")
    assert dict(District.objects.values_list("code", "name_ru")) == {"ward-7": "Семь", "ward-8": "Восемь"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"code;name\n", "expected {"),
        (b'{"type": "FeatureCollection", "features": []}', "has no areas"),
        (b'{"type": "FeatureCollection", "features": [{"type": "Feature", "prop', "not valid JSON"),
        (gzip.compress(json.dumps({"features": halves() * 500}).encode())[:-50], "damaged or truncated gzip"),
        ('{"name": "Ош"}'.encode("cp1251"), "not UTF-8"),
    ],
)
def test_invalid_files(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "areas.geojson"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        run(path)
    assert not BoundaryRevision.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--valid-from", "2027-01-01", "--valid-to", "2026-01-01"), "--valid-to must be after --valid-from"),
        (("--valid-from", "2027-01-01", "--valid-to", "2027-01-01"), "--valid-to must be after --valid-from"),
        (("--priority", "32768"), "--priority: use a whole number from -32768 to 32767"),
        (("--priority", "1e3"), "--priority: use a whole number"),
        (("--revision", "x" * 201), "at most 200 characters"),
    ],
)
def test_values_that_the_database_would_refuse(
    city: GridCity, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run(written(tmp_path, halves()), "--as", "service-area", "--service", "light", *arguments)
    assert BoundaryRevision.objects.count() == 1


@pytest.mark.parametrize("arguments", [(), ("--as", "service-area", "--service", "light")])
def test_what_is_new_has_a_name_in_the_citys_first_language(
    city: GridCity, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    path = written(tmp_path, halves())
    usual = ["--revision", "next", "--code-field", "code", *arguments]
    with pytest.raises(CommandError, match=r"left, right: new, and without a name in ky.*--name-field ky:"):
        call_command("import_areas", str(path), *usual, "--name-field", "ru:title")
    assert not BoundaryRevision.objects.filter(name="next").exists()
    call_command("import_areas", str(path), *usual, "--name-field", "ky:title")
    # What has one may get a name in another language alone.
    call_command("import_areas", str(path), *usual, "--name-field", "ru:title")


@pytest.mark.parametrize("value", [5.5, True, {"a": 1}, ["left"]])
def test_a_code_is_a_text_or_a_whole_number(city: GridCity, tmp_path: Path, value: object) -> None:
    said = io.StringIO()
    with pytest.raises(CommandError, match="1 of 1 features"):
        call_command(
            "import_areas",
            str(written(tmp_path, [feature("x", EAST) | {"properties": {"code": value, "title": "A"}}])),
            "--code-field=code",
            "--name-field=title",
            stderr=said,
        )
    assert f"the property 'code' is {value!r}: it must be a text or a whole number" in said.getvalue()
