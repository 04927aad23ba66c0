"""What a person may do: the table of posts, and the standing that every door asks for."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import Membership, User
from accounts.posts import Post, Right
from districts.models import Service


class Role(enum.StrEnum):
    """Who may act on an appeal."""

    PUBLIC = "public"  #: anyone else, logged in or not
    RESIDENT = "resident"  #: holds the appeal's secret follow link
    SERVICE = "service"  #: represents the service the appeal is assigned to
    OFFICE = "office"  #: the Mayor's Office
    DISPATCHER = "dispatcher"  #: works on every service's appeals for the Mayor's Office, and hides none
    MODERATOR = "moderator"  #: hides and shows for the Mayor's Office, and answers none
    SYSTEM = "system"  #: the platform itself: imports, timers

    @property
    def speaks_as(self) -> Role:
        """As whom it acts in the public's eyes and in the history: a post of the Mayor's Office is the Mayor's Office."""
        return Role.OFFICE if self in {Role.DISPATCHER, Role.MODERATOR} else self


#: Who hides and shows appeals for the Mayor's Office.
MODERATION = frozenset({Role.OFFICE, Role.MODERATOR})


@dataclass(frozen=True)
class Powers:
    """What a post is for: the role for appeals, of its service or at the Mayor's Office of all; what else it may do."""

    role: Role
    rights: frozenset[Right] = frozenset()


#: Of the posts at the Mayor's Office.
OFFICE_POWERS: Mapping[Post, Powers] = MappingProxyType(
    {
        Post.REPRESENTATIVE: Powers(Role.OFFICE, frozenset({Right.FIGURES, Right.ADMIN, Right.NEWS})),
        Post.DISPATCHER: Powers(Role.DISPATCHER, frozenset({Right.FIGURES})),
        Post.MODERATOR: Powers(Role.MODERATOR),
        Post.PLANNER: Powers(Role.PUBLIC, frozenset({Right.FIGURES})),
        Post.ADMINISTRATOR: Powers(
            Role.OFFICE, frozenset({Right.FIGURES, Right.ADMIN, Right.NEWS, Right.PEOPLE, Right.FILES})
        ),
    }
)
#: Of the posts at any other service.
SERVICE_POWERS: Mapping[Post, Powers] = MappingProxyType(
    {
        Post.REPRESENTATIVE: Powers(Role.SERVICE),
        Post.HEAD: Powers(Role.SERVICE, frozenset({Right.OWN_PEOPLE})),
    }
)
_NO_POWERS = Powers(Role.PUBLIC)


def powers_of(post: str, service: Service) -> Powers:
    """What the post at that service is for; nothing where the service has no such post."""
    table = OFFICE_POWERS if service.is_office else SERVICE_POWERS
    return table.get(Post(post), _NO_POWERS)


@dataclass(frozen=True)
class Standing:
    """What a logged-in person belongs to: the services whose appeals they work on, and their posts' powers.

    ``everywhere`` is the role for the appeals of all services, ``PUBLIC`` for whoever has none of the Mayor's Office. An
    operator has the rights of its administrator without belonging to it. ``heads`` are the keys of the services whose
    people they look after.
    """

    services: tuple[Service, ...] = ()
    everywhere: Role = Role.PUBLIC
    rights: frozenset[Right] = frozenset()
    heads: frozenset[int] = frozenset()

    @property
    def office(self) -> bool:
        """True for whoever sees the appeals of every service."""
        return self.everywhere is not Role.PUBLIC

    @property
    def service_ids(self) -> frozenset[int]:
        """Keys of the services."""
        return frozenset(service.pk for service in self.services)

    def role_towards(self, service_id: int) -> Role:
        """Role for appeals assigned to the service."""
        if self.everywhere is Role.OFFICE or service_id not in self.service_ids:
            return self.everywhere
        own = next(service for service in self.services if service.pk == service_id)
        # Whoever has a lesser post at the Mayor's Office has it for the Office's own appeals too.
        return self.everywhere if own.is_office else Role.SERVICE

    def may(self, right: Right) -> bool:
        """True when one of their posts gives them the right."""
        return right in self.rights

    @property
    def moderates(self) -> bool:
        """True for whoever hides and shows appeals for the Mayor's Office."""
        return self.everywhere in MODERATION

    @property
    def looks_after_people(self) -> bool:
        """True for whoever may open the page of people."""
        return self.may(Right.PEOPLE) or bool(self.heads)

    @property
    def looks_after_letters(self) -> bool:
        """True for whoever may open the page of letters that could not be sent."""
        return self.may(Right.PEOPLE)

    @property
    def writes_news(self) -> bool:
        """True for whoever writes the news and planned works."""
        return self.may(Right.NEWS)

    @property
    def keeps_calendar(self) -> bool:
        """True for whoever keeps the city's working days, by which due dates are counted."""
        return self.may(Right.ADMIN)

    @property
    def sets_thresholds(self) -> bool:
        """True for whoever says from how much support on the city answers a proposal."""
        return self.may(Right.ADMIN)

    @property
    def sees_row_history(self) -> bool:
        """True for whoever may see who changed what in the city's own data."""
        return self.may(Right.FILES)

    @property
    def sees_figures(self) -> bool:
        """True for whoever may open the scoreboard: of all services, or of those that they head."""
        return self.sees_all_figures or bool(self.heads)

    @property
    def sees_all_figures(self) -> bool:
        """True for whoever sees the scoreboard of every service."""
        return self.may(Right.FIGURES)

    @property
    def works_on_appeals(self) -> bool:
        """True for whoever has a queue."""
        return self.office or bool(self.service_ids)

    @property
    def works_here(self) -> bool:
        """True for anyone who may open the desk."""
        return self.works_on_appeals or bool(self.rights)


def who_may(right: Right) -> QuerySet[User]:
    """The people whose post at the Mayor's Office gives them the right, by name; operators are none of them."""
    posts = [post for post, powers in OFFICE_POWERS.items() if right in powers.rights]
    there = Membership.objects.filter(service__in=Service.objects.filter(is_office=True), post__in=posts)
    found = User.objects.filter(is_active=True, pk__in=there.values("user"))
    return found.order_by("first_name", "last_name", "pk")


_REMEMBERED = "_standing"

NOBODY = Standing()
_OPERATOR = OFFICE_POWERS[Post.ADMINISTRATOR]


def standing_of(user: User | AnonymousUser) -> Standing:
    """Standing of the user; one query, cached on the user object for the rest of the request."""
    if not user.is_authenticated or not user.is_active:
        return NOBODY
    known: Standing | None = getattr(user, _REMEMBERED, None)
    if known is None:
        known = _standing(user)
        setattr(user, _REMEMBERED, known)
    return known


def _standing(user: User) -> Standing:
    memberships = Membership.objects.filter(user=user).select_related("service")
    held = [(one.service, powers_of(one.post, one.service)) for one in memberships]
    of_office = [powers.role for service, powers in held if service.is_office]
    everywhere = of_office[0] if of_office else Role.PUBLIC
    rights = frozenset(right for _service, powers in held for right in powers.rights)
    if user.is_superuser:
        everywhere, rights = _OPERATOR.role, rights | _OPERATOR.rights
    return Standing(
        services=tuple(
            sorted(
                (service for service, powers in held if powers.role is not Role.PUBLIC),
                key=lambda service: service.pk,
            )
        ),
        everywhere=everywhere,
        rights=rights,
        heads=frozenset(service.pk for service, powers in held if Right.OWN_PEOPLE in powers.rights),
    )
