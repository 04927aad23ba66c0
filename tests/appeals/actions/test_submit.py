from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection

from accounts.roles import Role
from appeals.actions.submit import Submission, Submitted, submit
from appeals.errors import Conflict, Invalid
from appeals.models import Appeal, AppealContact, Event, Message, RoutingDecision
from tests.grid import IN_PARK, OUTSIDE, GridCity, at

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


def test_losing_areas_are_kept_with_the_decision(city: GridCity, submission: Make) -> None:
    appeal = submit(submission(point=at(IN_PARK)), sender=None).appeal
    rivals = RoutingDecision.objects.get(appeal=appeal).rivals
    assert [(rival["area"], rival["service"], rival["priority"]) for rival in rivals] == [
        (city.areas["light-west"].pk, city.services["light"].pk, 0)
    ]


def test_first_event_and_messages(submission: Make) -> None:
    appeal = submit(submission(), sender=None).appeal
    event = Event.objects.get(appeal=appeal)
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
    "change", [{"text": "Other words"}, {"secret": "t" * 32}, {"email": ""}, {"kind": "request"}]
)
def test_same_uuid_with_other_content_is_refused(submission: Make, change: dict[str, str]) -> None:
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
    with django_assert_max_num_queries(13):
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
