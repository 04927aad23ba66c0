from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from appeals.actions.support import support
from appeals.gathering import voices_of
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


def test_a_connection_gives_one_proposal_few_browsers_alone(
    appeal: Appeal, settings: LazySettings, city: GridCity
) -> None:
    settings.LIMITS = {"support-place": Rate(2, 1, 86_400)}
    other = AppealFactory(category=city.categories["lamp"])

    def press_from(address: str, *, at: Appeal = appeal) -> int:
        path = f"/en/appeals/{at.number}/support/"
        return Client(REMOTE_ADDR=address).post(path, {"supported": "yes"}).status_code

    # Of IPv6 one connection has many networks.
    assert [press_from(f"2001:db8:1:{n}::5") for n in (1, 2, 3)] == [302, 302, 429]
    refused = Client(REMOTE_ADDR="2001:db8:1:9::5").post(
        f"/en/appeals/{appeal.number}/support/", {"supported": "yes"}
    )
    assert int(refused["Retry-After"]) > 0
    assert "sign in with your e-mail address" in refused.content.decode()
    assert (press_from("2001:db8:2::5"), press_from("2001:db8:1:1::5", at=other)) == (302, 302)
    # Whoever is known by an address is no browser alone, here and at the desk.
    support(appeal, "a" * 43, sender="address 2001:db8:1:1::", email="a@mail.example")
    voices = voices_of(Appeal.objects.get(pk=appeal.pk))
    assert (voices.confirmed, voices.by_browser) == (1, 3)


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
