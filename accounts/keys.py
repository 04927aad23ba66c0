"""API keys: made and revoked by their people, and what a program that brings one may do."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import people
from accounts.models import ApiKey, Scope, User
from accounts.roles import standing_of
from accounts.second_factor import lacks_second_factor
from geo.refusals import Refused

#: How every key begins, so that one which was published by mistake is found by those who look for such things.
PREFIX: Final = "oshcity_"
_SHOWN: Final = len(PREFIX) + 6
_RANDOM_BYTES: Final = 32
#: Days that a key may be valid for: whoever has left it in a script makes a new one once a year.
DAYS: Final = (30, 90, 365)
#: Keys of one person that are not revoked.
MOST: Final = 20
#: A key that is in use all the time is written to the database so often.
_NOTED_EVERY: Final = dt.timedelta(minutes=1)


class KeyRefused(Exception):
    """The key opens nothing; ``str()`` says why, in the reader's language."""


def may_have_keys(user: User) -> bool:
    """True for whoever works here: anybody else sees no more with a key than without."""
    return standing_of(user).works_here


def make(user: User, name: str, scopes: Sequence[str], days: int) -> tuple[ApiKey, str]:
    """The new key, and its text, which is known at this moment alone.

    Raises ``Refused`` for a name that another of the person's keys has, no or unknown scopes, other days than ``DAYS``, and more
    keys than ``MOST``; ``PermissionDenied`` for whoever may have none.
    """
    if not may_have_keys(user) or lacks_second_factor(user):
        raise PermissionDenied
    if not scopes or not set(scopes) <= set(Scope.values) or days not in DAYS:
        raise Refused({"": [_("Choose what the key opens, and for how long.")]})
    text = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    with transaction.atomic():
        # One after the other, so that no two are the last one.
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
        if kept_of(user).count() >= MOST:
            raise Refused(
                {"": [_("There are %(most)d keys already. Revoke one that is not needed.") % {"most": MOST}]}
            )
        try:
            with transaction.atomic():
                key = ApiKey.objects.create(
                    user=user,
                    name=name,
                    token_hash=_hash(text),
                    begins=text[:_SHOWN],
                    scopes=[scope for scope in Scope.values if scope in scopes],
                    expires_at=timezone.now() + dt.timedelta(days=days),
                )
        except IntegrityError as error:
            raise Refused({"name": [_("You have a key of this name already.")]}) from error
    return key, text


def kept_of(user: User) -> QuerySet[ApiKey]:
    """The person's keys that are not revoked, the newest first; those that have expired among them."""
    return ApiKey.objects.filter(user=user, revoked_at__isnull=True).order_by("-created_at", "-pk")


def revoke(by: User, key: ApiKey) -> None:
    """The key opens nothing from now on. Raises ``PermissionDenied`` unless it is theirs, or a person's they look after."""
    if by.pk != key.user_id and not people.may_change(by, key.user):
        raise PermissionDenied
    ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())


def holder_of(text: str) -> ApiKey:
    """The key of the text, with its person, who sees at this moment what they may see. One statement or two.

    Raises ``KeyRefused`` when there is none, or it is over, or its person may have none any more.
    """
    key = ApiKey.objects.select_related("user").filter(token_hash=_hash(text)).first()
    if key is None:
        raise KeyRefused(_("There is no such key."))
    now = timezone.now()
    if key.revoked_at is not None:
        raise KeyRefused(_("This key was revoked. Make a new one."))
    if key.expires_at <= now:
        day = date_format(timezone.localtime(key.expires_at), "SHORT_DATE_FORMAT")
        raise KeyRefused(_("This key was valid until %(day)s. Make a new one.") % {"day": day})
    if not key.user.is_active or not may_have_keys(key.user):
        raise KeyRefused(_("Whoever made this key does not work here any more."))
    if lacks_second_factor(key.user):
        raise KeyRefused(_("Whoever made this key must set up the second step of the log-in first."))
    if key.last_used_at is None or now - key.last_used_at >= _NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
