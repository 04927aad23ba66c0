from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable

import pytest

from accounts.models import Membership, User
from appeals.actions.submit import Submission
from appeals.actors import Person
from tests.grid import IN_EAST, GridCity, at


def uuid7() -> uuid.UUID:
    """A version 7 UUID (RFC 9562, 5.7) for the current time."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (
        (milliseconds << 80)
        | (7 << 76)
        | ((random >> 62) & 0xFFF) << 64
        | (0b10 << 62)
        | (random & (2**62 - 1))
    )
    return uuid.UUID(int=value)


@pytest.fixture
def submission(city: GridCity) -> Callable[..., Submission]:
    """Makes submissions that differ only in the given fields."""

    def make(**changes: object) -> Submission:
        values: dict[str, object] = {
            "id": uuid7(),
            "kind": "complaint",
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
def service_actor(city: GridCity) -> Person:
    user = User.objects.create_user("lamp@city.example")
    Membership.objects.create(user=user, service=city.services["light"])
    return Person(user)


@pytest.fixture
def office_actor(city: GridCity) -> Person:
    user = User.objects.create_user("mayor@city.example")
    Membership.objects.create(user=user, service=city.services["office"])
    return Person(user)
