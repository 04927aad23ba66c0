"""Who acts on an appeal. The role is determined under the appeal's lock, never claimed by the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser

from accounts.models import User
from accounts.roles import Role, standing_of

if TYPE_CHECKING:
    from appeals.models import Appeal


def held_by_person(user: User | AbstractBaseUser) -> str:
    """The holder of what a person who is logged in has uploaded, wherever they are."""
    return f"person {user.pk}"


class Actor(Protocol):
    """A logged-in person, the author, or the platform itself."""

    @property
    def user(self) -> User | None:
        """The user named in the event; None for the author and the platform."""

    @property
    def holders(self) -> frozenset[str] | None:
        """Whose uploads the actor gives to an appeal; None: anybody's."""

    def role_towards(self, appeal: Appeal) -> Role:
        """The role for this appeal in its current state."""


@dataclass(frozen=True)
class Person:
    """A logged-in person; their memberships decide what they may do. ``browser`` is the one they sent files from, if known."""

    user: User
    browser: str = ""

    @property
    def holders(self) -> frozenset[str]:
        return frozenset({held_by_person(self.user), self.browser})

    def role_towards(self, appeal: Appeal) -> Role:
        return standing_of(self.user).role_towards(appeal.service_id)


@dataclass(frozen=True)
class Author:
    """Whoever opened the secret link of this appeal, and only this one; staff who are logged in may be an author too."""

    appeal_id: UUID
    user: None = None
    holders: frozenset[str] = frozenset()

    def role_towards(self, appeal: Appeal) -> Role:
        return Role.RESIDENT if appeal.pk == self.appeal_id else Role.PUBLIC


@dataclass(frozen=True)
class Platform:
    """The platform itself: imports and timers."""

    user: None = None
    holders: None = None

    def role_towards(self, appeal: Appeal) -> Role:
        return Role.SYSTEM


PLATFORM = Platform()
