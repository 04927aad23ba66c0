"""Proposals: the list by support, what the page and the map's card say, and what of it is open data."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

from appeals.models import Appeal, SupportThreshold
from appeals.models.appeal import PUBLIC_COLUMNS
from appeals.vocabulary import Kind, Status
from tests.factories import AppealFactory
from tests.grid import GridCity


def proposal(city: GridCity, **fields: object) -> Appeal:
    made: Appeal = AppealFactory(category=city.categories["lamp"], kind=Kind.RECOMMENDATION, **fields)
    return made


def numbers(client: Client, query: str = "") -> list[int]:
    page = client.get(f"/en/proposals/{query}")
    assert page.status_code == 200
    return [int(found) for found in re.findall(r'data-appeal="(\d+)"', page.content.decode())]


@pytest.fixture
def some(city: GridCity) -> dict[str, Appeal]:
    """One in each state, beside a report and one that is hidden."""
    SupportThreshold.objects.create(voices=3, days=30)
    east, west = city.districts["east"], city.districts["west"]
    reached = {"supported_at": timezone.now(), "threshold": 3}
    AppealFactory(category=city.categories["lamp"], kind=Kind.REPORT, supporters=9)
    proposal(city, supporters=8, hidden=True)
    return {
        "answered": proposal(city, supporters=7, status=Status.ANSWERED, district=west, **reached),
        "awaited": proposal(city, supporters=4, district=east, **reached),
        "gathering": proposal(city, supporters=2, district=west),
        "over": proposal(
            city, supporters=1, district=east, submitted_at=timezone.now() - dt.timedelta(days=31)
        ),
    }


def test_by_support_and_narrowed_by_state_and_district(client: Client, some: dict[str, Appeal]) -> None:
    assert numbers(client) == [some[state].number for state in ("answered", "awaited", "gathering", "over")]
    for state, appeal in some.items():
        assert numbers(client, f"?state={state}") == [appeal.number]
    assert numbers(client, "?district=west") == [some["answered"].number, some["gathering"].number]
    assert numbers(client, "?district=west&state=over") == []
    assert "there is no “nowhere” here" in client.get("/en/proposals/?district=nowhere").content.decode()


def test_pages_do_not_lose_those_of_equal_support(
    client: Client, city: GridCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("public.views.proposals.PAGE_SIZE", 2)
    made = [proposal(city).number for _ in range(3)]
    page = client.get("/en/proposals/?state=gathering").content.decode()
    query = re.search(r'href="/en/proposals/(\?[^"]+)" rel="next"', page)
    assert query is not None
    following = numbers(client, query[1].replace("&amp;", "&"))
    assert numbers(client, "?state=gathering") + following == sorted(made, reverse=True)


def test_what_is_asked_for_wrongly_is_said(client: Client, city: GridCity) -> None:
    page = client.get("/en/proposals/?state=any")
    assert page.status_code == 400
    assert "Gathering voices (gathering)" in page.content.decode()
    assert client.get("/en/proposals/?after=x").status_code == 400
    assert "There are no proposals yet" in client.get("/en/proposals/").content.decode()


@pytest.mark.parametrize(
    ("language", "tally", "what"),
    [
        ("ky", "Добуш: 2 / 3", "3 добуш чогулганда"),
        ("ru", "Голосов: 2 из 3", "Если наберётся 3 голоса, город ответит"),
        ("en", "2 of 3 voices", "The city must answer once 3 people support it."),
    ],
)
def test_page_and_list_say_what_it_has_gathered(
    client: Client, some: dict[str, Appeal], language: str, tally: str, what: str
) -> None:
    for path in ("proposals/", f"appeals/{some['gathering'].number}/"):
        page = client.get(f"/{language}/{path}").content.decode()
        assert tally in page and what in page


def test_the_voice_that_is_enough_changes_the_page(client: Client, some: dict[str, Appeal]) -> None:
    address = f"/en/appeals/{some['gathering'].number}/"
    client.get(address)
    Appeal.objects.filter(pk=some["gathering"].pk).update(supporters=0)
    SupportThreshold.objects.update(voices=1)
    page = client.post(f"{address}support/", {"supported": "yes"}, follow=True).content.decode()
    assert "Voices: 1" in page and "The city must answer in public by" in page
    assert "You support this proposal." in page
    assert "Supported by enough people (1 of 1)" in page
    over = client.post(
        f"/en/appeals/{some['over'].number}/support/", {"supported": "yes"}, follow=True
    ).content.decode()
    assert "nobody can support it any more" in over


def test_support_is_open_data(client: Client, some: dict[str, Appeal], city: GridCity) -> None:
    SupportThreshold.objects.create(voices=50, district=city.districts["west"])
    listed = client.get("/api/appeals.geojson").json()["features"]
    own = {feature["id"]: feature["properties"] for feature in listed}
    expected = {"answered": (7, 3), "awaited": (4, 3), "gathering": (2, 50), "over": (1, 3)}
    for state, appeal in some.items():
        single = client.get(f"/api/appeals/{appeal.pk}/").json()["properties"]
        assert single["support_state"] == state
        for properties in (single, own[str(appeal.pk)]):
            assert (properties["supporters"], properties["support_needed"]) == expected[state]
            assert (properties["supported_at"] is None) == (state in {"gathering", "over"})
    (report,) = (properties for properties in own.values() if properties["kind"] == "report")
    assert (report["supporters"], report["support_needed"]) == (9, None)
    # What changes of it is a change for whoever takes what has changed since.
    assert {"supporters", "supported_at"} < {*PUBLIC_COLUMNS}


def test_the_form_begins_with_the_kind_that_the_link_names(client: Client, city: GridCity) -> None:
    page = client.get("/en/appeals/new/?kind=recommendation").content.decode()
    assert re.search(r'value="recommendation"[^>]* checked', page)
    assert 'value="report" checked' in client.get("/en/appeals/new/?kind=x").content.decode()
