"""Whom an appeal concerns too: said with one press, taken back with another."""

from __future__ import annotations

import hashlib

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from appeals.actors import Person
from appeals.errors import Invalid, NotAllowed
from appeals.models import Appeal, Support
from appeals.workflow import SUBMIT_FOR
from rates.taking import SUPPORT, take


def support(appeal: Appeal, secret: str, *, sender: str) -> None:
    """The person with this secret supports the appeal; a second time is the same.

    What the appeal repeats, or is taken for a repetition of later, has its supporters with it (``SupportQuerySet.of``).
    Raises ``NotAllowed`` for an appeal that is over or hidden, ``TooMany`` when the sender (``rates.senders``) has
    supported too much.
    """
    if not Appeal.objects.public().open().filter(pk=appeal.pk).exists():
        raise NotAllowed
    person = person_of(secret)
    if Support.objects.filter(appeal=appeal, person=person).exists():
        return
    take(SUPPORT, sender)
    Support.objects.bulk_create([Support(appeal=appeal, person=person)], ignore_conflicts=True)


def support_for(appeal: Appeal, *, phone: str, email: str, by: Person, sender: str) -> None:
    """Whoever has this phone (E.164), or this e-mail address where there is none, supports the appeal; twice is once.

    Raises ``NotAllowed`` also where ``by`` may not take down what somebody says, ``Invalid`` without phone and address,
    ``TooMany``.
    """
    if by.role_towards(appeal) not in SUBMIT_FOR.roles:
        raise NotAllowed
    contact = phone or email.casefold()
    if not contact:
        raise Invalid(
            {"phone": [_("Give a phone number or an e-mail address: each counts once for an appeal.")]}
        )
    # With the platform's key: from what is kept nobody finds the number by trying them all.
    support(appeal, salted_hmac("supporter", contact, algorithm="sha256").hexdigest(), sender=sender)


def take_back(appeal: Appeal, secret: str) -> None:
    """The person supports it no longer, whatever has become of it."""
    Support.objects.filter(appeal=appeal, person=person_of(secret)).delete()


def supports(appeal: Appeal, secret: str) -> bool:
    """True while the person supports the appeal itself; nobody has the empty secret."""
    return secret != "" and Support.objects.filter(appeal=appeal, person=person_of(secret)).exists()


def person_of(secret: str) -> str:
    """What is kept of a person: from it nobody makes the secret, which is random."""
    return hashlib.sha256(secret.encode()).hexdigest()
