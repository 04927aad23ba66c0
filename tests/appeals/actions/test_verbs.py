"""What the verbs do to an appeal, its history and its messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction

from accounts.roles import Role
from appeals.actions.accept import accept
from appeals.actions.answer import answer
from appeals.actions.change import Actor
from appeals.actions.close import close
from appeals.actions.forward import forward
from appeals.actions.hide import hide, show
from appeals.actions.reopen import reopen
from appeals.actions.submit import Submission, submit
from appeals.errors import Invalid, NotAllowed, Stale
from appeals.models import Appeal, Event, Message
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import GridCity

RESIDENT = Actor(Role.RESIDENT)


@pytest.fixture
def appeal(submission: Callable[..., Submission]) -> Appeal:
    return submit(submission(), at=dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)).appeal


def test_the_road_of_an_appeal(appeal: Appeal, service_actor: Actor) -> None:
    accept(appeal.pk, service_actor, version=1)
    answer(appeal.pk, service_actor, version=2, text="  The lamp is mended. ")
    reopen(appeal.pk, RESIDENT, version=3, text="It is out again", at=dt.datetime(2026, 7, 6, tzinfo=dt.UTC))
    appeal.refresh_from_db()
    assert (appeal.status, appeal.answered_at, appeal.due_on) == ("accepted", None, dt.date(2026, 7, 24))
    answer(appeal.pk, service_actor, version=4, text="Mended for good.")
    closed = close(appeal.pk, RESIDENT, version=5)
    assert closed.closed_at is not None
    history = [
        (event.version, event.verb, event.from_status, event.to_status) for event in appeal.events.all()
    ]
    assert history == [
        (1, "submit", "", "new"),
        (2, "accept", "new", "accepted"),
        (3, "answer", "accepted", "answered"),
        (4, "reopen", "answered", "accepted"),
        (5, "answer", "accepted", "answered"),
        (6, "close", "answered", "closed"),
    ]
    assert appeal.events.get(version=3).text == "The lamp is mended."
    assert Appeal.objects.get().version == 6


def test_forwarding_keeps_the_term_and_tells_the_other_service(
    appeal: Appeal, service_actor: Actor, city: GridCity
) -> None:
    due_on = appeal.due_on
    forward(appeal.pk, service_actor, version=1, to_service=city.services["roads"], text="The mast is yours")
    appeal.refresh_from_db()
    assert (appeal.service, appeal.status, appeal.due_on) == (city.services["roads"], "new", due_on)
    event = appeal.events.get(verb="forward")
    assert (event.service, event.to_service) == (city.services["light"], city.services["roads"])
    assert Message.objects.filter(event=event, recipient="roads@city.example", audience="service").exists()


def test_forwarding_to_oneself_is_refused(appeal: Appeal, service_actor: Actor, city: GridCity) -> None:
    with pytest.raises(Invalid):
        forward(appeal.pk, service_actor, version=1, to_service=city.services["light"], text="x")
    appeal.refresh_from_db()
    assert appeal.version == 1
    assert appeal.events.count() == 1


def test_stale_version_is_refused_with_what_happened(
    appeal: Appeal, service_actor: Actor, office_actor: Actor
) -> None:
    accept(appeal.pk, office_actor, version=1)
    with pytest.raises(Stale) as refusal:
        answer(appeal.pk, service_actor, version=1, text="My answer")
    assert [event.verb for event in refusal.value.since] == ["accept"]
    assert Appeal.objects.get().status == "accepted"


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.RESIDENT])
def test_only_staff_answers(appeal: Appeal, role: Role) -> None:
    with pytest.raises(NotAllowed):
        answer(appeal.pk, Actor(role), version=1, text="I am the service")
    assert not Event.objects.filter(verb="answer").exists()


def test_empty_answer_is_refused(appeal: Appeal, service_actor: Actor) -> None:
    with pytest.raises(Invalid):
        answer(appeal.pk, service_actor, version=1, text=" \n ")
    with pytest.raises(Invalid):
        answer(appeal.pk, service_actor, version=1, text="x" * 4001)


def test_hidden_from_the_public_and_back(appeal: Appeal, office_actor: Actor, service_actor: Actor) -> None:
    hide(appeal.pk, office_actor, version=1, text="An insult")
    assert not Appeal.objects.visible_to(AnonymousUser()).exists()
    assert Appeal.objects.visible_to(office_actor.user).exists()
    assert Appeal.objects.visible_to(service_actor.user).exists()
    assert not appeal.events.get(verb="hide").public
    show(appeal.pk, office_actor, version=2)
    assert Appeal.objects.visible_to(AnonymousUser()).exists()


def test_hiding_is_for_the_office(appeal: Appeal, service_actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        hide(appeal.pk, service_actor, version=1, text="inconvenient")


def test_events_can_be_neither_changed_nor_deleted(appeal: Appeal) -> None:
    for change in (
        lambda: Event.objects.update(text="forged"),
        lambda: Event.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert Event.objects.get().text == ""


def test_author_is_told_of_the_answer(appeal: Appeal, service_actor: Actor) -> None:
    answer(appeal.pk, service_actor, version=1, text="Done")
    told = Message.objects.filter(event__verb="answer")
    assert [(message.recipient, message.audience) for message in told] == [("resident@example.org", "author")]


def test_who_lost_the_appeal_before_the_lock_does_nothing(city: GridCity) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    late = MembershipFactory(service=city.services["light"]).user
    forward(appeal.pk, Actor(Role.OFFICE), version=1, to_service=city.services["roads"], text="Theirs")
    with pytest.raises(NotAllowed):
        accept(appeal.pk, Actor(Role.SERVICE, late), version=2)
