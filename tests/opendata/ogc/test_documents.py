"""/ogc/: what leads a client to the features, and what it says of them."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema
from pytest_django import Settings

from appeals.models import Appeal
from appeals.vocabulary import Status
from opendata.ogc.collection import Collection
from opendata.ogc.collections import COLLECTIONS
from opendata.properties import APPEAL
from tests.grid import GridCity

NAMES = [of.id for of in COLLECTIONS]
_CONF = "http://www.opengis.net/spec/ogcapi-features-"


def _get(client: Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.content)
    return answer.json()


def test_one_address_leads_to_all_others(client: Client, appeal: Appeal, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://city.example"
    forms = {"geojsonseq": "application/geo+json-seq", "csv": "text/csv", "fgb": "application/vnd.flatgeobuf"}
    waiting, seen = ["/ogc/"], {}
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.content)
        seen[path] = answer["Content-Type"].partition(";")[0]
        if not path.startswith("/ogc/") or "api" in path or "f=" in path:
            continue
        document = answer.json()
        listed = ("collections", "tileMatrixSets", "tilesets")
        for part in [document, *(part for name in listed for part in document.get(name, []))]:
            for link in part.get("links", []):
                assert link["href"].startswith("https://city.example/"), link
                if link.get("templated"):
                    continue
                target = link["href"].removeprefix("https://city.example")
                if target not in {*seen, *waiting}:
                    waiting.append(target)
    assert {
        "/ogc/",
        "/ogc/conformance",
        "/ogc/api",
        "/api/docs/",
        "/ogc/collections",
        "/ogc/tileMatrixSets",
        "/ogc/tileMatrixSets/WebMercatorQuad",
        *(f"/ogc/collections/{name}/tiles{rest}" for name in ("appeals", "districts") for rest in ("", "/WebMercatorQuad")),
        *(f"/tiles/{name}.json" for name in ("appeals", "districts")),
        *(f"/ogc/collections/{name}{rest}" for name in NAMES
          for rest in ("", "/items", "/queryables", "/sortables", "/schema", *(f"/items?f={form}" for form in forms))),
    } == {path for path in seen if not path.endswith("f=html")}  # fmt: skip
    assert sum(path.endswith("f=html") for path in seen) == 8 + 2 * len(NAMES)
    assert all(kind == "text/html" for path, kind in seen.items() if path.endswith("f=html"))
    for form, kind in forms.items():
        assert seen[f"/ogc/collections/appeals/items?f={form}"] == kind
    assert seen["/ogc/collections/appeals/items"] == "application/geo+json"
    assert seen["/ogc/api"] == "application/vnd.oai.openapi+json"


def test_conformance(client: Client, db: None) -> None:
    assert _get(client, "/ogc/conformance") == {
        "conformsTo": [
            f"{_CONF}1/1.0/conf/core",
            f"{_CONF}1/1.0/conf/oas30",
            f"{_CONF}1/1.0/conf/geojson",
            f"{_CONF}1/1.0/conf/html",
            f"{_CONF}2/1.0/conf/crs",
            f"{_CONF}3/1.0/conf/queryables",
            f"{_CONF}3/1.0/conf/filter",
            f"{_CONF}3/1.0/conf/features-filter",
            f"{_CONF}5/1.0/conf/sortables",
            f"{_CONF}8/1.0/conf/sorting",
            "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
            "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
            "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
            "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
            "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
            "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
            "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
            *(
                f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
                for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt")
            ),
            "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
            "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
        ]
    }


def test_the_api_document_is_of_these_addresses(client: Client, db: None, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://city.example"
    document = _get(client, "/ogc/api")
    validate_schema(document)  # type: ignore[no-untyped-call]
    assert document["servers"] == [{"url": "https://city.example/ogc"}]
    assert "/collections/appeals/items" in document["paths"]
    assert all(path == "/" or path.startswith(("/co", "/api", "/tile")) for path in document["paths"])
    parameters = {
        one["name"]: one["schema"]
        for one in document["paths"]["/collections/appeals/items"]["get"]["parameters"]
    }
    # Where GDAL looks for the size of a page, for what it may ask, and for the count.
    assert (parameters["limit"]["default"], parameters["limit"]["minimum"]) == (100, 1)
    assert sorted(parameters["status"]["items"]["enum"]) == sorted(Status.values)
    assert "hits" in parameters["resultType"]["enum"]


def test_a_collection_says_where_and_when(client: Client, appeal: Appeal, settings: Settings) -> None:
    document = _get(client, "/ogc/collections/appeals?lang=en")
    assert (document["id"], document["itemType"]) == ("appeals", "feature")
    assert document["extent"]["spatial"]["bbox"] == [list(settings.CITY_BOUNDS)]
    ((began, ends),) = document["extent"]["temporal"]["interval"]
    assert (dt.datetime.fromisoformat(began), ends) == (appeal.submitted_at, None)
    assert document["storageCrs"] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    assert {name.rpartition("/")[2] for name in document["crs"]} == {"CRS84", "4326", "3857", "32643"}
    assert document in _get(client, "/ogc/collections?lang=en")["collections"]
    began = _get(client, "/ogc/collections/districts")["extent"]["temporal"]["interval"][0][0]
    assert began == "2020-01-01T00:00:00+06:00"
    Appeal.objects.update(hidden=True)
    assert _get(client, "/ogc/collections/appeals")["extent"]["temporal"]["interval"] == [[None, None]]


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_titles_are_in_the_language_asked_for(client: Client, city: GridCity, language: str) -> None:
    english = _get(client, "/ogc/collections?lang=en")["collections"]
    others = _get(client, f"/ogc/collections?lang={language}")["collections"]
    for one, other in zip(english, others, strict=True):
        assert one["id"] == other["id"]
        assert one["title"] != other["title"] and one["description"] != other["description"]


@pytest.mark.parametrize("of", COLLECTIONS, ids=NAMES)
def test_features_are_as_the_schema_says(client: Client, everything: Appeal, of: Collection) -> None:
    path = f"/ogc/collections/{of.id}"
    schema = _get(client, f"{path}/schema")
    assert client.get(f"{path}/schema")["Content-Type"] == "application/schema+json"
    geometry = schema["properties"].pop(of.column)
    assert geometry["x-ogc-role"] == "primary-geometry"
    features = _get(client, f"{path}/items")["features"]
    assert features
    for feature in features:
        assert set(feature["properties"]) == set(schema["properties"])
        jsonschema.Draft202012Validator(schema).validate(feature["properties"])


@pytest.mark.parametrize(
    ("collection", "filters", "others"),
    [
        ("appeals", {"kind", "status", "category", "service", "district"}, {"category_name", "url"}),
        ("districts", {"code"}, set()),
        ("service_areas", {"service"}, {"categories"}),
        ("news_areas", {"kind"}, {"title", "url"}),
        ("hotspot_cells", set(), set()),
    ],
)
def test_queryables_narrow(
    client: Client, everything: Appeal, collection: str, filters: set[str], others: set[str]
) -> None:
    path = f"/ogc/collections/{collection}"
    document = _get(client, f"{path}/queryables")
    assert document["$id"].endswith(f"{path}/queryables")
    assert document["additionalProperties"] is False
    features = _get(client, f"{path}/items")["features"]
    asked = set(document["properties"]) - {"point", "geom", "area"}
    assert others & asked == set()
    assert asked <= set(features[0]["properties"])
    for name in asked:
        value = features[0]["properties"][name]
        alike = [one["id"] for one in features if one["properties"][name] == value]
        said = (
            f"= {json.dumps(value, ensure_ascii=False)}".replace('"', "'") if value is not None else "IS NULL"
        )
        ways = [f"filter={quote(f'{name} {said}')}", *([f"{name}={value}"] if name in filters else [])]
        for way in ways:
            assert [one["id"] for one in _get(client, f"{path}/items?{way}")["features"]] == alike, way


def test_the_vocabulary_is_that_of_the_api(client: Client, db: None) -> None:
    properties = _get(client, "/ogc/collections/appeals/schema")["properties"]
    assert list(properties) == [*(declared.name for declared in APPEAL), "point"]
    assert properties["status"]["enum"] == Status.values
    assert properties["planned_on"] == {
        "type": ["string", "null"],
        "format": "date",
        "description": "The day for which works are planned.",
    }
    assert properties["submitted_at"]["x-ogc-role"] == "primary-instant"


def test_what_is_not_there_and_what_is_not_understood(client: Client, city: GridCity) -> None:
    for path in ("/ogc/collections/roads", "/ogc/collections/roads/items", "/ogc/nothing"):
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    for path, wrong in (
        ("/ogc/?f=xml", "f"),
        ("/ogc/collections?lang=fr", "lang"),
        ("/ogc/api?page=2", "page"),
    ):
        answer = client.get(path)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_every_document_is_a_page_too(client: Client, everything: Appeal) -> None:
    """In a browser, or asked for by name; in each language, whose links stay in it."""
    appeal = everything
    items = f"/ogc/collections/appeals/items/{appeal.pk}"
    for path, words in {
        "/ogc/": "Conformance classes",
        "/ogc/conformance": "ogcapi-features-1/1.0/conf/html",
        "/ogc/api": "GET /collections/appeals/items",
        "/ogc/collections": "Service areas",
        "/ogc/collections/appeals": "EPSG/0/32643",
        "/ogc/collections/appeals/queryables": "recommendation",
        "/ogc/collections/appeals/schema": "planned_on",
        "/ogc/collections/appeals/sortables": "due_on",
        "/ogc/tileMatrixSets": "Google Maps Compatible",
        "/ogc/tileMatrixSets/WebMercatorQuad": "1 : 559\u00a0082\u00a0264",
        "/ogc/collections/districts/tiles": "Districts: vector tiles",
        "/ogc/collections/appeals/tiles/WebMercatorQuad": "/{tileMatrix}/{tileCol}/{tileRow}.mvt",
        "/ogc/collections/appeals/items?limit=1": f"№ {appeal.number} · lamp en",
        "/ogc/collections/districts/items": "east en",
        items: appeal.text,
        "/ogc/collections/service_areas/items/1.green.park": "green en",
        "/ogc/collections/news_areas/items": "Planned works",
        "/ogc/collections/hotspot_cells/items": "q &lt; 0.01",
    }.items():
        page = (
            client.get(path, {"lang": "en"}, headers=BROWSER)
            if "?" not in path
            else client.get(f"{path}&lang=en", headers=BROWSER)
        )
        assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8"), path
        assert (page["Cache-Control"], "ETag" in page) == ("private, no-store", False)
        assert "Accept" in page["Vary"].split(", ")
        text = page.content.decode()
        assert words in text, path
        assert '<html lang="en">' in text
        links = re.findall(r'href="(/ogc/[^"]*)"', text)
        assert all("lang=" in link for link in links), links
        assert client.get(f"{path}{'&' if '?' in path else '?'}f=html")["Content-Type"].startswith(
            "text/html"
        )
        assert (
            "json"
            in client.get(f"{path}{'&' if '?' in path else '?'}f=json", headers=BROWSER)["Content-Type"]
        )
    for accept in ("*/*", "image/png", "application/geo+json", "text/html;q=0.5,application/json", ""):
        assert "json" in client.get("/ogc/collections", headers={"Accept": accept})["Content-Type"]
    for language in ("ky", "ru"):
        page = client.get(items, headers={**BROWSER, "Accept-Language": language}).content.decode()
        assert f'<html lang="{language}">' in page
        assert f"lamp {language}" in page


@pytest.mark.parametrize(("language", "words"), [("en", "12.5 · q &lt; 0.01"), ("ru", "12,5 · q &lt; 0,01")])
def test_how_hot_a_cell_is_stands_beside_it(
    client: Client, everything: Appeal, language: str, words: str
) -> None:
    text = client.get(f"/ogc/collections/hotspot_cells/items?f=html&lang={language}").content.decode()
    assert words in text
    assert {"en": "not clearly more", "ru": "не явно больше"}[language] in text


def test_features_are_shown_on_a_map_of_degrees(client: Client, everything: Appeal) -> None:
    for of in COLLECTIONS:
        path = f"/ogc/collections/{of.id}/items"
        features = _get(client, path)["features"]
        shown = [{"features": features}, {"features": features[:1]}]
        for page, document in zip((path, f"{path}/{features[0]['id']}"), shown, strict=True):
            text = html.unescape(client.get(f"{page}?f=html").content.decode())
            (shape,) = re.findall(r'<city-map [^>]*area="({.*?})"', text)
            places = [one["geometry"]["coordinates"] for one in document["features"]]
            assert json.loads(shape) == {
                "type": "MultiPoint" if of.id == "appeals" else "MultiPolygon",
                "coordinates": places if of.id == "appeals" else [part for area in places for part in area],
            }
            metric = client.get(f"{page}?f=html&crs={quote('http://www.opengis.net/def/crs/EPSG/0/3857')}")
            assert metric.status_code == 200 and "<city-map" not in metric.content.decode()
    Appeal.objects.update(hidden=True)
    assert "<city-map" not in client.get("/ogc/collections/appeals/items?f=html").content.decode()


def test_a_page_shows_words_as_words(client: Client, appeal: Appeal) -> None:
    Appeal.objects.update(text="<script>alert(1)</script>", address="<b>x</b>")
    for path in ("/ogc/collections/appeals/items", f"/ogc/collections/appeals/items/{appeal.pk}"):
        text = client.get(path, headers=BROWSER).content.decode()
        assert "<script>alert" not in text and "<b>x" not in text
        assert "&lt;b&gt;x" in text
