"""Whatever is asked, the API answers or says what is wrong; it never breaks."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appeals.intake.identifiers import new_uuid7
from appeals.intake.parse import SENT
from tests.grid import CITY, IN_EAST, GridCity

READ = [
    "/api/appeals.geojson",
    "/api/clusters.geojson",
    "/api/districts.geojson",
    "/api/service-areas.geojson",
    "/api/base.geojson",
    "/api/route",
    "/api/places",
]
BOX = ",".join(map(str, CITY))

#: What people and programs really send, beside what Hypothesis thinks of.
ODD = st.sampled_from(
    ["", " ", "0", "-1", "1e400", "nan", "inf", "1_000", "９", "\x00", "%00", "'", '"', "--", "null", "[]", "ош", "🏠",
     "1,2,3,4,5", BOX, "40.5,72.7,40.54,72.78", "nan,nan,nan,nan", "9999-12-31", "0001-01-01", "2026-02-30",
     "1000000", "9" * 400, "AAAAAAAAAAAAAAAAAAAAAA", "lamp", "new", "new,closed", "complaint", "light"]
)  # fmt: skip
VALUE = st.one_of(ODD, st.text(max_size=30), st.integers().map(str), st.floats().map(str))
NAME = st.sampled_from(
    ["bbox", "kind", "category", "service", "district", "status", "from", "to", "q", "page_size", "after", "zoom", "lang",
     "revision", "lon", "lat", "simplified", "unknown"]
)  # fmt: skip

_any_number = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _is_answer_or_problem(answer: Any) -> None:
    assert answer.status_code in {200, 400, 404}, (answer.status_code, answer.content[:500])
    kind = answer["Content-Type"]
    if answer.status_code == 200:
        assert kind in {"application/geo+json", "application/json"}
        json.loads(answer.content)
    else:
        assert kind == "application/problem+json"
        problem = json.loads(answer.content)
        assert problem["status"] == answer.status_code
        assert problem["title"]


@_any_number
@given(path=st.sampled_from(READ), query=st.dictionaries(NAME, VALUE, max_size=5))
def test_any_query_is_answered(lived_in: GridCity, client: Client, path: str, query: dict[str, str]) -> None:
    _is_answer_or_problem(client.get(f"{path}?{urlencode(query, errors='surrogatepass')}"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | ODD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELD = st.sampled_from(SENT)


@_any_number
@given(changes=st.dictionaries(FIELD, JSON, max_size=4))
def test_any_submission_is_answered(city: GridCity, client: Client, changes: dict[str, Any]) -> None:
    cache.clear()
    body = {
        "id": str(new_uuid7()),
        "kind": "complaint",
        "category": "lamp",
        "text": "The lamp is out",
        "lon": IN_EAST[0],
        "lat": IN_EAST[1],
    }
    answer = client.post("/api/appeals/", json.dumps(body | changes), content_type="application/json")
    assert answer.status_code in {200, 201, 400, 409}, (answer.status_code, answer.content[:500])
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("bbox=1,2,3,4,5", "bbox"),
        ("bbox=nan,40.5,72.8,40.6", "bbox"),
        ("bbox=72.8,40.5,72.7,40.6", "bbox"),
        ("bbox=,,,", "bbox"),
        ("page_size=1000000", "page_size"),
        ("page_size=0", "page_size"),
        ("page_size=ten", "page_size"),
        ("after=nonsense", "after"),
        ("after=AAAAAAAAAAAAAAAAAAAAAA%3D%3D", "after"),
        ("status=lost", "status"),
        ("kind=complaint,request", "kind"),
        ("from=31.05.2026", "from"),
        ("from=2026-06-01&to=2026-05-31", "from"),
        ("to=9999-12-31", "to"),
        ("lang=fr", "lang"),
        ("q=a%00b", "q"),
        ("category=%00", "category"),
        ("service=%00", "service"),
        ("district=%00", "district"),
    ],
)
def test_wrong_parameter_is_named(lived_in: GridCity, client: Client, query: str, wrong: str) -> None:
    answer = client.get(f"/api/appeals.geojson?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [wrong]
    assert answer.json()["errors"][wrong][0].endswith(".")


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_refusal_speaks_the_readers_language(lived_in: GridCity, client: Client, language: str) -> None:
    in_english = client.get("/api/appeals.geojson?bbox=1,2,3", headers={"Accept-Language": "en"}).json()
    answer = client.get("/api/appeals.geojson?bbox=1,2,3", headers={"Accept-Language": language}).json()
    assert answer["title"] != in_english["title"]
    assert answer["errors"]["bbox"] != in_english["errors"]["bbox"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/service-areas.geojson?service=%00",
        "/api/service-areas.geojson?category=%00",
        "/api/districts.geojson?revision=%00",
        "/api/places?q=a%00b",
        "/api/route?lon=72.76&lat=40.52&category=%00",
        "/api/clusters.geojson?zoom=%00",
        "/api/clusters.geojson?zoom=nan",
        "/api/clusters.geojson?zoom=1e400",
    ],
)
def test_what_the_database_cannot_hold_never_reaches_it(
    lived_in: GridCity, client: Client, address: str
) -> None:
    _is_answer_or_problem(client.get(address))


def test_unknown_address_is_a_problem(db: None, client: Client) -> None:
    answer = client.get("/api/no-such-thing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", READ)
def test_what_can_only_be_read_refuses_writing(lived_in: GridCity, client: Client, path: str) -> None:
    answer = client.post(path, {}, content_type="application/json")
    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert "GET" in answer["Allow"]


def test_a_break_is_a_problem_without_details(db: None) -> None:
    client = Client(raise_request_exception=False)
    with mock.patch("appeals.querysets.AppealQuerySet.visible_to", side_effect=RuntimeError("secret detail")):
        answer = client.get("/api/appeals.geojson")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert b"secret detail" not in answer.content
