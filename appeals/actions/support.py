"""Whom an appeal concerns too: said with one press, taken back with another."""

from __future__ import annotations

import hashlib

from appeals.errors import NotAllowed
from appeals.models import Appeal, Support
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


def take_back(appeal: Appeal, secret: str) -> None:
    """The person supports it no longer, whatever has become of it."""
    Support.objects.filter(appeal=appeal, person=person_of(secret)).delete()


def supports(appeal: Appeal, secret: str) -> bool:
    """True while the person supports the appeal itself; nobody has the empty secret."""
    return secret != "" and Support.objects.filter(appeal=appeal, person=person_of(secret)).exists()


def person_of(secret: str) -> str:
    """What is kept of a person: from it nobody makes the secret, which is random."""
    return hashlib.sha256(secret.encode()).hexdigest()
