from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal, Event
from appeals.vocabulary import Status
from appeals.workflow import ANSWER, CLOSE, HIDE, REOPEN
from tests.factories import AppealFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity, light_user: User) -> Appeal:
    appeal = AppealFactory(category=city.categories["lamp"])
    return perform(appeal.pk, ANSWER, Person(light_user), version=1, text="The lamp is new.")


def address(appeal: Appeal, language: str = "en") -> str:
    return f"/{language}/follow/{appeal.contact.secret}/"


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_receipt(city: GridCity, client: Client, language: str) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    response = client.get(address(appeal, language) + "?new=1")
    page = response.content.decode()
    assert "receipt__thanks" in page
    assert f"№ {appeal.number}" in page
    assert f"light {language}" in page
    assert f'value="http://localhost:8000{address(appeal, language)}"' in page
    assert "receipt__thanks" not in client.get(address(appeal, language)).content.decode()


def test_the_address_does_not_leak(appeal: Appeal, client: Client) -> None:
    response = client.get(address(appeal))
    assert response["Referrer-Policy"] == "same-origin"
    assert "noindex" in response["X-Robots-Tag"]
    assert "no-store" in response["Cache-Control"]
    public = client.get(f"/en/appeals/{appeal.number}/").content.decode()
    for own in ('rel="alternate"', 'rel="canonical"', "og:url"):
        assert own in public
        assert own not in response.content.decode()


@pytest.mark.parametrize("secret", ["unknown", "%00", "x" * 3000])
def test_an_unknown_secret_is_not_found(city: GridCity, client: Client, secret: str) -> None:
    assert client.get(f"/en/follow/{secret}/").status_code == 404
    assert client.post(f"/en/follow/{secret}/", {"verb": "close", "version": 1}).status_code == 404


def test_the_author_closes(appeal: Appeal, client: Client) -> None:
    assert 'value="close"' in client.get(address(appeal)).content.decode()
    response = client.post(address(appeal), {"verb": "close", "version": 2}, follow=True)
    assert "The appeal is closed" in response.content.decode()
    appeal.refresh_from_db()
    assert appeal.status == Status.CLOSED
    assert Event.objects.get(appeal=appeal, verb=CLOSE.code).actor_role == Role.RESIDENT


def test_the_author_reopens_with_a_reason(appeal: Appeal, client: Client) -> None:
    refused = client.post(address(appeal), {"verb": "reopen", "version": 2, "text": "  "})
    assert refused.status_code == 400
    assert "Write a few words" in refused.content.decode()
    client.post(address(appeal), {"verb": "reopen", "version": 2, "text": "It is dark again"})
    appeal.refresh_from_db()
    assert appeal.status == Status.ACCEPTED
    assert Event.objects.get(appeal=appeal, verb=REOPEN.code).text == "It is dark again"


def test_a_stale_form_keeps_the_text(appeal: Appeal, client: Client) -> None:
    response = client.post(address(appeal), {"verb": "reopen", "version": 1, "text": "It is dark again"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "It is dark again</textarea>" in page
    assert 'name="version" value="2"' in page
    appeal.refresh_from_db()
    assert appeal.version == 2


@pytest.mark.parametrize(
    "form",
    [
        {"verb": "close"},
        {"verb": "close", "version": "x"},
        {"verb": "close", "version": -1},
        {},
        {"verb": "reopen", "version": 2, "text": "x" * 5000},
        {"verb": "reopen", "version": 2, "text": "a\x00b"},
    ],
)
def test_nothing_else_is_taken(appeal: Appeal, client: Client, form: dict[str, object]) -> None:
    assert client.post(address(appeal), form).status_code == 400
    appeal.refresh_from_db()
    assert appeal.version == 2


@pytest.mark.parametrize("verb", ["answer", "hide", "forward", "show"])
def test_what_is_for_the_staff_is_not_taken_from_the_author(
    appeal: Appeal, client: Client, city: GridCity, verb: str
) -> None:
    form = {"verb": verb, "version": 2, "text": "mine", "to_service": "roads"}
    assert client.post(address(appeal), form).status_code == 409
    appeal.refresh_from_db()
    assert appeal.version == 2


def test_an_open_appeal_cannot_be_closed_by_its_author(city: GridCity, client: Client) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    assert client.post(address(appeal), {"verb": "close", "version": 1}).status_code == 409
    assert 'value="close"' not in client.get(address(appeal)).content.decode()


def test_the_author_still_sees_a_hidden_appeal(appeal: Appeal, client: Client, office_user: User) -> None:
    perform(appeal.pk, HIDE, Person(office_user), version=2, text="A curse word")
    page = client.get(address(appeal)).content.decode()
    assert "has hidden this appeal" in page
    assert "A curse word" in page
