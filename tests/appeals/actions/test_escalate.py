"""What is overdue goes to the Mayor's Office, once in a term, and an extension comes before that."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from accounts.models import User
from appeals.actions.escalate import escalate_overdue
from appeals.actions.perform import perform
from appeals.actions.rounds import ROUND
from appeals.actors import PLATFORM, Author, Person
from appeals.errors import Invalid, NotAllowed
from appeals.models import Appeal, LegalTerm, Message
from appeals.timeline import title_of
from appeals.vocabulary import Status
from appeals.workflow import ANSWER, ESCALATE, EXTEND, REOPEN
from tests.factories import AppealFactory
from tests.grid import GridCity

MONDAY = dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)
#: 14 working days later; in Bishkek this day ends at 18:00 UTC.
DUE = dt.date(2026, 6, 26)
LAST_MINUTE = dt.datetime(2026, 6, 26, 17, 59, 59, tzinfo=dt.UTC)
OVERDUE = dt.datetime(2026, 6, 26, 18, 0, tzinfo=dt.UTC)


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"], submitted_at=MONDAY)


def extendable() -> None:
    LegalTerm.objects.update(extension_days=5)


def test_the_city_s_midnight_decides(appeal: Appeal) -> None:
    assert appeal.due_on == DUE
    assert escalate_overdue(LAST_MINUTE) == 0
    assert escalate_overdue(OVERDUE) == 1
    event = appeal.events.get(verb="escalate")
    assert (event.actor_role, event.at, event.from_status, event.to_status) == (
        "system",
        OVERDUE,
        "new",
        "new",
    )
    assert Appeal.objects.get().escalated_at == OVERDUE


def test_once_however_often_it_runs(appeal: Appeal) -> None:
    assert [escalate_overdue(OVERDUE + dt.timedelta(days=day)) for day in range(3)] == [1, 0, 0]
    with pytest.raises(NotAllowed):
        perform(appeal.pk, ESCALATE, PLATFORM, version=None, at=OVERDUE)
    assert appeal.events.filter(verb="escalate").count() == 1


def test_the_office_and_the_service_get_a_letter(appeal: Appeal) -> None:
    escalate_overdue(OVERDUE)
    letters = Message.objects.filter(event__verb="escalate").values_list("recipient", "audience")
    assert set(letters) == {("office@city.example", "office"), ("light@city.example", "service")}


def test_what_is_answered_is_left_alone(city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"], submitted_at=MONDAY, status=Status.ANSWERED)
    assert escalate_overdue(OVERDUE) == 0


def test_nobody_escalates_before_the_term_has_passed(appeal: Appeal) -> None:
    with pytest.raises(NotAllowed):
        perform(appeal.pk, ESCALATE, PLATFORM, version=None, at=LAST_MINUTE)


def test_a_backlog_is_taken_in_rounds(city: GridCity, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ROUND > 2
    monkeypatch.setattr("appeals.actions.rounds.ROUND", 2)
    AppealFactory.create_batch(3, category=city.categories["lamp"], submitted_at=MONDAY)
    assert [escalate_overdue(OVERDUE) for _ in range(3)] == [2, 1, 0]


def test_a_new_term_can_pass_too(appeal: Appeal, service_actor: Person) -> None:
    escalate_overdue(OVERDUE)
    perform(appeal.pk, ANSWER, service_actor, version=2, text="Done", at=OVERDUE)
    perform(appeal.pk, REOPEN, Author(appeal.pk), version=3, text="Not done", at=OVERDUE)
    assert Appeal.objects.get().escalated_at is None
    assert escalate_overdue(OVERDUE + dt.timedelta(days=60)) == 1
    assert appeal.events.filter(verb="escalate").count() == 2


def test_an_answer_that_is_being_written_does_not_become_stale(appeal: Appeal, service_actor: Person) -> None:
    escalate_overdue(OVERDUE)
    assert perform(appeal.pk, ANSWER, service_actor, version=1, text="Done").status == "answered"


def test_the_desk_shows_it(appeal: Appeal, client: Client, office_user: User) -> None:
    escalate_overdue(OVERDUE)
    client.force_login(office_user)
    for url in ("/en/desk/?tab=overdue", f"/en/desk/appeals/{appeal.number}/"):
        assert "With the Mayor's Office" in client.get(url).content.decode()


class TestExtension:
    def test_once_and_with_a_reason(self, appeal: Appeal, service_actor: Person) -> None:
        extendable()
        with pytest.raises(Invalid):
            perform(appeal.pk, EXTEND, service_actor, version=1, text=" ")
        extended = perform(appeal.pk, EXTEND, service_actor, version=1, text="The lamp must be ordered")
        assert (extended.due_on, extended.extended_days) == (dt.date(2026, 7, 3), 5)
        event = appeal.events.select_related("service").get(verb="extend")
        assert event.details == {"was": "2026-06-26", "due": "2026-07-03"}
        assert title_of(event) == "The term is extended from 26 June 2026 to 3 July 2026: light en"
        with pytest.raises(NotAllowed):
            perform(appeal.pk, EXTEND, service_actor, version=2, text="And again")
        assert Message.objects.filter(event=event, audience="author").exists()

    def test_not_where_the_law_does_not_know_it(
        self, appeal: Appeal, service_actor: Person, client: Client
    ) -> None:
        with pytest.raises(NotAllowed):
            perform(appeal.pk, EXTEND, service_actor, version=1, text="Please")
        client.force_login(service_actor.user)
        url = f"/en/desk/appeals/{appeal.number}/"
        assert "Extend the term" not in client.get(url).content.decode()
        extendable()
        assert "Extend the term" in client.get(url).content.decode()

    def test_the_calendar_moves_an_extended_term_too(self, appeal: Appeal, service_actor: Person) -> None:
        extendable()
        perform(appeal.pk, EXTEND, service_actor, version=1, text="Ordered")
        LegalTerm.objects.update(working_days=13)
        assert Appeal.objects.get().due_on == dt.date(2026, 7, 2)

    def test_a_new_term_can_be_extended_again(self, appeal: Appeal, service_actor: Person) -> None:
        extendable()
        perform(appeal.pk, EXTEND, service_actor, version=1, text="Ordered", at=MONDAY)
        perform(appeal.pk, ANSWER, service_actor, version=2, text="Done", at=MONDAY)
        perform(appeal.pk, REOPEN, Author(appeal.pk), version=3, text="Not done", at=MONDAY)
        assert Appeal.objects.get().extended_days == 0
        assert perform(appeal.pk, EXTEND, service_actor, version=4, text="Ordered").due_on == dt.date(
            2026, 7, 3
        )

    def test_an_extended_appeal_is_not_overdue(self, appeal: Appeal, service_actor: Person) -> None:
        extendable()
        perform(appeal.pk, EXTEND, service_actor, version=1, text="Ordered")
        assert escalate_overdue(OVERDUE) == 0
