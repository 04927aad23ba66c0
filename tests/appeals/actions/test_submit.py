from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone
from pytest_django import Settings

from accounts.roles import Role
from appeals.actions.submit import Submission, Submitted, submit
from appeals.actors import Person
from appeals.errors import Conflict, Invalid, NotAllowed
from appeals.models import Appeal, AppealContact, Event, Message, RoutingDecision
from bootstrap.rates import Rate
from districts.routing import Pin, route
from rates.taking import TooMany
from tests.grid import EAST, IN_EAST, IN_PARK, OUTSIDE, GridCity, at

Make = Callable[..., Submission]


def test_appeal_is_routed_numbered_and_dated(city: GridCity, submission: Make) -> None:
    when = dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)
    sent = submission()
    result = submit(sent, at=when, sender=None)
    appeal = Appeal.objects.get(pk=sent.id)
    assert result == Submitted(appeal, created=True)
    assert appeal.number > 0
    assert appeal.service == city.services["light"]
    assert appeal.district == city.districts["east"]
    assert appeal.due_on == dt.date(2026, 6, 26)
    assert appeal.version == 1
    decision = RoutingDecision.objects.get(appeal=appeal)
    assert (decision.rule, decision.area) == ("only_area", city.areas["light-east"])
    assert AppealContact.objects.get(appeal=appeal).secret == sent.secret


def test_all_that_was_sent_is_kept(city: GridCity, submission: Make) -> None:
    when = dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)
    values = {
        "kind": "request",
        "text": "Two lamps are out",
        "language": "ky",
        "address": "7 Lenin street",
        "source": "import",
        "external_id": "old-7",
    }
    contact = {"secret": "t" * 32, "name": "A. B.", "email": "a@example.org", "phone": "+996 555 123456"}
    contact["postal_address"] = "Osh, 5 Lenin street"
    sent = submission(**values, **contact)
    submit(sent, at=when, sender=None)
    appeal = Appeal.objects.get()
    assert {name: getattr(appeal, name) for name in values} == values
    assert {name: getattr(appeal.contact, name) for name in contact} == contact
    assert (appeal.pk, appeal.category, appeal.point) == (sent.id, city.categories["lamp"], at(IN_EAST))
    assert (appeal.status, appeal.submitted_at) == ("new", when)
    assert bytes(appeal.fingerprint) == sent.fingerprint()


def test_the_decision_is_kept_as_it_was_made(city: GridCity, submission: Make) -> None:
    when = dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)
    submit(submission(point=at(IN_PARK)), at=when, sender=None)
    decision = RoutingDecision.objects.get()
    made = route(Pin(*IN_PARK, city.categories["lamp"].pk), on=when.date())
    assert (decision.revision, decision.district) == (city.revision, city.districts["west"])
    assert (decision.service, decision.area) == (city.services["green"], city.areas["park"])
    assert (decision.rule, decision.decided_at) == ("priority", when)
    assert decision.border_m == pytest.approx(made.border_m)
    (rival,) = made.rivals
    assert [kept["area_m2"] for kept in decision.rivals] == [round(rival.area_m2)]


def test_borders_of_the_city_s_own_day_decide(city: GridCity, submission: Make) -> None:
    """In the evening of the day before in UTC it is their first day already."""
    city.add_area("from-june", "roads", EAST, ("lamp",), priority=5, valid_from=dt.date(2026, 6, 9))
    for hour, service in ((12, "light"), (20, "roads")):
        when = dt.datetime(2026, 6, 8, hour, tzinfo=dt.UTC)
        assert submit(submission(), at=when, sender=None).appeal.service == city.services[service]


def test_a_client_without_a_secret_is_given_one(submission: Make) -> None:
    for _n in range(2):
        submit(submission(secret=""), sender=None)
    secrets = set(AppealContact.objects.values_list("secret", flat=True))
    assert [len(secret) for secret in secrets] == [32, 32]


def test_a_secret_opens_one_appeal_alone(submission: Make) -> None:
    submit(submission(secret="t" * 32), sender=None)
    with pytest.raises(Invalid) as refusal:
        submit(submission(secret="t" * 32), sender=None)
    assert list(refusal.value.errors) == ["secret"]
    assert Appeal.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"kind": "request"}, False),
        ({"text": "Other"}, False),
        ({"language": "ky"}, False),
        ({"secret": "u" * 32}, False),
        ({"address": "7"}, False),
        ({"name": "A"}, False),
        ({"email": "b@example.org"}, False),
        ({"phone": "1"}, False),
        ({"postal_address": "Osh"}, False),
        ({"uploads": (UUID(int=2), UUID(int=1))}, True),
        ({"uploads": (UUID(int=1),)}, False),
        ({"point": at((IN_EAST[0] + 1e-7, IN_EAST[1]))}, False),
        ({"point": at((IN_EAST[0], IN_EAST[1] + 1e-7))}, False),
        ({"point": at((IN_EAST[0] + 1e-9, IN_EAST[1]))}, True),
        # Where it came from is not what was sent.
        ({"source": "import"}, True),
    ],
)
def test_the_fingerprint_is_of_all_that_was_sent(
    submission: Make, change: dict[str, object], same: bool
) -> None:
    sent = submission(secret="t" * 32, uploads=(UUID(int=1), UUID(int=2)))
    other = dataclasses.replace(sent, id=uuid4(), **change)  # type: ignore[arg-type]
    assert (other.fingerprint() == sent.fingerprint()) is same


def test_without_a_secret_how_to_reach_the_author_is_no_part_of_it(submission: Make) -> None:
    sent = submission(secret="", name="A", email="a@example.org", phone="1")
    for change, same in (
        ({"name": "B", "email": "b@example.org", "phone": "2"}, True),
        ({"text": "B"}, False),
    ):
        assert (dataclasses.replace(sent, **change).fingerprint() == sent.fingerprint()) is same


def test_what_the_database_refuses_for_another_reason_is_not_the_sender_s_fault(submission: Make) -> None:
    submit(submission(), sender=None)
    with pytest.raises(IntegrityError, match="appeal_has_text"):
        submit(submission(text=""), sender=None)
    assert Appeal.objects.count() == 1


def test_what_need_not_be_said(city: GridCity, submission: Make) -> None:
    sent = submission()
    bare = Submission(sent.id, sent.kind, sent.category, sent.text, sent.point, sent.language)
    appeal = submit(bare, sender=None).appeal
    assert (appeal.source, appeal.external_id, appeal.address) == ("web", "", "")
    assert (appeal.contact.name, appeal.contact.email, appeal.contact.phone) == ("", "", "")
    assert list(appeal.events.values_list("public", "actor_role")) == [(True, Role.RESIDENT)]
    assert Message.objects.get().audience == "service"


def test_whoever_of_the_staff_takes_it_down_is_named(
    submission: Make, office_actor: Person, service_actor: Person
) -> None:
    event = submit(submission(source="phone"), sender=None, by=office_actor).appeal.events.get()
    assert (event.verb, event.actor, event.actor_role) == ("submit_for", office_actor.user, Role.OFFICE)
    assert event.details == {"channel": "phone"}
    with pytest.raises(NotAllowed):
        submit(submission(source="phone"), sender=None, by=service_actor)
    assert Appeal.objects.count() == 1


def test_what_was_sent_cannot_be_changed(submission: Make) -> None:
    sent = submission()
    for value in (sent, Submitted(Appeal(), created=True)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, dataclasses.fields(value)[0].name, None)


def test_only_what_comes_anew_is_counted_against_the_sender(
    city: GridCity, submission: Make, settings: Settings
) -> None:
    settings.LIMITS = {"submit": Rate(3, 1, 86_400)}
    sent = submission()
    submit(sent, sender="a")
    # Again after a lost answer, as often as need be.
    for _n in range(5):
        submit(sent, sender="a")
    # Refused or not.
    with pytest.raises(Conflict):
        submit(dataclasses.replace(sent, text="Other"), sender="a")
    with pytest.raises(Invalid):
        submit(submission(point=at(OUTSIDE)), sender="a")
    with pytest.raises(TooMany):
        submit(submission(), sender="a")
    submit(submission(), sender="b")
    submit(submission(), sender=None)


def test_now_is_when_it_came(submission: Make) -> None:
    before = timezone.now()
    appeal = submit(submission(), sender=None).appeal
    assert before <= appeal.submitted_at <= timezone.now()


def test_losing_areas_are_kept_with_the_decision(city: GridCity, submission: Make) -> None:
    appeal = submit(submission(point=at(IN_PARK)), sender=None).appeal
    rivals = RoutingDecision.objects.get(appeal=appeal).rivals
    assert [(rival["area"], rival["service"], rival["priority"]) for rival in rivals] == [
        (city.areas["light-west"].pk, city.services["light"].pk, 0)
    ]


def test_first_event_and_messages(submission: Make) -> None:
    appeal = submit(submission(), sender=None).appeal
    event = Event.objects.get(appeal=appeal)
    assert (event.at, event.service, event.actor) == (appeal.submitted_at, appeal.service, None)
    assert (event.verb, event.version, event.actor_role, event.to_status) == (
        "submit",
        1,
        Role.RESIDENT,
        "new",
    )
    assert set(Message.objects.values_list("recipient", "audience", "language")) == {
        ("resident@example.org", "author", "ru"),
        ("light@city.example", "service", Message.objects.get(audience="service").language),
    }


def test_sent_twice_is_one_appeal(submission: Make) -> None:
    sent = submission()
    first, second = submit(sent, sender=None), submit(sent, sender=None)
    assert (first.created, second.created) == (True, False)
    assert first.appeal == second.appeal
    assert (Appeal.objects.count(), Event.objects.count(), Message.objects.count()) == (1, 1, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Other words"},
        {"secret": "t" * 32},
        {"email": ""},
        {"kind": "request"},
        # Whatever else is wrong with it.
        {"point": at(OUTSIDE)},
    ],
)
def test_same_uuid_with_other_content_is_refused(submission: Make, change: dict[str, object]) -> None:
    sent = submission()
    submit(sent, sender=None)
    with pytest.raises(Conflict):
        submit(submission(**({"id": sent.id, "secret": sent.secret} | change)), sender=None)
    assert Appeal.objects.get().text == "The lamp is out"


def test_outside_the_city_writes_nothing(submission: Make) -> None:
    with pytest.raises(Invalid) as refusal:
        submit(submission(point=at(OUTSIDE)), sender=None)
    assert list(refusal.value.errors) == ["point"]
    assert not Appeal.objects.exists()


def test_unknown_upload_writes_nothing(submission: Make) -> None:
    with pytest.raises(Invalid):
        submit(submission(uploads=(uuid4(),)), sender=None)
    assert not Appeal.objects.exists()
    assert not Message.objects.exists()


def test_statements(submission: Make, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    sent = submission()
    with django_assert_max_num_queries(16):
        submit(sent, sender=None)


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_make_one_appeal(submission: Make) -> None:
    sent = submission()
    results: list[Submitted] = []
    start = threading.Barrier(4)

    def send() -> None:
        try:
            start.wait()
            results.append(submit(sent, sender=None))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.created for result in results) == [False, False, False, True]
    assert Event.objects.count() == 1
