"""What the guards read of an appeal's history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actors import PLATFORM, Author, Person
from appeals.guards import Before, before_the_merge, goes_to_office
from appeals.models import Appeal
from appeals.vocabulary import Status
from appeals.workflow import ASK, DUPLICATE, FORWARD, REMIND, REPLY
from tests.grid import GridCity


def at_noon(day: int) -> dt.datetime:
    """Noon in Bishkek on that day of June 2026; the 8th is a Monday."""
    return dt.datetime(2026, 6, day, 6, tzinfo=dt.UTC)


def test_a_question_can_be_replied_to_until_the_end_of_its_last_day(
    make: Callable[..., Appeal], service_actor: Person
) -> None:
    first, again = make(), make(submitted_at=at_noon(8))
    asked = perform(again.pk, ASK, service_actor, version=1, text="Where?", at=at_noon(8))
    merged = perform(again.pk, DUPLICATE, service_actor, version=2, at=at_noon(9), original=first.number)
    assert asked.reply_by is not None
    last = at_noon(asked.reply_by.day)
    before = before_the_merge(merged, last)
    assert before is not None and before.question is not None
    assert before.question.reply_by == asked.reply_by
    assert before_the_merge(merged, last + dt.timedelta(days=1)) is None


def test_the_reminder_of_an_earlier_question_is_none_of_this_one(
    make: Callable[..., Appeal], service_actor: Person
) -> None:
    first, again = make(), make(submitted_at=at_noon(8))
    perform(again.pk, ASK, service_actor, version=1, text="Where?", at=at_noon(8))
    perform(again.pk, REMIND, PLATFORM, version=None, at=at_noon(10))
    perform(again.pk, REPLY, Author(again.pk), version=3, text="Here", at=at_noon(10))
    perform(again.pk, ASK, service_actor, version=4, text="Which?", at=at_noon(11))
    merged = perform(again.pk, DUPLICATE, service_actor, version=5, at=at_noon(11), original=first.number)
    before = before_the_merge(merged, at_noon(11))
    assert before is not None and before.question is not None
    assert (before.question.asked_on, before.question.reminded) == (dt.date(2026, 6, 11), False)


def test_what_was_not_merged_has_no_state_before_it(
    make: Callable[..., Appeal], service_actor: Person
) -> None:
    first, again = make(), make()
    assert before_the_merge(again, at_noon(8)) is None
    merged = perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
    assert before_the_merge(merged, at_noon(8)) == Before(Status.NEW)


def test_only_what_services_pass_on_counts(
    make: Callable[..., Appeal], city: GridCity, service_actor: Person, office_actor: Person
) -> None:
    appeal = make(service=city.services["light"])
    for version, code in enumerate(("roads", "green", "light"), 1):
        perform(
            appeal.pk, FORWARD, office_actor, version=version, to_service=city.services[code], text="Theirs"
        )
    assert not goes_to_office(appeal, FORWARD, Role.SERVICE)
    perform(appeal.pk, FORWARD, service_actor, version=4, to_service=city.services["roads"], text="Theirs")
    perform(appeal.pk, FORWARD, office_actor, version=5, to_service=city.services["light"], text="Yours")
    assert not goes_to_office(appeal, FORWARD, Role.SERVICE)
    perform(appeal.pk, FORWARD, service_actor, version=6, to_service=city.services["roads"], text="Theirs")
    assert goes_to_office(appeal, FORWARD, Role.SERVICE)
    assert not goes_to_office(appeal, FORWARD, Role.OFFICE)
