"""What the verbs do to an appeal, its history and its messages."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from appeals.actions.inputs import Given
from appeals.actions.perform import CHANGED_FIELDS, Change, foresee, perform
from appeals.actions.submit import Submission, submit
from appeals.actors import PLATFORM, Author, Person
from appeals.deadlines import LegalClock
from appeals.errors import Invalid, NotAllowed, Stale
from appeals.guards import Before, Question
from appeals.limits import TEXT_MAX
from appeals.models import Appeal, AppealContact, Attachment, Event, LegalTerm, Message
from appeals.vocabulary import Status, Verb
from appeals.workflow import (
    ACCEPT,
    ANSWER,
    ASK,
    ASSIGN,
    CLOSE,
    CORRECT,
    EXTEND,
    FORWARD,
    HIDE,
    HIDE_FILE,
    NOTE,
    PLAN,
    REOPEN,
    REPLY,
    SEPARATE,
    SHOW,
    SHOW_FILE,
)
from tests.factories import AppealFactory, AttachmentFactory, MembershipFactory, UserFactory
from tests.grid import IN_WEST, GridCity, at


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


def test_a_version_that_is_not_there_yet_is_none_that_was_seen(appeal: Appeal, service_actor: Person) -> None:
    with pytest.raises(Stale) as refusal:
        perform(appeal.pk, ACCEPT, service_actor, version=2)
    assert refusal.value.since == []


def test_what_happened_meanwhile_comes_in_its_order(appeal: Appeal, office_actor: Person) -> None:
    perform(appeal.pk, ACCEPT, office_actor, version=1)
    perform(appeal.pk, NOTE, office_actor, version=2, text="Asked the depot")
    perform(appeal.pk, ANSWER, office_actor, version=3, text="Done")
    with pytest.raises(Stale) as refusal:
        perform(appeal.pk, ANSWER, office_actor, version=2, text="Done too")
    assert [event.verb for event in refusal.value.since] == ["note", "answer"]


def test_what_is_quiet_disturbs_nobody(appeal: Appeal, office_actor: Person, service_actor: Person) -> None:
    perform(appeal.pk, NOTE, office_actor, version=1, text="Asked the depot")
    assert perform(appeal.pk, ACCEPT, service_actor, version=1).version == 3


def test_a_note_that_is_sent_twice_is_one(
    appeal: Appeal, office_actor: Person, service_actor: Person
) -> None:
    for text, actor in (("Mine", service_actor), ("Mine", service_actor), ("Mine", office_actor)):
        perform(appeal.pk, NOTE, actor, version=1, text=text)
    # Whoever has seen the first one means another.
    perform(appeal.pk, NOTE, service_actor, version=2, text="Mine")
    assert appeal.events.filter(verb="note").count() == 3


def test_who_works_on_it_disturbs_only_whoever_says_so_too(appeal: Appeal, service_actor: Person) -> None:
    mine = {"assignee": service_actor.user}
    perform(appeal.pk, NOTE, service_actor, version=1, text="Asked the depot")
    perform(appeal.pk, ASSIGN, service_actor, version=1, **mine)
    perform(appeal.pk, NOTE, service_actor, version=1, text="Asked again")
    with pytest.raises(Stale) as refusal:
        perform(appeal.pk, ASSIGN, service_actor, version=2, assignee=None)
    assert [event.verb for event in refusal.value.since] == ["assign", "note"]
    assert perform(appeal.pk, ASSIGN, service_actor, version=3, assignee=None).assignee is None
    assert appeal.events.get(version=5).details == {"assignee": "—"}


def test_what_happened_to_other_appeals_is_nothing_that_was_missed(
    appeal: Appeal, service_actor: Person
) -> None:
    other = AppealFactory(category=appeal.category)
    perform(appeal.pk, ACCEPT, service_actor, version=1)
    for version, verb in ((1, ACCEPT), (2, CORRECT)):
        given = {} if verb is ACCEPT else {"point": at(IN_WEST).coords, "text": "There"}
        perform(other.pk, verb, service_actor, version=version, **given)
    with pytest.raises(Stale) as refusal:
        perform(appeal.pk, ACCEPT, service_actor, version=1)
    assert [(event.appeal, event.verb) for event in refusal.value.since] == [(appeal, "accept")]


def clock_locks() -> int:
    """How many locks of terms and calendar this session holds until its transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
            " AND pid = pg_backend_pid()"
        )
        (n,) = cursor.fetchone()
    return int(n)


def test_terms_are_held_only_by_steps_that_count_by_them(city: GridCity, service_actor: Person) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    perform(appeal.pk, NOTE, service_actor, version=1, text="Asked the depot")
    perform(appeal.pk, ANSWER, service_actor, version=2, text="Done")
    assert clock_locks() == 0
    perform(appeal.pk, REOPEN, Author(appeal.pk), version=3, text="No")
    assert clock_locks() == 1


#: Asked on a Tuesday of 2026, until the Friday.
ASKED = Before(Status.WAITING, question=Question(dt.date(2026, 6, 9), dt.date(2026, 6, 12), reminded=False))


@pytest.mark.parametrize(
    ("verb", "before"), [(REOPEN, None), (EXTEND, None), (ASK, None), (SEPARATE, ASKED)], ids=str
)
def test_a_clock_that_was_read_is_not_read_again(
    appeal: Appeal,
    verb: Verb,
    before: Before | None,
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    LegalTerm.objects.update(extension_days=5)
    clock = LegalClock.read()
    change = Change(verb, Role.OFFICE, None, appeal.submitted_at + dt.timedelta(days=1), Given(before=before))
    kept, again = Appeal.objects.get(), Appeal.objects.get()
    with django_assert_num_queries(0):
        change.apply(kept, clock)
    change.apply(again)
    assert kept.due_on == again.due_on > appeal.due_on


def test_every_moment_is_that_of_the_verb(appeal: Appeal, service_actor: Person) -> None:
    moments = [dt.datetime(2026, 6, 9, hour, tzinfo=dt.UTC) for hour in range(4)]
    answered = perform(appeal.pk, ANSWER, service_actor, version=1, text="Done", at=moments[0])
    assert (answered.answered_at, answered.closed_at) == (moments[0], None)
    closed = perform(appeal.pk, CLOSE, service_actor, version=2, at=moments[1])
    assert (closed.answered_at, closed.closed_at) == (moments[0], moments[1])
    reopened = perform(appeal.pk, REOPEN, Author(appeal.pk), version=3, text="No", at=moments[2])
    assert (reopened.answered_at, reopened.closed_at) == (None, None)
    assert reopened.term_began_at == moments[2]
    assert [event.at for event in appeal.events.order_by("version")][1:] == moments[:3]
    before = timezone.now()
    perform(appeal.pk, NOTE, service_actor, version=4, text="Now")
    assert before <= appeal.events.get(version=5).at <= timezone.now()


def test_what_is_given_back_is_what_is_kept(appeal: Appeal, service_actor: Person, city: GridCity) -> None:
    """Every field that a verb may set is written, and of the appeal's other fields none."""
    steps: list[tuple[Verb, Person | Author, dict[str, object]]] = [
        (ASK, service_actor, {"text": "Which lamp?"}),
        (REPLY, Author(appeal.pk), {"text": "The second"}),
        (EXTEND, service_actor, {"text": "Ordered"}),
        (PLAN, service_actor, {"planned_on": dt.date(2099, 1, 1), "text": "A new lamp"}),
        (FORWARD, service_actor, {"to_service": city.services["roads"], "text": "Theirs"}),
    ]
    LegalTerm.objects.update(extension_days=5)
    for version, (verb, actor, given) in enumerate(steps, 1):
        days = dt.timedelta(days=version)
        done = perform(appeal.pk, verb, actor, version=version, at=appeal.submitted_at + days, **given)
        kept = Appeal.objects.get()
        assert [getattr(done, name) for name in CHANGED_FIELDS] == [
            getattr(kept, name) for name in CHANGED_FIELDS
        ]
        event = appeal.events.get(verb=verb.code)
        assert (event.from_status, event.to_status) == (appeal.status, kept.status)
        appeal = kept
    assert appeal.text == "The lamp is out"


def test_whoever_takes_it_up_gives_it_away_with_the_appeal(
    appeal: Appeal, service_actor: Person, city: GridCity
) -> None:
    given = perform(appeal.pk, ASSIGN, service_actor, version=1, assignee=service_actor.user)
    assert given.assignee == Appeal.objects.get().assignee == service_actor.user
    assert appeal.events.get(verb=ASSIGN.code).details == {"assignee": str(service_actor.user)}
    there = {"to_service": city.services["roads"], "text": "Theirs"}
    perform(appeal.pk, FORWARD, service_actor, version=2, **there)
    assert Appeal.objects.get().assignee is None


def test_of_many_appeals_one_is_changed(appeal: Appeal, service_actor: Person) -> None:
    other = AppealFactory(category=appeal.category)
    for version, changed in ((1, other), (1, appeal)):
        assert perform(changed.pk, ACCEPT, service_actor, version=version) == changed
    assert list(Appeal.objects.values_list("version", flat=True)) == [2, 2]


def test_one_file_is_hidden_and_shown_again(appeal: Appeal, office_actor: Person) -> None:
    file, other = AttachmentFactory(appeal=appeal), AttachmentFactory(appeal=appeal)
    perform(appeal.pk, HIDE_FILE, office_actor, version=1, file=file.pk, text="A face")
    assert Attachment.objects.get(hidden=True) == file
    perform(appeal.pk, SHOW_FILE, office_actor, version=2, file=file.pk)
    assert {*Attachment.objects.filter(hidden=False)} == {file, other}


def test_what_is_foreseen_is_what_comes_and_nothing_is_done_yet(
    appeal: Appeal, service_actor: Person
) -> None:
    LegalTerm.objects.update(extension_days=5)
    appeal.refresh_from_db()
    clock, moment = LegalClock.read(), appeal.submitted_at + dt.timedelta(days=3)
    for verb, given in (
        (EXTEND, {"text": "Ordered"}),
        (ASK, {"text": "Which lamp?"}),
        (ANSWER, {"text": "Done"}),
    ):
        before = Appeal.objects.get()
        seen = Appeal.objects.get()
        foreseen = foresee(seen, verb, service_actor, version=seen.version, clock=clock, at=moment, **given)
        for kept in (seen, Appeal.objects.get()):
            assert [getattr(kept, name) for name in CHANGED_FIELDS] == [
                getattr(before, name) for name in CHANGED_FIELDS
            ]
        assert not appeal.events.filter(verb=verb.code).exists()
        done = perform(appeal.pk, verb, service_actor, version=before.version, at=moment, **given)
        assert [getattr(foreseen, name) for name in CHANGED_FIELDS] == [
            getattr(done, name) for name in CHANGED_FIELDS
        ]
        assert foreseen.version == before.version + 1


def test_without_a_moment_it_is_foreseen_for_now(appeal: Appeal, service_actor: Person) -> None:
    before = timezone.now()
    clock = LegalClock.read()
    answered = foresee(appeal, ANSWER, service_actor, version=1, clock=clock, text="Done").answered_at
    assert answered is not None and before <= answered <= timezone.now()


def test_what_would_be_refused_is_foreseen(appeal: Appeal, service_actor: Person) -> None:
    clock = LegalClock.read()
    with pytest.raises(NotAllowed):
        foresee(appeal, CLOSE, service_actor, version=1, clock=clock)
    with pytest.raises(Invalid):
        foresee(appeal, ANSWER, service_actor, version=1, clock=clock, text=" ")
    done = perform(appeal.pk, ACCEPT, service_actor, version=1)
    with pytest.raises(Stale) as refusal:
        foresee(done, ANSWER, service_actor, version=1, clock=clock, text="Done")
    assert [event.verb for event in refusal.value.since] == ["accept"]


def test_what_staff_note_is_for_the_staff(appeal: Appeal, service_actor: Person) -> None:
    perform(appeal.pk, NOTE, service_actor, version=1, text="The neighbour drinks")
    perform(appeal.pk, ASSIGN, service_actor, version=2, assignee=service_actor.user)
    perform(appeal.pk, ACCEPT, service_actor, version=3)
    assert list(appeal.events.order_by("version").values_list("verb", "public")) == [
        ("submit", True),
        ("note", False),
        ("assign", False),
        ("accept", True),
    ]


def test_the_change_cannot_be_changed() -> None:
    change = Change(ACCEPT, Role.OFFICE, None, dt.datetime(2026, 6, 8, tzinfo=dt.UTC), Given())
    with pytest.raises(dataclasses.FrozenInstanceError):
        change.verb = ANSWER  # type: ignore[misc]


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
    AppealContact.objects.update(email_proven=True)
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
