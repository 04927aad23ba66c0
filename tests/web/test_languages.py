from __future__ import annotations

import pytest
from django.test import Client

from tests.grid import GridCity
from web.languages import in_language, language_prefix


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ky/", "/ru/"),
        ("/ky/appeals/12/", "/ru/appeals/12/"),
        ("/ky/?status=new&q=a/b", "/ru/?status=new&q=a/b"),
        ("/ky/no/such/page/", "/ru/no/such/page/"),
        ("/offline/", "/ru/"),
        ("/", "/ru/"),
    ],
)
def test_same_page_in_another_language(path: str, expected: str) -> None:
    assert in_language(path, "ru") == expected


def test_language_of_a_path() -> None:
    assert language_prefix("/en/news/") == "en"
    assert language_prefix("/api/appeals.geojson") is None
    assert language_prefix("/") is None


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [("ru-RU,ru;q=0.9", "/ru/"), ("en", "/en/"), ("ky", "/ky/"), ("zh", "/ky/"), ("", "/ky/")],
)
def test_front_door_speaks_the_readers_language(
    db: None, client: Client, accepted: str, expected: str
) -> None:
    response = client.get("/", headers={"accept-language": accepted})
    assert (response.status_code, response["Location"]) == (302, expected)


def test_front_door_remembers_the_language_of_the_last_page(city: GridCity, client: Client) -> None:
    client.get("/en/about/")
    assert client.get("/", headers={"accept-language": "ru"})["Location"] == "/en/"


def test_pages_link_to_themselves_in_every_language(city: GridCity, client: Client) -> None:
    page = client.get("/ru/news/?before=x").content.decode()
    assert '<html lang="ru">' in page
    for code in ("ky", "ru", "en"):
        assert f'href="/{code}/news/?before=x"' in page
        assert f'hreflang="{code}" href="http://localhost:8000/{code}/news/"' in page


@pytest.mark.django_db
def test_menus_lead_to_pages_of_the_same_language(client: Client) -> None:
    for code in ("en", "ru", "en"):
        page = client.get(f"/{code}/about/").content.decode()
        assert f'<a href="/{code}/news/"' in page
