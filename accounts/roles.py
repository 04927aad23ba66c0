"""The role a person has for a service's appeals."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from accounts.models import Membership, User
from districts.models import Service


class Role(enum.StrEnum):
    """Who may act on an appeal."""

    PUBLIC = "public"  #: anyone else, logged in or not
    RESIDENT = "resident"  #: holds the appeal's secret follow link
    SERVICE = "service"  #: represents the service the appeal is assigned to
    OFFICE = "office"  #: the Mayor's Office
    SYSTEM = "system"  #: the platform itself: imports, timers


@dataclass(frozen=True)
class Standing:
    """What a logged-in person belongs to: the services, and whether one of them is the Mayor's Office.

    An operator has the rights of the Mayor's Office without belonging to it.
    """

    services: tuple[Service, ...]
    office: bool

    @property
    def service_ids(self) -> frozenset[int]:
        """Keys of the services."""
        return frozenset(service.pk for service in self.services)

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

NOBODY = Standing((), office=False)


def standing_of(user: User | AnonymousUser) -> Standing:
    """Standing of the user; one query, cached on the user object for the rest of the request."""
    if not user.is_authenticated or not user.is_active:
        return NOBODY
    known: Standing | None = getattr(user, _REMEMBERED, None)
    if known is None:
        memberships = Membership.objects.filter(user=user).select_related("service")
        services = tuple(sorted((one.service for one in memberships), key=lambda service: service.pk))
        known = Standing(services, office=user.is_superuser or any(service.is_office for service in services))
        setattr(user, _REMEMBERED, known)
    return known
