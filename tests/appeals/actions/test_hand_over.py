"""What somebody was working on becomes nobody's when they leave."""

from __future__ import annotations

import pytest

from accounts.models import User
from appeals.actions.hand_over import hand_over
from appeals.actors import Person
from appeals.models import Appeal
from appeals.vocabulary import Status
from appeals.workflow import ASSIGN
from tests.factories import AppealFactory, UserFactory
from tests.grid import GridCity


@pytest.fixture
def person(db: None) -> User:
    return UserFactory()


def worked_on(by: User | None, category: str, city: GridCity, **values: object) -> Appeal:
    return AppealFactory(category=city.categories[category], assignee=by, **values)


def still_theirs(person: User) -> list[Appeal]:
    return list(Appeal.objects.filter(assignee=person).order_by("number"))


def test_their_open_appeals_are_nobodys_and_each_says_who_did_it(
    city: GridCity, person: User, office_actor: Person
) -> None:
    answered = worked_on(person, "lamp", city, status=Status.ANSWERED)
    theirs = [worked_on(person, category, city) for category in ("lamp", "pothole")]
    other = worked_on(UserFactory(), "lamp", city)
    free = worked_on(None, "lamp", city)
    assert hand_over(person, office_actor.user, None) == 2
    assert still_theirs(person) == [answered]
    other.refresh_from_db()
    assert other.assignee is not None
    for appeal in theirs:
        event = appeal.events.get(verb=ASSIGN.code)
        assert (event.actor, event.details) == (office_actor.user, {"assignee": "—"})
    assert not any(appeal.events.filter(verb=ASSIGN.code).exists() for appeal in (answered, other, free))


def test_of_the_services_that_they_leave_alone(city: GridCity, person: User, office_actor: Person) -> None:
    lamp, pothole = (worked_on(person, category, city) for category in ("lamp", "pothole"))
    assert hand_over(person, office_actor.user, frozenset()) == 0
    assert hand_over(person, office_actor.user, frozenset({city.services["light"].pk})) == 1
    assert still_theirs(person) == [pothole]
    assert lamp.events.filter(verb=ASSIGN.code).exists()


def test_one_that_may_not_be_taken_from_them_keeps_no_other(
    city: GridCity, person: User, service_actor: Person
) -> None:
    first, second = (worked_on(person, category, city) for category in ("pothole", "lamp"))
    assert first.number < second.number
    assert hand_over(person, service_actor.user, None) == 1
    assert still_theirs(person) == [first]
