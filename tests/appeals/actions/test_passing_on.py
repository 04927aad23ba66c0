"""An appeal goes back and forth between services twice; the third forward brings it to the Mayor's Office."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal, Message
from appeals.notify.delivery import deliver_due
from appeals.timeline import title_of
from appeals.workflow import CORRECT, FORWARD
from districts.models import Service
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import IN_PARK, GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"], language="en")


@pytest.fixture
def people(city: GridCity, light_user: User) -> dict[str, User]:
    """One of each service."""
    others = {
        code: MembershipFactory(service=city.services[code]).user for code in ("roads", "green", "office")
    }
    return {"light": light_user, **others}


class Passing:
    """Forwards the appeal to the named services, each time by somebody of the service that it is with."""

    def __init__(self, city: GridCity, appeal: Appeal, people: dict[str, User]) -> None:
        self.city, self.appeal, self.people = city, appeal, people

    def to(self, *codes: str) -> Appeal:
        for code in codes:
            self.appeal.refresh_from_db()
            self.appeal = perform(
                self.appeal.pk,
                FORWARD,
                Person(self.people[self.appeal.service.code]),
                version=self.appeal.version,
                to_service=self.city.services[code],
                text=f"It is a matter of {code}",
            )
        return self.appeal


@pytest.fixture
def passing(city: GridCity, appeal: Appeal, people: dict[str, User]) -> Passing:
    return Passing(city, appeal, people)


def test_the_third_goes_to_the_office_whichever_service_was_chosen(passing: Passing) -> None:
    assert passing.to("roads", "light").service.code == "light"
    appeal = passing.to("roads")
    assert appeal.service.code == "office"
    event = appeal.events.get(version=appeal.version)
    assert (event.to_service.code, event.details["chosen"]["code"]) == ("office", "roads")
    for language, chosen in (("ky", "roads ky"), ("ru", "roads ru"), ("en", "roads en")):
        with translation.override(language):
            title = title_of(event)
            assert chosen in title and f"office {language}" in title
    assert Message.objects.get(event=event, audience="service").recipient == "office@city.example"
    deliver_due()
    to_office = next(letter for letter in mail.outbox if letter.to == ["office@city.example"])
    assert to_office.subject == f"Сизге № {appeal.number} кайрылуу өткөрүлдү"
    assert "roads ky" in to_office.body


def test_it_comes_back_to_the_office_after_its_own_decision(passing: Passing) -> None:
    passing.to("roads", "light", "green")
    decided = passing.to("green")
    assert decided.service.code == "green", "the office's own forward goes where it says"
    assert "chosen" not in decided.events.get(version=decided.version).details
    assert passing.to("roads").service.code == "office"


def test_the_office_passes_on_as_often_as_it_likes(city: GridCity, appeal: Appeal, office_user: User) -> None:
    for version, code in enumerate(("roads", "green", "light", "roads"), 1):
        to = {"to_service": city.services[code], "text": "Theirs"}
        assert perform(appeal.pk, FORWARD, Person(office_user), version=version, **to).service.code == code


def test_what_is_put_right_is_no_forward(city: GridCity, passing: Passing, people: dict[str, User]) -> None:
    appeal = passing.to("green")
    perform(
        appeal.pk,
        CORRECT,
        Person(people["green"]),
        version=2,
        point=(IN_PARK[0] + 0.02, IN_PARK[1]),
        text="Not in the park",
    )
    assert passing.to("roads").service.code == "roads"


def test_to_the_office_itself_needs_no_explanation(passing: Passing) -> None:
    appeal = passing.to("roads", "light", "office")
    assert appeal.service.code == "office"
    assert "chosen" not in appeal.events.get(version=appeal.version).details


def test_a_city_without_an_office_lets_it_go_where_it_was_sent(passing: Passing) -> None:
    Service.objects.filter(is_office=True).update(is_office=False)
    assert passing.to("roads", "light", "green").service.code == "green"


def test_the_desk_says_it_before_and_shows_the_way(
    passing: Passing, people: dict[str, User], client: Client
) -> None:
    warning = "the Mayor&#x27;s Office gets it now and decides who answers"
    appeal = passing.to("roads")
    url = f"/en/desk/appeals/{appeal.number}/"
    client.force_login(people["roads"])
    page = client.get(url).content.decode()
    assert "Passed on: light en → roads en<" in page
    assert warning not in page
    passing.to("light")
    client.force_login(people["light"])
    page = client.get(url).content.decode()
    assert "light en → roads en → light en" in page
    assert "It is a matter of roads" in page and "It is a matter of light" in page
    assert warning in page
    client.force_login(people["office"])
    assert warning not in client.get(url).content.decode()
    client.force_login(people["light"])
    sent = {"verb": "forward", "version": appeal.version + 1, "to_service": "green", "text": "Trees"}
    page = client.post(url, sent, follow=True).content.decode()
    assert f"Appeal № {appeal.number} is forwarded: office en." in page


def test_so_it_is_with_many_at_once(passing: Passing, people: dict[str, User], client: Client) -> None:
    appeal = passing.to("roads", "light")
    client.force_login(people["light"])
    sent = {
        "verb": "forward", "chosen": f"{appeal.number}:{appeal.version}", "to_service": "green", "text": "Trees", "place": ""
    }  # fmt: skip
    page = client.post("/en/desk/bulk/", sent | {"step": "look"}).content.decode()
    assert "light en → office en" in page
    assert "the Mayor&#x27;s Office decides who answers" in page
    page = client.post("/en/desk/bulk/", sent | {"step": "do"}).content.decode()
    assert "the Mayor&#x27;s Office decides who answers" in page, "not only before"
    appeal.refresh_from_db()
    assert appeal.service.code == "office"
