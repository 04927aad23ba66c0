"""Authors rate the answer: by their link alone, once an answer, for a while after the closing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from appeals.actions.perform import perform
from appeals.actors import Author, Person
from appeals.dossier import Dossier, dossier_of
from appeals.errors import Invalid, NotAllowed
from appeals.limits import RATING_DAYS
from appeals.models import Appeal, Message
from appeals.workflow import ANSWER, CLOSE, RATE, REOPEN
from tests.factories import AppealFactory
from tests.grid import GridCity


@pytest.fixture
def answered(city: GridCity, service_actor: Person) -> Appeal:
    appeal = AppealFactory(category=city.categories["lamp"])
    return perform(appeal.pk, ANSWER, service_actor, version=None, text="It shines again.")


def dossier(appeal: Appeal) -> Dossier:
    return dossier_of(Appeal.objects.with_names().get(pk=appeal.pk), AnonymousUser(), internal=False)


def rate(appeal: Appeal, said: object = "yes", **more: object) -> Appeal:
    return perform(appeal.pk, RATE, Author(appeal.pk), version=None, satisfied=said, **more)  # type: ignore[arg-type]


def test_the_last_word_counts_and_nobody_is_written_to(answered: Appeal) -> None:
    before = Message.objects.count()
    rate(answered, "no", text="Only half")
    rated = rate(answered)
    assert (rated.status, Message.objects.count()) == (answered.status, before)
    step = dossier(answered).rating
    assert step and (step.event.details, step.event.text) == ({"satisfied": "yes"}, "")


def test_only_the_author(answered: Appeal, service_actor: Person) -> None:
    other = AppealFactory(category=answered.category)
    for actor in (service_actor, Author(other.pk)):
        with pytest.raises(NotAllowed):
            perform(answered.pk, RATE, actor, version=None, satisfied="yes")


@pytest.mark.parametrize("said", [None, "", "maybe", True])
def test_it_is_yes_or_no(answered: Appeal, said: object) -> None:
    with pytest.raises(Invalid):
        rate(answered, said)


def test_a_new_answer_has_no_rating_yet(answered: Appeal, service_actor: Person) -> None:
    rate(answered, "no")
    perform(answered.pk, REOPEN, Author(answered.pk), version=None, text="Dark again")
    with pytest.raises(NotAllowed):
        rate(answered)
    perform(answered.pk, ANSWER, service_actor, version=None, text="Now it does.")
    assert dossier(answered).rating is None


@pytest.mark.parametrize(("days", "allowed"), [(RATING_DAYS, True), (RATING_DAYS + 1, False)])
def test_it_ends_some_time_after_the_closing(answered: Appeal, days: int, allowed: bool) -> None:
    closed = perform(answered.pk, CLOSE, Author(answered.pk), version=None)
    assert closed.closed_at
    later = closed.closed_at + dt.timedelta(days=days)
    if allowed:
        rate(answered, at=later)
    else:
        with pytest.raises(NotAllowed):
            rate(answered, at=later)


def test_what_was_answered_elsewhere_has_no_answer_to_rate(city: GridCity) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], status="answered", answered_at=None)
    with pytest.raises(NotAllowed):
        rate(appeal)


def test_its_words_are_for_the_staff(answered: Appeal, service_actor: Person, client: Client) -> None:
    secret = answered.contact.secret
    form = {"verb": "rate", "version": answered.version, "satisfied": "no", "text": "Rude words of mine"}
    assert client.post(f"/en/follow/{secret}/", form).status_code == 302
    public, own = (
        client.get(path).content.decode()
        for path in (f"/en/appeals/{answered.number}/", f"/en/follow/{secret}/")
    )
    assert "not satisfied" in own and "not satisfied" not in public and "Rude words" not in public
    client.force_login(service_actor.user)
    desk = client.get(f"/en/desk/appeals/{answered.number}/").content.decode()
    assert "not satisfied" in desk and "Rude words of mine" in desk
