"""Who works here and as what: the one way in which it changes, each change with its line in the history.

Nobody changes their own rights, so that nobody locks themselves out or raises themselves; the head of a service changes
those of her own service's people alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.dispatch import Signal
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Membership, PersonChange, User
from accounts.posts import Right, posts_at
from accounts.roles import Standing, standing_of
from accounts.second_factor import remove_second_factor
from districts.models import Service
from geo.refusals import Refused
from rates.taking import PASSWORD_RESET, take

#: Sent with ``person``, ``by`` and ``services`` (keys; None: all) in the transaction in which somebody leaves them. A
#: receiver returns how much of their work it has handed over.
person_left = Signal()

#: Sent with ``change`` and ``language`` in the transaction in which somebody is invited, or once more. A receiver has the
#: letter sent (``accounts.invitations`` writes it).
person_invited = Signal()

What = PersonChange.What


@dataclass(frozen=True)
class Newcomer:
    """Somebody who is invited."""

    email: str
    first_name: str
    last_name: str


def looked_after_by(user: User) -> QuerySet[User]:
    """The people whose rights the user may see: everybody, or those of the services that she heads."""
    standing = standing_of(user)
    if standing.may(Right.PEOPLE):
        return User.objects.all()
    return User.objects.filter(memberships__service__in=standing.heads).distinct()


def services_of(user: User) -> QuerySet[Service]:
    """The services at which the user may give posts."""
    standing = standing_of(user)
    active = Service.objects.filter(active=True)
    return active if standing.may(Right.PEOPLE) else active.filter(pk__in=standing.heads)


def may_change(user: User, person: User) -> bool:
    """True when the user may deactivate the person: not themselves, no operator, nobody who works elsewhere too."""
    standing = standing_of(user)
    if person.pk == user.pk or (person.is_superuser and not user.is_superuser):
        return False
    if standing.may(Right.PEOPLE):
        return True
    theirs = set(Membership.objects.filter(user=person).values_list("service", flat=True))
    return bool(theirs) and theirs <= standing.heads


def invite(by: User, newcomer: Newcomer, service: Service, post: str) -> User:
    """The new person, who has no password yet. Raises ``Refused`` for a known address, ``PermissionDenied``."""
    _check(standing_of(by), service, post)
    email = newcomer.email.strip().lower()
    known = Refused({"email": [_("There is a person with this address already.")]})
    with transaction.atomic():
        if User.objects.filter(email=email).exists():
            raise known
        try:
            with transaction.atomic():
                person = User.objects.create_user(
                    email, first_name=newcomer.first_name, last_name=newcomer.last_name
                )
        except IntegrityError as error:
            # Invited by somebody else this moment.
            raise known from error
        Membership.objects.create(user=person, service=service, post=post)
        _have_letter_sent(record(by, person, What.INVITED, service=service, post=post))
    return person


def invite_again(by: User, person: User) -> None:
    """Another letter for somebody who has never logged in. Raises ``PermissionDenied``, and ``TooMany`` letters."""
    if not may_change(by, person) or person.last_login is not None or not person.is_active:
        raise PermissionDenied
    take(PASSWORD_RESET, person.email)
    with transaction.atomic():
        _have_letter_sent(record(by, person, What.INVITED_AGAIN))


def _have_letter_sent(change: PersonChange) -> None:
    person_invited.send(sender=None, change=change, language=get_language() or settings.LANGUAGE_CODE)


def give(by: User, person: User, service: Service, post: str) -> None:
    """The person has the post at the service, instead of the one that they had there. Raises as ``invite``."""
    _check(standing_of(by), service, post)
    _not_oneself(by, person)
    appoint(by, person, service, post)


def appoint(by: User, person: User, service: Service, post: str) -> None:
    """Writes down the post at the service, if it is another one than the person had; nobody's rights are asked for."""
    with transaction.atomic():
        held, new = Membership.objects.select_for_update().get_or_create(
            user=person, service=service, defaults={"post": post}
        )
        if not new and held.post == post:
            return
        held.post = post
        held.save(update_fields=["post"])
        record(by, person, What.GIVEN, service=service, post=post)


def take_away(by: User, person: User, service: Service) -> None:
    """The person has no post at the service any more, and hands over its appeals. Raises ``PermissionDenied``."""
    standing = standing_of(by)
    if not standing.may(Right.PEOPLE) and service.pk not in standing.heads:
        raise PermissionDenied
    _not_oneself(by, person)
    with transaction.atomic():
        held = Membership.objects.select_for_update().filter(user=person, service=service).first()
        if held is None:
            return
        handed_over = hand_over(by, person, frozenset({service.pk}))
        held.delete()
        record(by, person, What.TAKEN, service=service, post=held.post, handed_over=handed_over)


def deactivate(by: User, person: User) -> None:
    """The person cannot log in, is logged out everywhere, and hands over all appeals. Raises ``PermissionDenied``."""
    _set_active(by, person, active=False)


def activate(by: User, person: User) -> None:
    """The person can log in again, with the posts that they have. Raises ``PermissionDenied``."""
    _set_active(by, person, active=True)


def _set_active(by: User, person: User, *, active: bool) -> None:
    if not may_change(by, person):
        raise PermissionDenied
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=person.pk)
        if locked.is_active is active:
            return
        handed_over = 0 if active else hand_over(by, person, None)
        locked.is_active = active
        locked.save(update_fields=["is_active"])
        record(by, person, What.ACTIVATED if active else What.DEACTIVATED, handed_over=handed_over)


def remove_factor(by: User, person: User) -> None:
    """Whoever has lost phone and codes logs in with the password alone again. Raises ``PermissionDenied``."""
    if not may_change(by, person):
        raise PermissionDenied
    with transaction.atomic():
        if remove_second_factor(person):
            record(by, person, What.FACTOR)


def hand_over(by: User, person: User, services: frozenset[int] | None) -> int:
    """How many open appeals of the services (None: of all) are nobody's now that were the person's."""
    replies = person_left.send(sender=None, person=person, by=by, services=services)
    return sum(int(count or 0) for _receiver, count in replies)


def record(
    by: User,
    person: User,
    what: PersonChange.What,
    *,
    service: Service | None = None,
    post: str = "",
    handed_over: int = 0,
) -> PersonChange:
    """The line in the history of the person's rights."""
    return PersonChange.objects.create(
        by=by, person=person, what=what, service=service, post=post, handed_over=handed_over
    )


def _check(standing: Standing, service: Service, post: str) -> None:
    if not standing.may(Right.PEOPLE) and service.pk not in standing.heads:
        raise PermissionDenied
    if post not in posts_at(service):
        raise Refused({"post": [_("There is no such post at this service.")]})


def _not_oneself(by: User, person: User) -> None:
    if by.pk == person.pk:
        raise Refused({"": [_("Your own rights are changed by somebody else.")]})
    if person.is_superuser and not by.is_superuser:
        raise PermissionDenied
