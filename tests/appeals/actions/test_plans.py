"""Works are planned for a day that everyone sees, and that the day has passed is seen too."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Author, Person
from appeals.errors import Invalid
from appeals.models import Appeal
from appeals.vocabulary import Status
from appeals.workflow import ANSWER, ASK, FORWARD, PLAN, REPLY
from tests.factories import AppealFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"], status=Status.ACCEPTED)


def today() -> dt.date:
    return timezone.localdate()


def planned(appeal: Appeal, actor: Person, in_days: int = 5, *, version: int = 1) -> Appeal:
    day = today() + dt.timedelta(days=in_days)
    return perform(appeal.pk, PLAN, actor, version=version, planned_on=day, text="A new lamp")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Planned for 12 May"), ("ru", "Запланировано на 12 мая"), ("ky", "Пландалган: 12-май")],
)
def test_everyone_sees_the_day(
    appeal: Appeal, service_actor: Person, client: Client, language: str, words: str
) -> None:
    perform(appeal.pk, PLAN, service_actor, version=1, planned_on=dt.date(2099, 5, 12), text="A new lamp")
    for path in ("", f"appeals/{appeal.number}/", f"follow/{appeal.contact.secret}/"):
        page = client.get(f"/{language}/{path}").content.decode()
        assert words in page, path
        assert "status--overdue" not in page
    (feature,) = client.get("/api/appeals.geojson").json()["features"]
    assert (feature["properties"]["status"], feature["properties"]["planned_on"]) == ("planned", "2099-05-12")


def test_the_term_goes_on(appeal: Appeal, service_actor: Person) -> None:
    assert planned(appeal, service_actor, 100).due_on == appeal.due_on


def test_a_plan_can_be_put_off(appeal: Appeal, service_actor: Person) -> None:
    planned(appeal, service_actor)
    later = planned(appeal, service_actor, 9, version=2)
    assert (later.status, later.planned_on) == (Status.PLANNED, today() + dt.timedelta(days=9))


def test_no_plan_for_yesterday(appeal: Appeal, service_actor: Person) -> None:
    with pytest.raises(Invalid) as refusal:
        planned(appeal, service_actor, -1)
    assert list(refusal.value.errors) == ["planned_on"]


@pytest.mark.parametrize("verb", [ANSWER, ASK, FORWARD], ids=str)
def test_whatever_comes_next_ends_the_plan(
    appeal: Appeal, service_actor: Person, city: GridCity, verb: object
) -> None:
    planned(appeal, service_actor)
    there = {"to_service": city.services["roads"]} if verb is FORWARD else {}
    changed = perform(appeal.pk, verb, service_actor, version=2, text="So", **there)  # type: ignore[arg-type]
    assert changed.planned_on is None
    if verb is ASK:
        replied = perform(appeal.pk, REPLY, Author(appeal.pk), version=3, text="The second")
        assert (replied.status, replied.planned_on) == (Status.ACCEPTED, None)


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_that_the_day_has_passed_is_seen_everywhere(
    appeal: Appeal, service_actor: Person, client: Client, office_user: User, language: str
) -> None:
    planned(appeal, service_actor, 0)
    with translation.override(language):
        said = {
            "en": "The planned day has passed",
            "ru": "Назначенный день прошёл",
            "ky": "Белгиленген күн өтүп кетти",
        }[language]
    client.force_login(office_user)
    paths = ["", "desk/", f"appeals/{appeal.number}/", f"desk/appeals/{appeal.number}/"]
    for path in paths:
        assert said not in client.get(f"/{language}/{path}").content.decode(), "the day itself is not over"
    Appeal.objects.update(planned_on=today() - dt.timedelta(days=1))
    for path in paths:
        assert said in client.get(f"/{language}/{path}").content.decode(), path
