"""The contours of the counts as a file: areas of appeals per km², what is in them, and where."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely.geometry
from django.test import Client
from pypdf import PdfReader
from pytest_django import Settings

from geo.metric import in_metres
from tests.grid import IN_EAST, IN_WEST
from tests.reports.planting import Plant, around

ADDRESS = "/en/reports/heatmap.contours.geojson"
GEOPACKAGE = "/en/reports/heatmap.contours.gpkg"
PAPER = "/ru/reports/heatmap.contours.pdf"


def read(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"{ADDRESS}{query}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/geo+json")
    assert 'filename="appeals-heatmap-' in answer["Content-Disposition"]
    assert answer.content == client.get(f"{ADDRESS}{query}").content
    found: dict[str, Any] = json.loads(answer.content)
    return found


def test_contours_gather_around_where_appeals_do(
    client: Client, plant: Plant, settings: Settings, tmp_path: Path
) -> None:
    plant(around(IN_WEST, 60))
    plant(around(IN_EAST, 20), category="pothole")
    plant([IN_EAST] * 30, hidden=True)
    found = read(client)
    about = found["contours"]
    assert (about["unit"], about["srid"], about["appeals"]) == ("appeals per km²", settings.METRIC_SRID, 80)
    assert (about["pixel_m"], about["bandwidth_m"]) == (50, 200)
    rows = [(one["properties"], shapely.geometry.shape(one["geometry"])) for one in found["features"]]
    levels = [values["appeals_per_km2"] for values, _shape in rows]
    assert levels == about["levels"]
    assert 3 <= len(rows) <= 6
    assert [values["share"] for values, _shape in rows] == sorted(
        (row["share"] for row, _shape in rows), reverse=True
    )
    for values, shape in rows:
        assert shape.is_valid
        assert (
            shape.exterior.is_ccw
            if shape.geom_type == "Polygon"
            else all(part.exterior.is_ccw for part in shape.geoms)
        )
        assert abs(in_metres(shape, settings.METRIC_SRID).area / 1e6 - values["area_km2"]) < 1e-3
    # The lowest is of both places and nearly all appeals, the highest of the fuller place alone.
    west, east = shapely.Point(IN_WEST), shapely.Point(IN_EAST)
    assert rows[0][0]["share"] > 0.9
    assert rows[0][1].contains(west)
    assert rows[0][1].contains(east)
    assert rows[-1][1].distance(west) < rows[-1][1].distance(east)
    # The same as a GeoPackage.
    answer = client.get(f"{GEOPACKAGE}?from=2020-01-01")
    assert answer["Content-Type"] == "application/geopackage+sqlite3"
    assert answer.content == client.get(f"{GEOPACKAGE}?from=2020-01-01").content
    file = tmp_path / "contours.gpkg"
    file.write_bytes(answer.content)
    table = gpd.read_file(file, layer="contours")
    assert table.crs.to_epsg() == 4326
    assert table["share"].tolist() == [values["share"] for values, _shape in rows]
    assert all(mine.equals(theirs) for mine, (_values, theirs) in zip(table.geometry, rows, strict=True))
    # And on paper.
    paper = PdfReader(io.BytesIO(client.get(f"{PAPER}?from=2020-01-01").content))
    words = " ".join(" ".join(page.extract_text().split()) for page in paper.pages)
    assert len(paper.pages) == 2
    assert "Плотность обращений" in words and "Обращений на км²" in words
    for low, high in itertools.pairwise(levels):
        assert f"от {low:g} до {high:g}" in words
    assert f"{levels[-1]:g} и больше" in words
    assert "сглажены на 200 м" in words
    assert client.get(PAPER).content == client.get(PAPER).content
    # The question is the report's.
    potholes = read(client, "?category=pothole")
    assert potholes["contours"]["appeals"] == 20
    assert potholes["report"]["category"] == "pothole"
    assert client.get(f"{ADDRESS}?category=none").status_code == 400
    assert client.get("/en/reports/hotspots.contours.geojson").status_code == 404


def test_few_appeals_are_in_no_contour(
    client: Client, plant: Plant, settings: Settings, tmp_path: Path
) -> None:
    plant([IN_EAST])
    assert read(client)["contours"]["levels"] == [], "a single appeal is no contour"
    plant([IN_WEST] * 2)
    assert read(client)["features"]
    settings.REPORT_MIN_COUNT = 3
    found = read(client)
    file = tmp_path / "contours.gpkg"
    file.write_bytes(client.get(GEOPACKAGE).content)
    assert gpd.read_file(file).empty
    assert (found["features"], found["contours"]["appeals"], found["contours"]["levels"]) == ([], 0, [])
