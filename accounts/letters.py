"""How a member of staff wants the letters of the own service's desk, and when they may come."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import LetterChoice, User
from accounts.posts import Post
from accounts.roles import Role, powers_of, standing_of
from districts.models import Service

#: When the one letter of the day goes out, by the city's clock: with the working day.
DAILY_AT = dt.time(8)


def choice_of(user: User) -> LetterChoice | None:
    """What the person has chosen; None for nothing."""
    return LetterChoice.objects.filter(user=user).first()


#: Roles of those who work on the appeals of the service.
_WORK_ON_APPEALS = frozenset({Role.SERVICE, Role.OFFICE, Role.DISPATCHER})


def who_want_letters(service: Service) -> QuerySet[LetterChoice]:
    """The choices of those who work on the service's appeals now and want its letters, with their persons."""
    posts = [post for post in Post if powers_of(post, service).role in _WORK_ON_APPEALS]
    members = User.objects.filter(is_active=True, memberships__service=service, memberships__post__in=posts)
    choices = LetterChoice.objects.exclude(how=LetterChoice.How.NONE).filter(stopped=False, user__in=members)
    return choices.select_related("user").order_by("user")


def may_choose(user: User) -> bool:
    """True for whoever belongs to a service, and so has letters to choose about."""
    return bool(standing_of(user).services)


def held_until(choice: LetterChoice, now: dt.datetime) -> dt.datetime | None:
    """The end of the quiet hours that are on at that moment; None when none are."""
    begin, end = choice.quiet_from, choice.quiet_until
    if begin is None or end is None:
        return None
    zone = timezone.get_default_timezone()
    local = now.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    quiet = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not quiet:
        return None
    day = local.date() + dt.timedelta(days=int(clock >= end))
    return dt.datetime.combine(day, end, zone)


def next_daily(now: dt.datetime) -> dt.datetime:
    """When the next letter of the day goes out."""
    zone = timezone.get_default_timezone()
    today = now.astimezone(zone).date()
    at = dt.datetime.combine(today, DAILY_AT, zone)
    return at if at > now else dt.datetime.combine(today + dt.timedelta(days=1), DAILY_AT, zone)
