"""GET /api/districts.geojson, /api/service-areas.geojson and /api/base.geojson over HTTP."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from districts.models import BoundaryRevision, DistrictBoundary
from tests.grid import EAST, PARK, GridCity, box


@pytest.fixture
def later(city: GridCity) -> BoundaryRevision:
    """Borders that are published and come into force tomorrow: the city is the east alone."""
    revision = BoundaryRevision.objects.create(
        number=2,
        name="second",
        state=BoundaryRevision.State.PUBLISHED,
        effective_from=timezone.localdate() + dt.timedelta(days=1),
        published_at=timezone.now(),
    )
    DistrictBoundary.objects.create(
        revision=revision, district=city.districts["city"], geom=box(EAST), approximate=True
    )
    return revision


def _read(client: Client, path: str) -> dict[str, Any]:
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/geo+json"), answer.content
    document: dict[str, Any] = answer.json()
    return document


def _codes(document: dict[str, Any]) -> list[str]:
    return [feature["properties"]["code"] for feature in document["features"]]


def test_districts_in_force(client: Client, city: GridCity, later: BoundaryRevision) -> None:
    document = _read(client, "/api/districts.geojson")
    assert document["revision"] == {
        "number": 1,
        "name": "first",
        "effective_from": "2020-01-01",
        "accepted_misfits_m2": None,
    }
    BoundaryRevision.objects.update(accepted_misfits_m2=1234.5, accepted_by="Айбек")
    accepted = _read(client, "/api/districts.geojson")["revision"]
    assert accepted["accepted_misfits_m2"] == 1234.5
    # Who did so is the city's own affair.
    assert "accepted_by" not in accepted
    assert _codes(document) == ["east", "west"]
    east = document["features"][0]
    assert east["id"] == "east"
    assert east["geometry"] == json.loads(box(EAST).geojson)
    assert east["properties"] == {
        "code": "east",
        "kind": "territory",
        "parent": "city",
        "name_ky": "east ky",
        "name_ru": "east ru",
        "name_en": "east en",
        "approximate": False,
    }


def test_the_city_is_none_of_its_districts(client: Client, city: GridCity) -> None:
    """Who joins points with districts counts each of them once."""
    document = _read(client, "/api/city.geojson")
    assert _codes(document) == ["city"]
    assert document["features"][0]["properties"]["kind"] == "city"


def test_a_revision_by_its_number(client: Client, later: BoundaryRevision) -> None:
    assert _codes(_read(client, "/api/districts.geojson?revision=2")) == []
    document = _read(client, "/api/city.geojson?revision=2")
    assert _codes(document) == ["city"]
    assert document["features"][0]["properties"]["approximate"] is True


@pytest.mark.parametrize("path", ["/api/districts.geojson", "/api/service-areas.geojson"])
def test_a_draft_is_nobodys_business(client: Client, later: BoundaryRevision, path: str) -> None:
    BoundaryRevision.objects.filter(pk=later.pk).update(state="draft", published_at=None)
    answer = client.get(f"{path}?revision=2")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/api/districts.geojson", "/api/service-areas.geojson"])
@pytest.mark.parametrize(
    ("number", "status"), [("7", 404), ("x", 400), ("-1", 400), ("1.0", 400), ("１", 400), ("9" * 50, 400)]
)
def test_no_such_revision(client: Client, city: GridCity, path: str, number: str, status: int) -> None:
    answer = client.get(path, {"revision": number})
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("path", ["/api/districts.geojson", "/api/service-areas.geojson"])
def test_before_there_are_borders(client: Client, db: None, path: str) -> None:
    document = _read(client, path)
    assert (document["features"], document["revision"]) == ([], None)


def test_service_areas(client: Client, city: GridCity) -> None:
    document = _read(client, "/api/service-areas.geojson")
    assert _codes(document) == ["park", "light-east", "light-west"]
    park = document["features"][0]
    assert park["geometry"] == json.loads(box(PARK).geojson)
    feature_properties = park["properties"]
    assert (
        feature_properties["service"],
        feature_properties["service_name_en"],
        feature_properties["categories"],
    ) == (
        "green",
        "green en",
        ["lamp", "tree"],
    )
    assert (
        feature_properties["priority"],
        feature_properties["valid_from"],
        feature_properties["valid_to"],
    ) == (10, None, None)


def test_areas_of_a_service(client: Client, city: GridCity) -> None:
    assert _codes(_read(client, "/api/service-areas.geojson?service=light")) == ["light-east", "light-west"]
    for path in (
        "/api/service-areas.geojson",
        "/data/service-areas.csv",
        "/ogc/collections/service_areas/items",
    ):
        for name in ("service", "category"):
            answer = client.get(f"{path}?{name}=nix", headers={"Accept-Language": "en"})
            assert (answer.status_code, answer.content.count("“nix”".encode())) == (400, 1), path
    assert client.get("/ogc/collections/districts/items?code=nix").status_code == 400


def test_areas_that_decide_for_a_category(client: Client, city: GridCity) -> None:
    city.add_area("roads-east", "roads", EAST)
    city.add_area("all-streets", "office", EAST, ("street", "pothole"))

    def deciding(category: str) -> list[str]:
        return _codes(_read(client, f"/api/service-areas.geojson?category={category}"))

    assert deciding("tree") == ["park", "all-streets"]
    # Without categories an area takes those whose city-wide service is its own.
    assert deciding("pothole") == ["all-streets", "roads-east"]


def test_areas_valid_today_and_all_of_a_revision(client: Client, city: GridCity) -> None:
    today = timezone.localdate()
    city.add_area("ended", "light", EAST, ("lamp",), valid_to=today)
    city.add_area("begun", "light", EAST, ("lamp",), valid_from=today)
    in_force = _codes(_read(client, "/api/service-areas.geojson?service=light"))
    assert in_force == ["begun", "light-east", "light-west"]
    of_revision = _codes(_read(client, "/api/service-areas.geojson?service=light&revision=1"))
    assert of_revision == ["begun", "ended", "light-east", "light-west"]


@pytest.mark.parametrize("name", ["service", "category"])
@pytest.mark.parametrize("value", ["\x00", "x" * 81])
def test_no_code(client: Client, city: GridCity, name: str, value: str) -> None:
    answer = client.get("/api/service-areas.geojson", {name: value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])


@pytest.mark.parametrize(
    "path", ["/api/districts.geojson", "/api/service-areas.geojson", "/api/base.geojson"]
)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_the_reader_has_is_not_sent_again(
    client: Client, city: GridCity, path: str, encoding: str
) -> None:
    headers = {"Accept-Encoding": encoding}
    first = client.get(path, headers=headers)
    assert "public" in first["Cache-Control"]
    again = client.get(path, headers={**headers, "If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(path, headers={**headers, "If-None-Match": '"other"'})
    assert other.status_code == 200


def test_changed_borders_have_another_etag(client: Client, city: GridCity) -> None:
    before = client.get("/api/districts.geojson")["ETag"]
    DistrictBoundary.objects.filter(district=city.districts["east"]).update(approximate=True)
    assert client.get("/api/districts.geojson")["ETag"] != before


@pytest.mark.parametrize(
    ("path", "statements"),
    [
        ("/api/districts.geojson", 2),
        ("/api/service-areas.geojson?service=light", 3),
        ("/api/service-areas.geojson?category=lamp", 4),
        ("/api/base.geojson", 0),
    ],
)
def test_statements(
    client: Client, city: GridCity, path: str, statements: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(statements):
        client.get(path)


def test_base_layer_is_the_profiles_file(client: Client, db: None, settings: Any, tmp_path: Path) -> None:
    settings.CITY_FOLDER = tmp_path
    assert _read(client, "/api/base.geojson") == {"type": "FeatureCollection", "features": []}
    text = '{"type": "FeatureCollection", "features": [], "name": "ground"}'
    (tmp_path / "base.geojson").write_text(text)
    assert client.get("/api/base.geojson").content.decode() == text
    packed = client.get("/api/base.geojson", headers={"Accept-Encoding": "gzip, br"})
    assert gzip.decompress(packed.content).decode() == text
    assert "Accept-Encoding" in packed["Vary"]
