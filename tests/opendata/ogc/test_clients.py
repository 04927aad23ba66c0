"""Programs that people have, over HTTP: GDAL's driver for OGC API - Features, OWSLib, and QGIS where it is installed."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from owslib.ogcapi.features import Features
from pytest_django import Settings

from appeals.models import Appeal, HotCell
from news.models import NewsItem
from opendata.ogc.collections import COLLECTIONS
from tests.factories import AppealFactory
from tests.grid import EAST, IN_EAST, IN_WEST, GridCity, at, box, make_city

#: A process of its own: GDAL holds the interpreter while the server of this process must answer.
_READ = """
import json, sys, pyogrio
if "OAPIF" not in pyogrio.list_drivers():
    print("null")
    raise SystemExit
found = []
for options in json.loads(sys.argv[2]):
    if "bbox" in options:
        options["bbox"] = tuple(options["bbox"])
    frame = pyogrio.read_dataframe("OAPIF:" + sys.argv[1], PAGE_SIZE="5", **options)
    place = frame.geometry.iloc[0].centroid if len(frame) else None
    found.append({
        "names": sorted(map(str, frame[next(n for n in ("number", "code", "cell", "title") if n in frame)])),
        "crs": ":".join(frame.crs.to_authority()),
        "first": place and [place.x, place.y],
    })
print(json.dumps(found))
"""

Read = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def city(db: None) -> GridCity:
    return make_city()


@pytest.fixture
def appeals(city: GridCity) -> list[Appeal]:
    """Twelve, one of them in the east and accepted."""
    newest = dt.datetime(2026, 5, 31, 6, tzinfo=dt.UTC)
    made = [
        AppealFactory(
            category=city.categories["lamp"],
            service=city.services["light"],
            point=at(IN_WEST if n else IN_EAST),
            status="new" if n else "accepted",
            submitted_at=newest - dt.timedelta(days=n),
        )
        for n in range(12)
    ]
    for appeal in made:
        appeal.refresh_from_db(fields=["number"])
    return made


@pytest.fixture
def read(live_server: Any, settings: Settings) -> Read:
    """What GDAL reads of the collections, five features a page; one answer for each of the options."""
    settings.PUBLIC_URL = live_server.url

    def ask(*options: dict[str, Any]) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-c", _READ, f"{live_server.url}/ogc", json.dumps(options)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        if found is None:
            pytest.skip("this GDAL was built without its OAPIF driver")
        return list(found)

    return ask


@pytest.mark.django_db(transaction=True)
def test_gdal_reads_everything_what_it_filters_by_and_in_which_crs(
    read: Read, appeals: list[Appeal], works: NewsItem, hot_cells: list[HotCell]
) -> None:
    numbers = [str(appeal.number) for appeal in appeals]
    lon, lat = IN_EAST
    crs = "http://www.opengis.net/def/crs/EPSG/0/"
    late = f"number = {numbers[3]} OR submitted_at >= '2026-05-31T00:00:00'"
    whole, accepted, either, boxed, districts, news, hot, *projected = read(
        {"layer": "appeals"},
        {"layer": "appeals", "where": "status = 'accepted'"},
        {"layer": "appeals", "where": late},
        {"layer": "appeals", "bbox": [lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001]},
        {"layer": "districts"},
        {"layer": "news_areas", "where": "kind = 'works'", "bbox": [*EAST]},
        {"layer": "hotspot_cells", "where": "class > 0 AND q < 0.01"},
        *({"layer": "appeals", "CRS": f"{crs}{srid}"} for srid in (4326, 3857, 32643)),
    )
    assert whole == {"names": sorted(numbers), "crs": "OGC:CRS84", "first": pytest.approx(IN_EAST, abs=1e-6)}
    assert accepted["names"] == boxed["names"] == [numbers[0]]
    assert either["names"] == sorted([numbers[0], numbers[3]])
    assert districts["names"] == ["east", "west"]
    assert (news["names"], news["first"]) == ([works.title_ky], pytest.approx(box(EAST).centroid.coords))  # type: ignore[attr-defined]
    assert hot["names"] == [hot_cells[0].cell]
    # Of the two names for degrees GDAL keeps the one that it began with; its own order of the axes is lon, lat.
    for found, srid in zip(projected, (4326, 3857, 32643), strict=True):
        assert found["crs"] in {f"EPSG:{srid}", "OGC:CRS84" if srid == 4326 else ""}
        point = appeals[0].point.transform(srid, clone=True) if srid != 4326 else appeals[0].point
        assert found["first"] == pytest.approx(point.coords, abs=1e-6 if srid == 4326 else 0.006)


@pytest.mark.django_db(transaction=True)
def test_owslib_reads_what_it_is_told_of(live_server: Any, settings: Settings, appeals: list[Appeal]) -> None:
    settings.PUBLIC_URL = live_server.url
    numbers = [appeal.number for appeal in appeals]
    service = Features(f"{live_server.url}/ogc/")
    assert {link["rel"] for link in service.links} >= {"conformance", "data", "service-desc"}
    assert (
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in service.conformance()["conformsTo"]
    )
    assert "/collections/appeals/items" in service.api()["paths"]
    assert service.feature_collections() == [of.id for of in COLLECTIONS]
    assert service.collection("appeals")["title"]
    asked = service.collection_queryables("appeals")["properties"]
    assert {"status", "submitted_at", "point"} <= set(asked)
    assert "due_on" in service.collection_schema("appeals")["properties"]

    def found(**query: Any) -> list[int]:
        document = service.collection_items("appeals", limit=100, **query)
        return [feature["properties"]["number"] for feature in document["features"]]

    lon, lat = IN_EAST
    assert found() == numbers
    assert found(bbox=[lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001]) == numbers[:1]
    assert found(datetime_="2026-05-30/..") == numbers[:2]
    assert found(status="accepted") == numbers[:1]
    assert found(filter="number > 0 AND status = 'accepted'") == numbers[:1]
    assert found(sortby=("submitted_at", "asc")) == numbers[::-1]
    document = service.collection_items("appeals", limit=5)
    assert document["numberMatched"] == len(numbers)
    single = service.collection_item("appeals", document["features"][0]["id"])
    assert single["properties"] == document["features"][0]["properties"]
    visited = [feature["properties"]["number"] for feature in document["features"]]
    while following := [link["href"] for link in document["links"] if link["rel"] == "next"]:
        query = dict(part.split("=", 1) for part in following[0].partition("?")[2].split("&"))
        document = service.collection_items("appeals", **query)
        visited += [feature["properties"]["number"] for feature in document["features"]]
    assert visited == numbers


#: QGIS belongs to the system's Python and brings libraries of its own.
_SYSTEM_PYTHON = shutil.which("python3", path="/usr/bin")
_IN_QGIS = """
import json, sys
from qgis.core import (
    QgsApplication, QgsCoordinateReferenceSystem, QgsFeatureRequest, QgsMapRendererSequentialJob, QgsMapSettings,
    QgsMarkerSymbol, QgsRectangle, QgsVectorLayer, QgsVectorTileBasicRenderer, QgsVectorTileBasicRendererStyle,
    QgsVectorTileLayer, QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

application = QgsApplication([], False)
application.initQgis()
site, box = sys.argv[1], QgsRectangle(*map(float, sys.argv[2].split(",")))

def numbers(layer, request=QgsFeatureRequest()):
    assert layer.isValid(), layer.error().message()
    return sorted(feature["number"] for feature in layer.getFeatures(request))

def collection(more=""):
    uri = f"url='{site}/ogc/' typename='appeals' pagingEnabled='true' pageSize='5' maxNumFeatures='0' {more}"
    return QgsVectorLayer(uri, "appeals", "OAPIF")

pasted = QgsVectorLayer(f"{site}/data/appeals.geojson", "appeals", "ogr")
tiles = QgsVectorTileLayer(f"type=xyz&url={site}/tiles/appeals/%7Bz%7D/%7Bx%7D/%7By%7D.mvt&zmin=0&zmax=18", "tiles")
assert tiles.isValid()

def draws(condition):
    # Whether a dot stands anywhere on a map of the world, of which one tile holds everything.
    style = QgsVectorTileBasicRendererStyle("dots", "appeals", QgsWkbTypes.PointGeometry)
    style.setSymbol(QgsMarkerSymbol.createSimple({"color": "black", "size": "9"}))
    style.setFilterExpression(condition)
    style.setEnabled(True)
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles([style])
    tiles.setRenderer(renderer)
    settings = QgsMapSettings()
    settings.setLayers([tiles])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setExtent(QgsRectangle(-2e7, -2e7, 2e7, 2e7))
    settings.setOutputSize(QSize(256, 256))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    return any(image.pixelColor(x, y).lightness() < 64 for x in range(256) for y in range(256))

print(json.dumps({
    "collection": numbers(collection()),
    "crs": collection().crs().authid(),
    "in_box": numbers(collection("restrictToRequestBBOX='1'"), QgsFeatureRequest(box)),
    "pasted": numbers(pasted),
    "counted": pasted.featureCount(),
    "tiles": [draws(f'"count" {sign} {int(sys.argv[3])}') for sign in ("=", "<>")],
}))
"""


@pytest.mark.qgis
@pytest.mark.django_db(transaction=True)
def test_qgis_has_what_the_database_has(
    live_server: Any, settings: Settings, appeals: list[Appeal], tmp_path: Path
) -> None:
    has_qgis = [_SYSTEM_PYTHON or "", "-c", "import qgis.core"]
    if not _SYSTEM_PYTHON or subprocess.run(has_qgis, capture_output=True, check=False).returncode:
        pytest.skip("Debian's python3-qgis is not installed; `.ci/run --full` does")
    settings.PUBLIC_URL = live_server.url
    numbers = sorted(appeal.number for appeal in appeals)
    lon, lat = IN_EAST
    around = f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
    done = subprocess.run(
        [_SYSTEM_PYTHON, "-c", _IN_QGIS, live_server.url, around, str(len(numbers))],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "QT_QPA_PLATFORM": "offscreen",
            "LANG": "C.UTF-8",
        },
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["collection"] == found["pasted"] == numbers
    assert found["counted"] == len(numbers)
    assert found["crs"] in {"OGC:CRS84", "EPSG:4326"}
    assert found["in_box"] == [appeals[0].number]
    assert found["tiles"] == [True, False], "a cell of all, and none of another number"
