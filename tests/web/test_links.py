"""Absolute links in what is served."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.factories import AppealFactory
from tests.grid import GridCity
from web.templatetags.links import mailto, tel

ROOMS = ("accounts", "appeals", "desk", "news", "opendata", "public", "reports", "web")
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


def test_no_value_becomes_more_than_an_address() -> None:
    assert mailto("asan@example.org") == "mailto:asan@example.org"
    assert mailto("x?bcc=spy@evil.kg&body=hi") == "mailto:x%3Fbcc%3Dspy@evil.kg%26body%3Dhi"
    assert tel("+996 (555) 12-34-56") == "tel:+996555123456"
    assert tel("112;ext=1,javascript:") == "tel:1121"


def test_every_such_link_is_made_by_them() -> None:
    for room in ROOMS:
        for page in (Path(settings.BASE_DIR) / room).rglob("*.html"):
            assert not re.search(r"[\"'](mailto|tel):", page.read_text()), page


@pytest.mark.django_db
def test_the_desk_writes_to_the_author_and_to_nobody_else(
    city: GridCity, client: Client, light_user: User
) -> None:
    # Such as came in before they were refused.
    appeal = AppealFactory(
        category=city.categories["lamp"], contact__email="x?bcc=spy%40evil.kg&body=hello@evil.kg"
    )
    client.force_login(light_user)
    page = client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()
    assert 'href="mailto:x%3Fbcc%3Dspy%2540evil.kg%26body%3Dhello@evil.kg"' in page
