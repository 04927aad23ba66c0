"""The demo city's drawn layers agree with each other, with the tables and with the terrain."""

from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import Point, shape

from data.osh.drawing.curves import METRES_PER_LAT, METRES_PER_LON

ROOT = Path(__file__).resolve().parents[2]
OSH = ROOT / "data" / "osh"
LANGUAGES = ("ky", "ru", "en")
#: Areas may extend beyond the city by no more than rounding to six decimals (square metres).
ROUNDING_M2 = 60.0
BASE_LAYERS = {"river", "canal", "hill", "park", "street", "landmark", "place", "block"}


def features(name: str) -> list[dict[str, Any]]:
    return json.loads((OSH / name).read_text(encoding="utf-8"))["features"]


def square_metres(geometry: shapely.Geometry) -> float:
    return geometry.area * METRES_PER_LON * METRES_PER_LAT


@pytest.fixture(scope="module")
def districts() -> dict[str, dict[str, Any]]:
    return {feature["properties"]["code"]: feature for feature in features("districts.geojson")}


@pytest.fixture(scope="module")
def city(districts: dict[str, dict[str, Any]]) -> shapely.Polygon:
    return shape(districts["osh"]["geometry"])


@pytest.fixture(scope="module")
def territories(districts: dict[str, dict[str, Any]]) -> dict[str, shapely.Polygon]:
    return {
        code: shape(feature["geometry"])
        for code, feature in districts.items()
        if feature["properties"]["kind"] == "territory"
    }


@pytest.mark.parametrize("name", ["districts.geojson", "service_areas.geojson", "base.geojson"])
def test_every_geometry_is_valid_and_rounded(name: str) -> None:
    for feature in features(name):
        geometry = shape(feature["geometry"])
        assert geometry.is_valid, (feature["properties"], shapely.is_valid_reason(geometry))
        assert not geometry.is_empty
        xy = shapely.get_coordinates(geometry)
        assert (abs(xy - xy.round(6)) < 1e-9).all()


def test_nine_territories_make_up_the_city(
    city: shapely.Polygon, territories: dict[str, shapely.Polygon]
) -> None:
    assert len(territories) == 9
    assert shapely.coverage_is_valid(list(territories.values())), "neighbours do not share every vertex"
    assert shapely.coverage_union_all(list(territories.values())).equals(city)
    assert 180e6 < square_metres(city) < 230e6


def test_territories_do_not_overlap(territories: dict[str, shapely.Polygon]) -> None:
    codes = sorted(territories)
    for i, one in enumerate(codes):
        for other in codes[i + 1 :]:
            assert territories[one].intersection(territories[other]).area == 0, (one, other)


def test_districts_are_named_and_marked_as_approximate(districts: dict[str, dict[str, Any]]) -> None:
    for code, feature in districts.items():
        own = feature["properties"]
        assert all(own[f"name_{language}"] for language in LANGUAGES)
        assert own["approximate"] is True
        assert own["parent"] == (None if code == "osh" else "osh")


def test_city_lies_within_the_bounds_of_the_profile(city: shapely.Polygon) -> None:
    profile = tomllib.loads((OSH / "profile.toml").read_text(encoding="utf-8"))
    assert shapely.box(*profile["bounds"]).contains(city)
    assert city.contains(Point(profile["center"]))


def test_service_areas_lie_inside_the_city(city: shapely.Polygon) -> None:
    for feature in features("service_areas.geojson"):
        outside = shape(feature["geometry"]).difference(city)
        assert square_metres(outside) < ROUNDING_M2, feature["properties"]["code"]


def test_service_areas_are_complete_and_dated_in_order() -> None:
    found = features("service_areas.geojson")
    assert 35 <= len(found) <= 50
    codes = [feature["properties"]["code"] for feature in found]
    assert len(set(codes)) == len(codes)
    dated = 0
    for feature in found:
        own = feature["properties"]
        assert all(own[f"name_{language}"] for language in LANGUAGES), own["code"]
        assert isinstance(own["priority"], int)
        since, until = own["valid_from"], own["valid_to"]
        dated += bool(since or until)
        if since and until:
            assert dt.date.fromisoformat(since) < dt.date.fromisoformat(until)
    assert dated >= 5


def test_base_layer_is_small_named_and_inside_the_city(city: shapely.Polygon) -> None:
    assert (OSH / "base.geojson").stat().st_size < 300_000
    near = city.buffer(1e-5)
    seen = set()
    for feature in features("base.geojson"):
        own = feature["properties"]
        seen.add(own["layer"])
        assert near.covers(shape(feature["geometry"])), own
        assert own["class"]
        if own["class"] not in ("built", "minor"):
            assert all(own[f"name_{language}"] for language in LANGUAGES), own
    assert seen == BASE_LAYERS


def test_landmarks_are_on_dry_land() -> None:
    river = next(
        shape(f["geometry"]) for f in features("base.geojson") if f["properties"]["layer"] == "river"
    )
    for feature in features("base.geojson"):
        if feature["properties"]["layer"] in ("landmark", "place"):
            assert not river.contains(shape(feature["geometry"])), feature["properties"]


def test_gazetteer_names_the_territory_that_covers_the_place(
    territories: dict[str, shapely.Polygon],
) -> None:
    with (OSH / "gazetteer.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 200
    assert {row["kind"] for row in rows} == {"street", "landmark", "microdistrict", "village", "park", "hill"}
    for row in rows:
        assert all(row[f"name_{language}"] for language in LANGUAGES), row
        assert territories[row["district"]].covers(Point(float(row["lon"]), float(row["lat"]))), row


def test_gazetteer_finds_a_street_by_its_old_name() -> None:
    with (OSH / "gazetteer.csv").open(encoding="utf-8", newline="") as file:
        found = [row["name_ky"] for row in csv.DictReader(file) if "Ленина" in row["aliases"]]
    assert found == ["Алымбек Датка көчөсү"]


def test_drawing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import data.osh.drawing.__main__ as drawing, pathlib, sys;"
        "drawing.PROFILE = pathlib.Path(sys.argv[1]); drawing.main()"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    for name in ("districts.geojson", "service_areas.geojson", "base.geojson", "gazetteer.csv"):
        assert (tmp_path / name).read_bytes() == (OSH / name).read_bytes(), f"{name} was edited by hand"
