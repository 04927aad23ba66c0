"""/ogc/collections/news_areas: published news and planned works, and nothing that is not public."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from news.models import NewsItem
from tests.factories import NewsItemFactory
from tests.grid import EAST, IN_EAST, WEST, at, box
from tests.opendata.ogc.conftest import NOON

ITEMS = "/ogc/collections/news_areas/items"
DAY = dt.timedelta(days=1)


def _titles(client: Client, **query: object) -> list[str]:
    answer = client.get(ITEMS, {"lang": "en", **query})
    assert answer.status_code == 200, answer.content
    return [feature["properties"]["title"] for feature in answer.json()["features"]]


@pytest.fixture
def others(works: NewsItem) -> dict[str, NewsItem]:
    """Beside the works in the east: a ban in the west without times, works that are over, and what nobody may read."""
    now = timezone.now()
    made: dict[str, dict[str, Any]] = {
        "ban": {"area": box(WEST), "published_at": NOON - DAY},
        "over": {
            "area": box(WEST), "kind": "works", "published_at": NOON - 9 * DAY,
            "starts_at": NOON - 9 * DAY, "ends_at": NOON - 5 * DAY,
        },
        "draft": {"area": box(WEST), "published_at": None},
        "later": {"area": box(WEST), "published_at": now + DAY},
        "archived": {"area": box(WEST), "archived_at": now},
        "point": {"point": at(IN_EAST)},
        "nowhere": {},
    }  # fmt: skip
    return {name: NewsItemFactory(title_en=name, **values) for name, values in made.items()}


def test_what_is_public_is_listed_and_works_until_they_end(
    client: Client, works: NewsItem, others: dict[str, NewsItem]
) -> None:
    name = works.title_en  # type: ignore[attr-defined]
    assert _titles(client) == [name, "ban"]
    assert _titles(client, kind="works") == [name]
    assert _titles(client, bbox=",".join(map(str, WEST)), filter="kind = 'news'") == ["ban"]
    assert _titles(client, sortby="published_at") == ["ban", name]
    client.force_login(User.objects.create_superuser("office@city.example"))
    assert _titles(client) == [name, "ban"]
    for title, item in others.items():
        known = client.get(f"{ITEMS}/{item.pk}").status_code
        assert known == (200 if title in {"ban", "over"} else 404), title
    assert client.get(f"{ITEMS}/{'9' * 30}").status_code == 404


def test_its_time_is_that_of_the_works(client: Client, works: NewsItem, others: dict[str, NewsItem]) -> None:
    name = works.title_en  # type: ignore[attr-defined]
    for period, titles in {
        "2026-05-31/..": [name], "../2026-05-30": ["ban", "over"], "2026-05-25/2026-05-26": ["over"],
        "2026-05-26T06:00:00Z": [], "2026-05-30": ["ban"], "../..": [name, "ban", "over"], "2030-01-01": [name],
    }.items():  # fmt: skip
        assert _titles(client, datetime=period) == titles, period


def test_a_page_tells_kind_and_times(client: Client, works: NewsItem) -> None:
    text = client.get(ITEMS, {"f": "html", "lang": "en"}).content.decode()
    assert works.title_en in text  # type: ignore[attr-defined]
    assert "Planned works · 31 May 2026, 12:00 – 31 Dec 2099, 06:00" in text


def test_features_of_files_are_the_same(client: Client, works: NewsItem, others: dict[str, NewsItem]) -> None:
    answer = client.get(ITEMS, {"f": "csv", "lang": "en"})
    assert [line.split(",")[1] for line in answer.getvalue().decode().splitlines()[1:]] == [
        f'"{title}"' for title in _titles(client)
    ]
    (feature,) = (one for one in client.get(f"{ITEMS}?lang=en").json()["features"] if one["id"] == works.pk)
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert feature["properties"]["starts_at"] == "2026-05-31T06:00:00.000000+00:00"
    assert feature["geometry"]["coordinates"][0][0][0] == list(EAST[:2])
