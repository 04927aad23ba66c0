"""GET /api/appeals.geojson and /api/clusters.geojson over HTTP: what a feature says, in which language, for how long."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import Any

import pytest
from django.test import Client

from appeals.models import Appeal
from districts.models import Category
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import CITY, IN_EAST, IN_WEST, GridCity

BOX = ",".join(map(str, CITY))


def _listed(client: Client, query: str = "", **headers: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/appeals.geojson?{query}", headers={"Accept-Language": "en", **headers})
    assert answer.status_code == 200, answer.content
    features: list[dict[str, Any]] = answer.json()["features"]
    return features


def test_feature(client: Client, appeal: Appeal) -> None:
    (feature,) = _listed(client)
    assert (feature["type"], feature["id"]) == ("Feature", str(appeal.pk))
    assert feature["geometry"] == {"type": "Point", "coordinates": list(IN_EAST)}
    own = feature["properties"]
    for name in ("submitted_at", "updated_at"):
        assert dt.datetime.fromisoformat(own.pop(name)) == getattr(appeal, name)
    assert own == {
        "id": str(appeal.pk),
        "number": appeal.number,
        "kind": "complaint",
        "category": "lamp",
        "category_name": "lamp en",
        "service": "light",
        "service_name": "light en",
        "district": "east",
        "district_name": "east en",
        "status": "new",
        "outcome": "",
        "duplicate_of": None,
        "planned_on": None,
        "due_on": appeal.due_on.isoformat(),
        "answered_at": None,
        "closed_at": None,
        "supporters": 0,
        "support_needed": None,
        "supported_at": None,
        "address": appeal.address,
        "text": appeal.text,
        "language": "ky",
        "source": "web",
        "external_id": "",
        "url": f"http://localhost:8000/en/appeals/{appeal.number}/",
    }


def test_a_repetition_names_what_it_repeats_wherever_that_is(client: Client, appeal: Appeal) -> None:
    later = {"submitted_at": appeal.submitted_at + dt.timedelta(days=1), "category": appeal.category}
    AppealFactory(duplicate_of=appeal, status="closed", outcome="duplicate", service=appeal.service, **later)
    (feature,) = _listed(client, "page_size=1")
    assert feature["properties"]["duplicate_of"] == appeal.number


def test_appeal_outside_of_districts(client: Client, appeal: Appeal) -> None:
    Appeal.objects.update(district=None)
    (feature,) = _listed(client)
    assert (feature["properties"]["district"], feature["properties"]["district_name"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "header", "language"), [("lang=ru", "en", "ru"), ("", "ky", "ky"), ("", "ru", "ru")]
)
def test_names_in_the_language_asked_for(
    client: Client, appeal: Appeal, query: str, header: str, language: str
) -> None:
    (feature,) = _listed(client, query, **{"Accept-Language": header})
    assert feature["properties"]["service_name"] == f"light {language}"
    assert feature["properties"]["url"].startswith(f"http://localhost:8000/{language}/")


def test_a_name_that_is_missing_is_told_in_another_language(
    client: Client, appeal: Appeal, city: GridCity
) -> None:
    service = city.services["light"]
    service.name_ru, service.name_ky = "", None
    service.save()
    (feature,) = _listed(client, "lang=ru")
    assert feature["properties"]["service_name"] == "light en"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=complaint", True),
        ("kind=request", False),
        ("category=lamp", True),
        ("category=street", True),
        ("category=tree", False),
        ("service=light", True),
        ("service=roads", False),
        ("district=east", True),
        ("district=west", False),
        ("status=new", True),
        ("status=accepted,new", True),
        ("status=closed", False),
        ("from=2026-05-31&to=2026-05-31", True),
        ("from=2026-06-01", False),
        ("to=2026-05-30", False),
        ("q=ЖАРЫК", True),
        ("q=ленин", True),
        ("q=987654%25", False),
        (f"bbox={BOX}", True),
        (f"bbox={IN_EAST[0]},{IN_EAST[1]},{IN_EAST[0]},{IN_EAST[1]}", True),
        (f"bbox={IN_WEST[0]},{IN_WEST[1]},{IN_WEST[0]},{IN_WEST[1]}", False),
    ],
)
def test_filters(client: Client, appeal: Appeal, query: str, found: bool) -> None:
    assert bool(_listed(client, query)) is found


def test_a_code_that_the_city_never_had_is_named_at_every_door(client: Client, appeal: Appeal) -> None:
    doors = [
        "/api/appeals.geojson?", "/api/clusters.geojson?zoom=11&", "/tiles/appeals/11/1438/770.mvt?",
        "/tiles/appeals.json?", "/tiles/style.json?", "/data/appeals.csv?", "/ogc/collections/appeals/items?",
    ]  # fmt: skip
    for door in doors:
        for name in ("category", "service", "district"):
            answer = client.get(f"{door}{name}=nix", headers={"Accept-Language": "en"})
            assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), door
            assert "there is no “nix” here" in answer.json()["errors"].pop(name)[0], door
    Category.objects.update(active=False)
    assert len(_listed(client, "category=lamp")) == 1, "what is retired finds what there was"


def test_the_number_is_found(client: Client, appeal: Appeal) -> None:
    assert len(_listed(client, f"q={appeal.number}")) == 1


def test_media_type_and_links(client: Client, appeal: Appeal) -> None:
    answer = client.get("/api/appeals.geojson?page_size=1&q=Жарык")
    assert answer["Content-Type"] == "application/geo+json"
    assert answer.json()["numberReturned"] == 1
    (link,) = answer.json()["links"]
    assert (link["rel"], link["type"]) == ("self", "application/geo+json")
    assert (
        link["href"]
        == "http://localhost:8000/api/appeals.geojson?page_size=1&q=%D0%96%D0%B0%D1%80%D1%8B%D0%BA"
    )


@pytest.mark.parametrize("path", ["/api/appeals.geojson", "/api/clusters.geojson?zoom=12"])
def test_caches_keep_only_what_the_public_saw(
    client: Client, appeal: Appeal, city: GridCity, path: str
) -> None:
    public = client.get(path)
    assert public["Cache-Control"] == "public, max-age=15"
    assert {"Cookie", "Accept-Language"} <= {name.strip() for name in public["Vary"].split(",")}
    client.force_login(MembershipFactory(service=city.services["light"]).user)
    assert client.get(path)["Cache-Control"] == "private, no-store"


def test_compressed_on_the_wire(client: Client, appeal: Appeal) -> None:
    answer = client.get("/api/appeals.geojson", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content).startswith(b'{"type":"FeatureCollection"')


@pytest.mark.parametrize(
    ("path", "statements"),
    [
        ("/api/appeals.geojson", 1),  # the number of all is another, where they are more than the page
        (
            f"/api/appeals.geojson?bbox={BOX}&status=new&q=Ж&kind=complaint&from=2026-01-01",
            2,
        ),  # one for all words
        ("/api/appeals.geojson?category=lamp&service=light&district=east", 2),  # one for all codes
        ("/api/clusters.geojson?zoom=12", 2),
        (f"/api/clusters.geojson?zoom=12&bbox={BOX}&kind=complaint", 2),
    ],
)
def test_statements_of_an_anonymous_request(
    client: Client, appeal: Appeal, path: str, statements: int, django_assert_num_queries: Any
) -> None:
    client.get(path)
    with django_assert_num_queries(statements):
        client.get(path)


@pytest.mark.parametrize("zoom", ["", "x", "-1", "25", "nan", "inf", "1_0", "１２"])
def test_wrong_zoom(client: Client, city: GridCity, zoom: str) -> None:
    answer = client.get("/api/clusters.geojson", {"zoom": zoom})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["zoom"])


def test_every_wrong_parameter_is_named_at_once(client: Client, city: GridCity) -> None:
    answer = client.get("/api/appeals.geojson?bbox=1,2,3,4,5&page_size=1000000&after=x&lang=fr&status=lost")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"bbox", "page_size", "after", "lang", "status"}


def test_clusters(client: Client, appeal: Appeal) -> None:
    answer = client.get(f"/api/clusters.geojson?zoom=12&bbox={BOX}")
    assert answer["Content-Type"] == "application/geo+json"
    document = answer.json()
    assert (document["numberMatched"], document["cell_m"], len(document["features"])) == (1, None, 1)
