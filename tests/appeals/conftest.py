from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from accounts.models import Membership, User
from appeals.actions.submit import Submission
from appeals.actors import Person
from appeals.identifiers import new_uuid7
from appeals.models import Appeal
from tests.factories import AppealFactory
from tests.grid import IN_EAST, GridCity, at


@pytest.fixture
def submission(city: GridCity) -> Callable[..., Submission]:
    """Makes submissions that differ only in the given fields."""

    def make(**changes: object) -> Submission:
        values: dict[str, object] = {
            "id": new_uuid7(),
            "kind": "report",
            "category": city.categories["lamp"],
            "text": "The lamp is out",
            "point": at(IN_EAST),
            "language": "ru",
            "secret": "s" * 24 + uuid.uuid4().hex[:8],
            "email": "resident@example.org",
        }
        return Submission(**(values | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make(city: GridCity) -> Callable[..., Appeal]:
    """Makes appeals about lamps whose authors read English."""
    return lambda **fields: AppealFactory(category=city.categories["lamp"], language="en", **fields)


@pytest.fixture
def service_actor(city: GridCity) -> Person:
    user = User.objects.create_user("lamp@city.example")
    Membership.objects.create(user=user, service=city.services["light"])
    return Person(user)


@pytest.fixture
def office_actor(city: GridCity) -> Person:
    user = User.objects.create_user("mayor@city.example")
    Membership.objects.create(user=user, service=city.services["office"])
    return Person(user)
