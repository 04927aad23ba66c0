"""The role a person has for a service's appeals."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from accounts.models import Membership, User


class Role(enum.StrEnum):
    """Who may act on an appeal."""

    PUBLIC = "public"  #: anyone else, logged in or not
    RESIDENT = "resident"  #: holds the appeal's secret follow link
    SERVICE = "service"  #: represents the service the appeal is assigned to
    OFFICE = "office"  #: the Mayor's Office
    SYSTEM = "system"  #: the platform itself: imports, timers


@dataclass(frozen=True)
class Standing:
    """What a logged-in person belongs to: service ids, and whether one of them is the Mayor's Office."""

    service_ids: frozenset[int]
    office: bool

    def role_towards(self, service_id: int) -> Role:
        """Role for appeals assigned to the service."""
        if self.office:
            return Role.OFFICE
        return Role.SERVICE if service_id in self.service_ids else Role.PUBLIC

    @property
    def works_here(self) -> bool:
        """True for anyone who may open the desk."""
        return self.office or bool(self.service_ids)


_REMEMBERED = "_standing"

NOBODY = Standing(frozenset(), office=False)


def standing_of(user: User | AnonymousUser) -> Standing:
    """Standing of the user; one query, cached on the user object for the rest of the request."""
    if not user.is_authenticated or not user.is_active:
        return NOBODY
    known: Standing | None = getattr(user, _REMEMBERED, None)
    if known is None:
        rows = list(Membership.objects.filter(user=user).values_list("service_id", "service__is_office"))
        known = Standing(
            frozenset(service_id for service_id, _ in rows),
            office=user.is_superuser or any(is_office for _, is_office in rows),
        )
        setattr(user, _REMEMBERED, known)
    return known
