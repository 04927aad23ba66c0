"""Following the links visits every appeal exactly once, whatever happens meanwhile."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlencode, urlsplit

from django.test import Client
from django.utils import timezone

from appeals.models import Appeal
from tests.factories import AppealFactory
from tests.grid import IN_EAST, GridCity, at


def _appeals(city: GridCity, count: int, moment: dt.datetime) -> list[str]:
    return [
        str(
            AppealFactory(
                category=city.categories["lamp"],
                service=city.services["light"],
                point=at(IN_EAST),
                submitted_at=moment,
            ).pk
        )
        for _n in range(count)
    ]


def _next(page: dict[str, list[dict[str, str]]]) -> str | None:
    return next((link["href"] for link in page["links"] if link["rel"] == "next"), None)


def _follow(client: Client, first: str) -> list[list[str]]:
    pages = []
    address: str | None = first
    while address:
        page = client.get(address).json()
        pages.append([feature["id"] for feature in page["features"]])
        assert page["numberReturned"] == len(pages[-1])
        address = _next(page)
        assert len(pages) < 50
    return pages


def test_equal_moments_are_parted_by_the_number(city: GridCity, client: Client) -> None:
    now = timezone.now()
    made = _appeals(city, 4, now) + _appeals(city, 3, now - dt.timedelta(microseconds=1))
    newest_first = [str(pk) for pk in Appeal.objects.newest_first().values_list("pk", flat=True)]
    assert sorted(newest_first) == sorted(made)
    for size in (1, 2, 3, 7, 8, 100):
        pages = _follow(client, f"/api/appeals.geojson?page_size={size}")
        assert all(len(page) == size for page in pages[:-1]), size
        assert [pk for page in pages for pk in page] == newest_first, size


def test_no_link_after_the_last_full_page(city: GridCity, client: Client) -> None:
    _appeals(city, 4, timezone.now())
    assert [len(page) for page in _follow(client, "/api/appeals.geojson?page_size=2")] == [2, 2]


def test_what_comes_in_meanwhile_moves_nothing(city: GridCity, client: Client) -> None:
    now = timezone.now()
    made = _appeals(city, 4, now - dt.timedelta(hours=1))
    first = client.get("/api/appeals.geojson?page_size=2").json()
    _appeals(city, 3, now)
    rest = _follow(client, str(_next(first)))
    visited = [feature["id"] for feature in first["features"]] + [pk for page in rest for pk in page]
    assert sorted(visited) == sorted(made)


def test_filters_stay_in_the_link(city: GridCity, client: Client) -> None:
    _appeals(city, 3, timezone.now())
    AppealFactory(category=city.categories["pothole"], service=city.services["roads"], point=at(IN_EAST))
    asked = {"page_size": ["1"], "category": ["lamp"], "lang": ["ru"], "q": ["Жарык"]}
    first = f"/api/appeals.geojson?{urlencode(asked, doseq=True)}"
    following = parse_qs(urlsplit(str(_next(client.get(first).json()))).query)
    assert following.pop("after")
    assert following == asked
    assert len(_follow(client, first)) == 3


def test_one_statement_a_page_and_one_for_its_number(
    city: GridCity, client: Client, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    _appeals(city, 3, timezone.now())
    with django_assert_num_queries(2):
        client.get("/api/appeals.geojson?page_size=2")
