from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from appeals.models import Appeal, Support
from appeals.vocabulary import Status
from bootstrap.rates import Rate
from tests.factories import AppealFactory
from tests.grid import IN_EAST, GridCity, at


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"])


def press(client: Client, address: str, supported: str) -> str:
    """The page after its button was pressed, with the token that the page gave, as a browser does."""
    page = client.get(address).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    assert f'name="supported" value="{supported}"' in page
    data = {"csrfmiddlewaretoken": token[1], "supported": supported}
    return client.post(f"{address}support/", data, follow=True).content.decode()


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("ky", "Бул дагы 1 кишиге тиешелүү.", "Бул дагы 2 кишиге тиешелүү."),
        ("ru", "Это касается ещё 1 человека.", "Это касается ещё 2 человек."),
        (
            "en",
            "It concerns 1 more person.",
            "It concerns 2 more people.",
        ),
    ],
)
def test_one_press_and_another_takes_it_back(appeal: Appeal, language: str, one: str, two: str) -> None:
    address = f"/{language}/appeals/{appeal.number}/"
    phone, computer = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    assert one not in phone.get(address).content.decode()
    assert one in press(phone, address, "yes")
    assert two in press(computer, address, "yes")
    page = press(phone, address, "no")
    assert one in page
    assert 'value="yes"' in page
    secret = computer.cookies["supporter"]
    assert secret["httponly"]
    assert secret["samesite"] == "Lax"
    assert secret.value not in Support.objects.get().person


def test_what_cannot_be_supported_has_no_button_and_says_so(appeal: Appeal, client: Client) -> None:
    address = f"/en/appeals/{appeal.number}/"
    client.post(f"{address}support/", {"supported": "yes"})
    Appeal.objects.filter(pk=appeal.pk).update(status=Status.ANSWERED, answered_at=timezone.now())
    assert 'value="no"' in client.get(address).content.decode(), "what one has said can be taken back"
    other = Client()
    assert 'name="supported"' not in other.get(address).content.decode()
    page = other.post(f"{address}support/", {"supported": "yes"}, follow=True).content.decode()
    assert "nobody can support it any more" in page
    assert "supporter" not in other.cookies
    Appeal.objects.filter(pk=appeal.pk).update(hidden=True)
    assert other.post(f"{address}support/", {"supported": "yes"}).status_code == 404


@pytest.mark.parametrize("data", [{}, {"supported": ""}, {"supported": "maybe"}])
def test_nonsense_is_400(appeal: Appeal, client: Client, data: dict[str, str]) -> None:
    assert client.post(f"/en/appeals/{appeal.number}/support/", data).status_code == 400
    assert client.get(f"/en/appeals/{appeal.number}/support/").status_code == 302
    assert not Support.objects.exists()


def test_a_limit_says_when_to_come_again(appeal: Appeal, client: Client, settings: LazySettings) -> None:
    settings.LIMITS = {"support": Rate(1, 1, 3_600)}
    address = f"/en/appeals/{appeal.number}/support/"
    assert client.post(address, {"supported": "yes"}).status_code == 302
    refused = Client().post(address, {"supported": "yes"})
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
    assert "Too many appeals have been supported" in refused.content.decode()


def test_who_writes_the_same_is_shown_what_is_there(city: GridCity, client: Client) -> None:
    lon, lat = IN_EAST
    near = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), text="It is dark here " * 20)
    AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), hidden=True)
    AppealFactory(category=city.categories["pothole"], point=at(IN_EAST))
    where = {"lon": lon, "lat": lat, "category": "lamp"}
    (found,) = client.get("/api/route", where, headers={"Accept-Language": "en"}).json()["alike"]
    assert (found["number"], found["metres"]) == (near.number, 0)
    assert found["url"].endswith(f"/appeals/{near.number}/")
    assert len(found["text"]) == 140
    asked = {"lon": f"{lon}", "lat": f"{lat}", "category": "lamp", "ask": "who"}
    page = client.post("/en/appeals/new/", asked).content.decode()
    assert "Has somebody written of it already?" in page
    assert f'href="/en/appeals/{near.number}/"' in page
