"""What the platform does by itself, in rounds: as much as fits in one, in order, and no flood of letters."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from appeals.actions.escalate import escalate_overdue
from appeals.actions.rounds import LETTERS_MAX, Step, due_steps, take_round
from appeals.actions.warn import warn_services
from appeals.identifiers import new_uuid7
from appeals.models import Appeal, Message
from appeals.vocabulary import Audience, Status
from appeals.workflow import ESCALATE, LAPSE, REMIND
from tests.factories import AppealFactory
from tests.grid import GridCity

MONDAY = dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)
#: Fourteen working days after it end on 26 June.
OVERDUE = dt.datetime(2026, 6, 27, 6, 0, tzinfo=dt.UTC)


def late(city: GridCity, **values: object) -> Appeal:
    return AppealFactory(**{"category": city.categories["lamp"], "submitted_at": MONDAY, **values})


def step(appeal: Appeal) -> Step:
    return Step(appeal.pk, appeal.service_id, ESCALATE)


def test_a_step_knows_whom_of_the_staff_it_writes_to() -> None:
    key = new_uuid7()
    both = {Audience.OFFICE: (Audience.OFFICE, 0), Audience.SERVICE: (Audience.SERVICE, 7)}
    assert Step(key, 7, ESCALATE).recipients() == both
    assert Step(key, 7, LAPSE).recipients() == {Audience.SERVICE: (Audience.SERVICE, 7)}
    assert Step(key, 7, REMIND).recipients() == {}
    with pytest.raises(dataclasses.FrozenInstanceError):
        Step(key, 7, LAPSE).service_id = 8  # type: ignore[misc]


def test_what_is_due_comes_in_its_order_and_no_more_than_a_round(
    city: GridCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appeals.actions.rounds.ROUND", 2)
    appeals = [late(city) for _n in range(3)]
    assert list(due_steps(Appeal.objects.order_by("-number"), ESCALATE)) == [
        step(appeals[2]),
        step(appeals[1]),
    ]
    assert take_round(map(step, appeals), OVERDUE) == 2
    assert list(Appeal.objects.filter(escalated_at=OVERDUE).order_by("number")) == appeals[:2]


def test_what_may_not_be_done_any_more_is_left_out(city: GridCity) -> None:
    answered, waits = late(city, status=Status.ANSWERED), late(city)
    assert take_round([step(answered), step(waits)], OVERDUE) == 1
    assert take_round([step(answered), step(waits)], OVERDUE) == 0
    assert Appeal.objects.get(escalated_at__isnull=False) == waits


def test_as_many_letters_as_one_may_get_are_no_flood(city: GridCity) -> None:
    for _n in range(LETTERS_MAX):
        late(city)
    assert escalate_overdue(OVERDUE) == LETTERS_MAX
    letters = Message.objects.filter(event__verb="escalate")
    for recipient in ("office@city.example", "light@city.example"):
        assert list(letters.filter(recipient=recipient).values_list("digest", flat=True)) == (
            [False] * LETTERS_MAX
        )


def test_the_most_urgent_are_warned_first(city: GridCity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appeals.actions.rounds.ROUND", 1)
    last_day = dt.datetime(2026, 6, 26, 6, 0, tzinfo=dt.UTC)
    later, second, third = late(city, due_on=dt.date(2026, 6, 29)), late(city), late(city)
    for urgent in (second, third, later):
        assert warn_services(last_day) == 1
        assert (
            Appeal.objects.filter(warned__gt=0, events__verb__startswith="warn").latest("events__pk")
            == urgent
        )
    assert warn_services(last_day) == 0


def test_now_is_when_it_is_looked_at(city: GridCity) -> None:
    today = timezone.localdate()
    due_today = late(city, due_on=today)
    passed = late(city, due_on=today - dt.timedelta(days=1))
    assert (warn_services(), escalate_overdue()) == (1, 1)
    assert due_today.events.filter(verb="warn_due").exists()
    assert passed.events.filter(verb="escalate").exists()


def test_what_was_done_is_logged_and_nothing_else(city: GridCity) -> None:
    late(city)
    last_day = OVERDUE - dt.timedelta(days=1)
    with capture_logs() as logs:
        assert (warn_services(last_day), warn_services(last_day)) == (1, 0)
        assert (escalate_overdue(OVERDUE), escalate_overdue(OVERDUE)) == (1, 0)
    assert [(log["event"], log["appeals"]) for log in logs] == [
        ("services warned of terms that pass", 1),
        ("overdue appeals passed to the Mayor's Office", 1),
    ]
