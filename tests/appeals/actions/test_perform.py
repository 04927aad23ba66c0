"""What the verbs do to an appeal, its history and its messages."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, IntegrityError, transaction

from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actions.submit import Submission, submit
from appeals.actors import PLATFORM, Author, Person
from appeals.errors import Invalid, NotAllowed, Stale
from appeals.limits import TEXT_MAX
from appeals.models import Appeal, Attachment, Event, Message
from appeals.workflow import ACCEPT, ANSWER, CLOSE, FORWARD, HIDE, REOPEN, SHOW
from tests.factories import AppealFactory, AttachmentFactory, MembershipFactory, UserFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(submission: Callable[..., Submission]) -> Appeal:
    return submit(submission(), at=dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC), sender=None).appeal


def test_the_road_of_an_appeal(appeal: Appeal, service_actor: Person) -> None:
    perform(appeal.pk, ACCEPT, service_actor, version=1)
    perform(appeal.pk, ANSWER, service_actor, version=2, text="  The lamp works. ")
    perform(
        appeal.pk,
        REOPEN,
        Author(appeal.pk),
        version=3,
        text="It is out again",
        at=dt.datetime(2026, 7, 6, tzinfo=dt.UTC),
    )
    appeal.refresh_from_db()
    assert (appeal.status, appeal.answered_at, appeal.due_on) == ("accepted", None, dt.date(2026, 7, 24))
    perform(appeal.pk, ANSWER, service_actor, version=4, text="It works for good.")
    closed = perform(appeal.pk, CLOSE, Author(appeal.pk), version=5)
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
    assert appeal.events.get(version=3).text == "The lamp works."
    assert Appeal.objects.get().version == 6


def test_forwarding_keeps_the_term_and_tells_the_other_service(
    appeal: Appeal, service_actor: Person, city: GridCity
) -> None:
    due_on = appeal.due_on
    perform(
        appeal.pk,
        FORWARD,
        service_actor,
        version=1,
        to_service=city.services["roads"],
        text="The mast is yours",
    )
    appeal.refresh_from_db()
    assert (appeal.service, appeal.status, appeal.due_on) == (city.services["roads"], "new", due_on)
    event = appeal.events.get(verb="forward")
    assert (event.service, event.to_service) == (city.services["light"], city.services["roads"])
    assert Message.objects.filter(event=event, recipient="roads@city.example", audience="service").exists()


def test_forwarding_to_oneself_is_refused(appeal: Appeal, service_actor: Person, city: GridCity) -> None:
    with pytest.raises(Invalid):
        perform(appeal.pk, FORWARD, service_actor, version=1, to_service=city.services["light"], text="x")
    appeal.refresh_from_db()
    assert appeal.version == 1
    assert appeal.events.count() == 1


def test_stale_version_is_refused_with_what_happened(
    appeal: Appeal, service_actor: Person, office_actor: Person
) -> None:
    perform(appeal.pk, ACCEPT, office_actor, version=1)
    with pytest.raises(Stale) as refusal:
        perform(appeal.pk, ANSWER, service_actor, version=1, text="My answer")
    assert [(event.verb, event.actor) for event in refusal.value.since] == [("accept", office_actor.user)]
    assert Appeal.objects.get().status == "accepted"


def test_only_staff_answers(appeal: Appeal) -> None:
    outsider = Person(UserFactory())
    for actor in (outsider, Author(appeal.pk), PLATFORM):
        with pytest.raises(NotAllowed):
            perform(appeal.pk, ANSWER, actor, version=1, text="I am the service")
    assert not Event.objects.filter(verb="answer").exists()


def test_the_author_of_another_appeal_is_nobody_here(appeal: Appeal, service_actor: Person) -> None:
    perform(appeal.pk, ANSWER, service_actor, version=1, text="Done")
    with pytest.raises(NotAllowed):
        perform(appeal.pk, CLOSE, Author(uuid.uuid4()), version=2)
    assert perform(appeal.pk, CLOSE, Author(appeal.pk), version=2).status == "closed"


def test_what_staff_do_names_a_person(appeal: Appeal) -> None:
    """A bare role cannot act: the database refuses an event of the staff without one."""
    nameless = Event(
        appeal=appeal, version=2, verb="hide", at=appeal.submitted_at, actor_role=Role.OFFICE, to_status="new",
        service=appeal.service, public=False,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="what_staff_do_names_a_person"), transaction.atomic():
        nameless.save()


def test_an_event_says_who_did_what(appeal: Appeal, office_actor: Person, service_actor: Person) -> None:
    perform(appeal.pk, ANSWER, service_actor, version=1, text="Done")
    perform(appeal.pk, REOPEN, Author(appeal.pk), version=2, text="Not done")
    perform(appeal.pk, HIDE, office_actor, version=3, text="Rude")
    assert list(appeal.events.values_list("verb", "actor", "actor_role", "public")) == [
        ("submit", None, "resident", True),
        ("answer", service_actor.user.pk, "service", True),
        ("reopen", None, "resident", True),
        ("hide", office_actor.user.pk, "office", True),
    ]


def test_a_verb_takes_nothing_that_it_does_not_ask_for(appeal: Appeal, service_actor: Person) -> None:
    with pytest.raises(TypeError, match="accept does not ask for text"):
        perform(appeal.pk, ACCEPT, service_actor, version=1, text="by the way")
    assert appeal.events.count() == 1


def test_an_inactive_service_takes_no_appeal(appeal: Appeal, service_actor: Person, city: GridCity) -> None:
    closed_down = city.services["roads"]
    closed_down.active = False
    closed_down.save()
    with pytest.raises(Invalid) as refusal:
        perform(appeal.pk, FORWARD, service_actor, version=1, to_service=closed_down, text="Theirs")
    assert refusal.value.errors == {"to_service": ["This service takes no appeals any more."]}


def test_a_refused_upload_undoes_the_answer(appeal: Appeal, service_actor: Person) -> None:
    failed = AttachmentFactory(appeal=None, state=Attachment.State.FAILED)
    with pytest.raises(Invalid):
        perform(appeal.pk, ANSWER, service_actor, version=1, text="Done", uploads=[failed.pk])
    appeal.refresh_from_db()
    failed.refresh_from_db()
    assert (appeal.status, appeal.version, failed.appeal) == ("new", 1, None)
    assert not Message.objects.filter(event__verb="answer").exists()


def test_empty_answer_is_refused(appeal: Appeal, service_actor: Person) -> None:
    with pytest.raises(Invalid):
        perform(appeal.pk, ANSWER, service_actor, version=1, text=" \n ")
    with pytest.raises(Invalid):
        perform(appeal.pk, ANSWER, service_actor, version=1, text="x" * (TEXT_MAX + 1))


def test_hidden_from_the_public_and_back(appeal: Appeal, office_actor: Person, service_actor: Person) -> None:
    perform(appeal.pk, HIDE, office_actor, version=1, text="An insult")
    assert not Appeal.objects.visible_to(AnonymousUser()).exists()
    assert Appeal.objects.visible_to(office_actor.user).exists()
    assert Appeal.objects.visible_to(service_actor.user).exists()
    # The reason that is given is the one that the public reads.
    assert appeal.events.get(verb="hide").public
    perform(appeal.pk, SHOW, office_actor, version=2)
    assert Appeal.objects.visible_to(AnonymousUser()).exists()


def test_hiding_is_for_the_office(appeal: Appeal, service_actor: Person) -> None:
    with pytest.raises(NotAllowed):
        perform(appeal.pk, HIDE, service_actor, version=1, text="inconvenient")


def test_events_can_be_neither_changed_nor_deleted(appeal: Appeal) -> None:
    for change in (
        lambda: Event.objects.update(text="forged"),
        lambda: Event.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert Event.objects.get().text == ""


def test_the_author_is_notified_of_the_answer(appeal: Appeal, service_actor: Person) -> None:
    perform(appeal.pk, ANSWER, service_actor, version=1, text="Done")
    queued = Message.objects.filter(event__verb="answer")
    assert [(message.recipient, message.audience) for message in queued] == [
        ("resident@example.org", "author")
    ]


def test_who_lost_the_appeal_before_the_lock_does_nothing(city: GridCity, office_actor: Person) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    late = Person(MembershipFactory(service=city.services["light"]).user)
    perform(appeal.pk, FORWARD, office_actor, version=1, to_service=city.services["roads"], text="Theirs")
    with pytest.raises(NotAllowed):
        perform(appeal.pk, ACCEPT, late, version=2)
