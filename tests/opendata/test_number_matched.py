"""``numberMatched`` is what a count of the rows says, from whatever it is told."""

from __future__ import annotations

import datetime as dt
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appeals.folding import fold_pyramid
from appeals.identifiers import new_uuid7
from appeals.models import Appeal
from appeals.vocabulary import Kind, Status
from geo.geojson import PagedFeatures
from opendata import number_matched as module
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import CITY, IN_EAST, GridCity, at, make_city

ITEMS = "/ogc/collections/appeals/items"
LIST = "/api/appeals.geojson"


def _made(city: GridCity, chance: random.Random, n: int) -> list[Appeal]:
    west, south, east, north = CITY
    codes = {"lamp": "light", "tree": "green", "pothole": "roads"}
    rows = []
    for category in chance.choices(list(codes), k=n):
        days, seconds = chance.randrange(700), chance.randrange(86_400)
        rows.append(
            Appeal(
                id=new_uuid7(),
                kind=chance.choice(Kind.values),
                category=city.categories[category],
                service=city.services[codes[category]],
                district=city.districts[chance.choice(["west", "east"])],
                text="appeal",
                language="ru",
                point=at((round(chance.uniform(west, east), 4), round(chance.uniform(south, north), 4))),
                status=chance.choice(Status.values),
                hidden=chance.random() < 0.1,
                submitted_at=dt.datetime(2026, 5, 31, tzinfo=dt.UTC) - dt.timedelta(days, seconds),
                due_on=dt.date(2026, 6, 1),
                fingerprint=b"",
            )
        )
    return Appeal.objects.bulk_create(rows)


def _question(chance: random.Random, rows: list[Appeal]) -> dict[str, str]:
    choices = {
        "category": ["lamp", "tree", "pothole"],
        "service": ["light", "green"],
        "district": ["west", "east"],
        "kind": Kind.values,
        "status": ["new", "closed", "new,closed,planned"],
        "from": ["2025-01-01", "2025-11-17"],
        "to": ["2026-02-03", "2026-05-30"],
        "datetime": [
            "2025-03-01T00:00:00Z/..",
            "../2026-01-31",
            "2025-02-28T17:30:00.5Z/2026-05-01T01:00:00+06:00",
            "2025-09-09",
            "2025-09-09T08:00:00Z/2025-09-09T20:00:00Z",
            "2199-12-31T23:59:59Z/..",
        ],
    }
    asked = {name: chance.choice(choices[name]) for name in chance.sample(list(choices), chance.randrange(4))}
    if chance.random() < 0.7:
        # Some corners are appeals: the border belongs to the box.
        (x, y), (u, v) = (chance.choice(rows).point.coords for _corner in range(2))
        spread = chance.choice([0, 0.0123, 1])
        asked["bbox"] = f"{min(x, u) - spread},{min(y, v)},{max(x, u)},{max(y, v) + spread}"
    return asked


def test_it_is_a_count_of_the_rows_for_whoever_asks(city: GridCity, client: Client) -> None:
    """While appeals come in, are hidden, move on and are folded or not."""
    chance = random.Random(9)
    office = Client()
    office.force_login(MembershipFactory(service=city.services["office"]).user)
    rows, kept = _made(city, chance, 200), 0
    for part in range(3):
        for nth in range(16):
            asked, reader = _question(chance, rows), (client, office)[nth % 2]
            answer = reader.get(ITEMS, {**asked, "limit": "1000", "properties": "number"})
            assert answer.status_code == 200, answer.content
            found = len(answer.json()["features"])
            with CaptureQueriesContext(connection) as captured:
                hits = reader.get(ITEMS, {**asked, "resultType": "hits"}).json()
            assert hits["numberMatched"] == found, asked
            kept += any("appeals_pyramidcell" in query["sql"] for query in captured.captured_queries)
            path, size = (LIST, "page_size") if nth % 4 < 2 and "datetime" not in asked else (ITEMS, "limit")
            assert reader.get(path, {**asked, size: "1"}).json()["numberMatched"] == found, asked
        if part == 0:
            fold_pyramid()
        rows += _made(city, chance, 20)
        Appeal.objects.filter(pk__in=[row.pk for row in rows[::9]]).update(hidden=True)
        Appeal.objects.filter(pk__in=[row.pk for row in rows[1::9]]).update(status="closed", kind="complaint")
    assert kept > 25


def test_what_is_hidden_in_a_part_of_a_day_is_one_for_the_office(city: GridCity) -> None:
    office = Client()
    office.force_login(MembershipFactory(service=city.services["office"]).user)
    for hidden in (False, True):
        AppealFactory(hidden=hidden, submitted_at=dt.datetime(2026, 1, 1, 10, tzinfo=dt.UTC))
    asked = {"datetime": "2026-01-01T08:00:00Z/..", "resultType": "hits"}
    assert [reader.get(ITEMS, asked).json()["numberMatched"] for reader in (Client(), office)] == [1, 2]


def test_what_is_not_kept_is_counted_as_long_as_that_is_cheap(
    city: GridCity, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    AppealFactory.create_batch(3, point=at(IN_EAST), category=city.categories["lamp"], text="some words")
    asked = {ITEMS: {"q": "words", "limit": "1"}, LIST: {"q": "words", "page_size": "1"}}
    for path, query in asked.items():
        assert client.get(path, query).json()["numberMatched"] == 3
    monkeypatch.setattr(module, "COUNTED_MAX", 2)
    for path, query in asked.items():
        assert "numberMatched" not in client.get(path, query).json()
    assert client.get(ITEMS, {"q": "words", "resultType": "hits"}).json()["numberMatched"] == 3
    assert (
        "3" not in client.get(ITEMS, {**asked[ITEMS], "f": "html"}).content.decode().partition("<h1")[2][:400]
    )


def test_a_count_is_given_up_and_its_limit_with_it(city: GridCity, monkeypatch: pytest.MonkeyPatch) -> None:
    AppealFactory()
    monkeypatch.setattr(module, "_COUNTED_MS", 1)
    slow = Appeal.objects.extra(where=["pg_sleep(0.5)::text = ''"])
    assert module.number_matched(AnonymousUser(), slow, None) is None
    assert slow.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_is_of_the_state_that_the_page_is_of(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another connection hides an appeal after the page was read."""
    city = make_city()
    AppealFactory.create_batch(3, point=at(IN_EAST), category=city.categories["lamp"])

    def hide() -> None:
        shown = Appeal.objects.filter(hidden=False).values_list("pk", flat=True)
        try:
            Appeal.objects.filter(pk=min(shown)).update(hidden=True)
        finally:
            connections.close_all()

    page = PagedFeatures.page

    def and_then_one_is_hidden(*given: Any) -> Any:
        found = page(*given)
        with ThreadPoolExecutor(1) as other:
            other.submit(hide).result(timeout=60)
        return found

    monkeypatch.setattr(PagedFeatures, "page", and_then_one_is_hidden)
    assert client.get(LIST, {"page_size": "1"}).json()["numberMatched"] == 3
    assert client.get(ITEMS, {"limit": "1"}).json()["numberMatched"] == 2
    assert Appeal.objects.filter(hidden=False).count() == 1
