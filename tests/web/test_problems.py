"""Errors of the API: a problem document is what its type says, with the headers that every answer has."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from pytest_django import Settings

from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import GridCity

#: One error of each maker: Django's own, a plain view's, djangorestframework's, a middleware's.
ERRORS = [
    ("get", "/api/no-such-thing", {}),
    ("get", "/api/appeals.geojson?bbox=1", {}),
    ("post", "/api/appeals.geojson", {}),
    ("get", "/api/appeals/999999999/", {}),
    ("get", "/api/appeals/1/?lang=fr", {}),
    ("post", "/api/appeals/", {}),
    ("post", "/api/appeals/", {"CONTENT_LENGTH": "9" * 12}),
    ("post", "/api/schema/", {}),
    ("post", "/api/docs/", {}),
    ("put", "/api/docs/", {}),
    ("get", "/api/schema/?lang=fr", {}),
    ("get", "/api/appeals.geojson", {"HTTP_HOST": "evil.example"}),
]
SECURITY = [
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
]


@pytest.mark.parametrize(("method", "path", "extra"), ERRORS)
def test_an_error_is_a_problem_document_with_the_security_headers(
    city: GridCity, client: Client, method: str, path: str, extra: dict[str, str]
) -> None:
    answer = getattr(client, method)(path, **extra)
    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert [name for name in SECURITY if name not in answer.headers] == []
    if answer.status_code == 405:
        assert answer["Allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/data/appeals.csv?lang=en&status=x",
        "/ogc/collections/nosuch?lang=en",
        "/ogc/collections/appeals/items?lang=en&status=x&filter=(",
        "/ogc/collections/appeals/items?lang=en&nosuch=1",
    ],
)
def test_it_is_in_the_language_that_is_asked_for(city: GridCity, client: Client, path: str) -> None:
    answer = client.get(path)
    problem = answer.json()
    words = [problem["title"], *(one for many in problem.get("errors", {}).values() for one in many)]
    assert not re.search("[а-яё]", " ".join(words), re.IGNORECASE), words
    assert answer["Content-Language"] == "en"
    assert not client.get(path.replace("lang=en", "lang=ru")).json()["title"].isascii()


@pytest.mark.parametrize(
    "accept", ["application/vnd.oai.openapi", "application/yaml", "text/html", "image/png"]
)
@pytest.mark.parametrize("path", ["/api/schema/?lang=fr", "/api/docs/?lang=fr", "/api/appeals/1/?lang=fr"])
def test_whatever_is_accepted_the_problem_is_json(
    city: GridCity, client: Client, path: str, accept: str
) -> None:
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == answer.status_code


@pytest.mark.parametrize("name", ["version", "lang", "format", "script"])
@pytest.mark.parametrize("value", ["\r\nX-A: b", "\x00", "9" * 3000, "\u202e", "ру"])
@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_no_parameter_breaks_the_document_or_its_page(
    db: None, client: Client, path: str, name: str, value: str
) -> None:
    answer = client.get(path, {name: value})
    assert answer.status_code in {200, 400, 404}
    assert "X-A" not in answer.headers


def test_a_foreign_host_is_not_echoed_into_links(city: GridCity, client: Client, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://map.city.example"
    appeals = [AppealFactory() for _n in range(2)]
    attachment = AttachmentFactory(appeal=appeals[0])
    host = {"Host": "localhost:1"}
    listed = client.get("/api/appeals.geojson?page_size=1", headers=host)
    assert [link["href"].split("?")[0] for link in listed.json()["links"]] == [
        "https://map.city.example/api/appeals.geojson"
    ] * 2
    one = client.get(f"/api/appeals/{appeals[0].number}/", headers=host)
    assert "localhost:1" not in one.content.decode()
    properties = one.json()["properties"]
    assert properties["url"] == f"https://map.city.example/ky/appeals/{appeals[0].number}/"
    assert properties["attachments"][0]["thumb"] == f"https://map.city.example{attachment.thumb.url}"
    for path in ("/en/", "/en/about/", f"/en/appeals/{appeals[0].number}/", "/api/schema/", "/api/docs/"):
        assert b"localhost:1" not in client.get(path, headers=host).content, path


@pytest.mark.parametrize("accept", ["application/json", "image/png", "text/csv", "*/*", ""])
@pytest.mark.parametrize("path", ["/api/docs/", "/api/schema/", "/api/appeals/{number}/"])
def test_no_address_refuses_what_a_client_accepts(
    city: GridCity, client: Client, path: str, accept: str
) -> None:
    answer = client.get(path.format(number=AppealFactory().number), headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer["Content-Type"]
