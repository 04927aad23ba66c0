"""What is public can be read by a page of any origin, without credentials; nothing can be sent from there."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.contract.addresses import templates
from tests.factories import AppealFactory
from tests.grid import GridCity

ELSEWHERE = {"Origin": "https://page.example"}
READ = [
    "/api/appeals.geojson",
    "/data/appeals.geojson",
    "/api/services.json",
    "/api/schema/",
    "/ogc/collections",
]


@pytest.mark.parametrize("path", [*READ, "/api/appeals.geojson?bbox=1", "/api/no-such-thing"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_reading_is_open(city: GridCity, client: Client, path: str, method: str) -> None:
    answer = getattr(client, method)(path, headers=ELSEWHERE)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert {"ETag", "Link", "Content-Range", "Content-Crs"} <= {
        *answer["Access-Control-Expose-Headers"].split(", ")
    }
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize("path", READ)
def test_a_browser_that_asks_first_is_told(city: GridCity, client: Client, path: str) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    answer = client.options(path, headers={**ELSEWHERE, **asked})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert "If-None-Match" in answer["Access-Control-Allow-Headers"]
    assert answer["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/api/appeals/", "/api/uploads/"])
def test_nothing_can_be_sent_from_there(city: GridCity, client: Client, path: str) -> None:
    asked = client.options(path, headers={**ELSEWHERE, "Access-Control-Request-Method": "POST"})
    assert (asked.status_code, asked["Allow"]) == (204, "POST, OPTIONS")
    sent = client.post(path, "{}", content_type="application/json", headers=ELSEWHERE)
    for answer in (asked, sent):
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]


def test_pages_are_not_opened(city: GridCity, client: Client) -> None:
    number = AppealFactory().number
    for path in ("/en/", f"/en/appeals/{number}/", "/desk/", "/robots.txt"):
        assert "Access-Control-Allow-Origin" not in client.get(path, headers=ELSEWHERE)


@pytest.mark.parametrize("path", sorted(templates()))
def test_every_address_says_what_it_takes(city: GridCity, client: Client, path: str) -> None:
    key = "5c02fc4a-abd9-4e4d-b4a6-4218fc0780df"
    # News are numbered.
    feature = 1 if "news_areas" in path else key
    path = path.format(
        pk=key,
        feature=feature,
        collection="appeals",
        number=1,
        z=0,
        x=0,
        y=0,
        layer="appeals",
        ending="csv",
        notebook="x",
    )
    answer = client.options(path)
    assert answer.status_code == 204
    assert ("Access-Control-Allow-Origin" in answer) is ("GET" in answer["Allow"])
