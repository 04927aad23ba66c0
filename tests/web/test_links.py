"""Absolute links in what is served."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import AppealFactory
from tests.grid import GridCity

PUBLIC = "https://appeals.example.org"


@pytest.mark.parametrize("host", ["localhost:1", "localhost", "127.0.0.1:8000"])
def test_links_name_the_public_address_whatever_host_was_asked(
    city: GridCity, client: Client, settings, host: str
) -> None:
    settings.PUBLIC_URL = PUBLIC
    appeals = [AppealFactory(category=city.categories["lamp"]) for _ in range(2)]
    paths = [
        "/api/appeals.geojson?page_size=1",
        f"/api/appeals/{appeals[0].number}/",
        "/api/",
        "/api/schema/",
        "/en/",
        f"/en/appeals/{appeals[0].number}/",
        "/sw.js",
        "/manifest.webmanifest",
    ]
    for path in paths:
        answer = client.get(path, headers={"Host": host}, follow=True)
        text = answer.content.decode()
        assert f"//{host}" not in text, path
    listed = client.get(paths[0], headers={"Host": host}).json()
    assert all(link["href"].startswith(f"{PUBLIC}/api/appeals.geojson") for link in listed["links"])


def test_a_link_with_letters_of_any_alphabet_is_an_address(city: GridCity, client: Client, settings) -> None:
    settings.PUBLIC_URL = PUBLIC
    for _ in range(2):
        AppealFactory(category=city.categories["lamp"], text="Жол")
    listed = client.get("/api/appeals.geojson", {"q": "Жол", "page_size": 1}).json()
    (following,) = [link["href"] for link in listed["links"] if link["rel"] == "next"]
    assert following.startswith(f"{PUBLIC}/api/appeals.geojson?")
    assert following.isascii()
