"""Whom an appeal concerns too: said with one press, taken back with another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.gis.geos import Point
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from appeals.actions.carry import carry
from appeals.actors import Person
from appeals.deadlines import city_day
from appeals.errors import Invalid, NotAllowed
from appeals.gathering import count_supporters, may_be_supported
from appeals.models import Appeal, AppealContact, Support, SupportReply
from appeals.search import mailbox
from appeals.workflow import SUBMIT_FOR
from districts.explanation import refusal_in_words
from districts.models import AttributeValue
from districts.routing import Pin, RoutingError, route
from rates.senders import place_of
from rates.taking import SUPPORT, SUPPORT_PLACE, take


@dataclass(frozen=True)
class Answer:
    """What a supporter answers to the question of a proposal's category: the code of a value, empty for no answer (any more).

    ``point`` is the place that they mark, EPSG:4326, lon/lat.
    """

    value: str
    point: Point | None = None


def support(
    appeal: Appeal, secret: str, *, sender: str, email: str = "", answer: Answer | None = None
) -> None:
    """The person with this secret, and of whom this address is known, supports the appeal; a second time is the same.

    ``answer`` takes the place of the one that they gave before; without it that stands.

    What the appeal repeats, or is taken for a repetition of later, has its supporters with it (``SupportQuerySet.of``).
    The voice that brings a proposal to its threshold has the city owe an answer, in the same transaction.
    Raises ``NotAllowed`` for an appeal that is over (``gathering.may_be_supported``) or hidden, ``TooMany`` when the sender
    (``rates.senders``) has supported too much, or, where no address is known, when many have supported this from there;
    ``Invalid`` for an answer that cannot be chosen (``value``) or a place that is not in the city (``point``).
    """
    persons = [person_of(secret), *filter(None, [person_at(email)])]
    _count(appeal, persons, sender, confirmed=bool(email), answer=answer)


def _count(
    appeal: Appeal,
    persons: Sequence[str],
    sender: str,
    *,
    confirmed: bool,
    answer: Answer | None = None,
) -> None:
    """Counts whoever is known by one or by two of these once; ``confirmed`` when one of them is an address or a number."""
    now = timezone.now()
    fresh = Appeal.objects.filter(pk=appeal.pk).first()
    if fresh is None or not may_be_supported(fresh, now):
        raise NotAllowed
    value = _chosen(fresh, answer) if answer is not None else None
    there = _voices(appeal, persons).first()
    if there is None and not confirmed:
        take(SUPPORT_PLACE, f"{place_of(sender)} {appeal.pk}")
    if there is None or answer is not None:
        take(SUPPORT, sender)
    if there is None:
        person, also = (*persons, "")[:2]
        voice = Support(appeal=appeal, person=person, also=also, confirmed=confirmed)
        with transaction.atomic():
            Support.objects.bulk_create([voice], ignore_conflicts=True)
            _keep(appeal, persons, answer, value)
            counted = count_supporters(appeal.pk)
            if counted is not None:
                carry(counted, now)
        return
    with transaction.atomic():
        _keep(appeal, persons, answer, value)
        if not there.also:
            others = [person for person in persons if person != there.person]
            known = {"also": "".join(others[:1]), "confirmed": confirmed or there.confirmed}
            Support.objects.filter(pk=there.pk).update(**known)
            count_supporters(appeal.pk)


def _voices(appeal: Appeal, persons: Sequence[str]) -> QuerySet[Support]:
    """Those of whoever is known by one of these."""
    return Support.objects.filter(Q(person__in=persons) | Q(also__in=persons), appeal=appeal)


def _chosen(appeal: Appeal, answer: Answer) -> AttributeValue | None:
    """The value that is chosen, None for no answer. Raises ``Invalid``."""
    if not answer.value:
        if answer.point is not None:
            raise Invalid({"value": [_("You marked a place: please choose an answer as well.")]})
        return None
    offered = AttributeValue.objects.filter(
        attribute__category=appeal.category_id, attribute__active=True, active=True
    ).select_related("attribute")
    value = next((each for each in offered if each.code == answer.value), None)
    if value is None or not appeal.is_proposal:
        raise _not_offered()
    if answer.point is not None:
        if not value.attribute.places:
            raise Invalid({"point": [_("No place is asked for here.")]})
        pin = Pin(answer.point.x, answer.point.y, appeal.category_id)
        try:
            route(pin, on=city_day(timezone.now()))
        except RoutingError as refusal:
            raise Invalid(refusal_in_words(refusal)) from None
    return value


def _not_offered() -> Invalid:
    return Invalid(
        {"value": [_("This cannot be answered here (any more). Choose one of the answers shown.")]}
    )


def _keep(
    appeal: Appeal, persons: Sequence[str], answer: Answer | None, value: AttributeValue | None
) -> None:
    """Puts the answer in the place of what the person answered before; None leaves it. In the caller's transaction.

    The voice's row is locked before the appeal's, as everywhere here, and the value's between them: nobody deletes it
    before the commit. Raises ``Invalid`` where somebody has since it was chosen.
    """
    if answer is None:
        return
    voices = list(_voices(appeal, persons).order_by("pk").select_for_update())
    SupportReply.objects.filter(support__in=voices).delete()
    if voices and value is not None:
        if not AttributeValue.objects.select_for_update(no_key=True).filter(pk=value.pk):
            raise _not_offered()
        SupportReply.objects.create(support=voices[0], value=value, point=answer.point)


def support_for(appeal: Appeal, *, phone: str, email: str, by: Person, sender: str) -> None:
    """Whoever has this phone (E.164), this e-mail address, or both, supports the appeal; twice is once.

    So is by phone and later by e-mail, where both were given once, here or with an appeal whose address was proven.

    Raises ``NotAllowed`` also where ``by`` may not take down what somebody says, ``Invalid`` without phone and address,
    ``TooMany``.
    """
    if by.role_towards(appeal) not in SUBMIT_FOR.roles:
        raise NotAllowed
    contacts = [contact for contact in (phone, email) if contact]
    if not contacts:
        raise Invalid(
            {"phone": [_("Give a phone number or an e-mail address: each counts once for an appeal.")]}
        )
    if len(contacts) == 1:
        contacts += _same_person(phone, email)
    _count(appeal, [person_at(contact) for contact in contacts], sender, confirmed=True)


def _same_person(phone: str, email: str) -> list[str]:
    """The address of that phone number, or the other way round, as authors have given them; none where either has several."""
    proven = AppealContact.objects.filter(email_proven=True).exclude(phone="").order_by()
    if not phone:
        phones = {*proven.filter(mailbox(email, "email")).values_list("phone", flat=True)}
        phone = phones.pop() if len(phones) == 1 else ""
    emails = {other.casefold() for other in proven.filter(phone=phone).values_list("email", flat=True)}
    if len(emails) != 1:
        return []
    return [phone] if email else [*emails]


def take_back(appeal: Appeal, secret: str, *, email: str = "") -> None:
    """The person supports it no longer, whatever has become of it."""
    with transaction.atomic():
        if Support.objects.filter(_by(secret, email), appeal=appeal).delete()[0]:
            count_supporters(appeal.pk)


def supports(appeal: Appeal, secret: str, *, email: str = "") -> bool:
    """True while the person supports the appeal itself; nobody has the empty secret, nor the empty address."""
    return Support.objects.filter(_by(secret, email), appeal=appeal).exists()


def reply_of(appeal: Appeal, secret: str, *, email: str = "") -> SupportReply | None:
    """What the person answers to the question of the appeal."""
    own = SupportReply.objects.filter(support__in=Support.objects.filter(_by(secret, email), appeal=appeal))
    return own.select_related("value").order_by("-at").first()


def supports_at(email: str) -> QuerySet[Support]:
    """Whatever whoever has the address supports."""
    return Support.objects.filter(_by("", email))


def join_supports(secret: str, email: str) -> None:
    """What the person with this secret supports, whoever has the address supports: they are one, and count once."""
    if not secret:
        return
    with transaction.atomic():
        own = Support.objects.filter(person=person_of(secret), also="")
        # In one order, so that nobody waits for another one who waits.
        keys = list(own.order_by("appeal").values_list("appeal", flat=True))
        # Each browser keeps its own: signed out again, it is nobody new.
        own.update(also=person_at(email), confirmed=True)
        for key in keys:
            count_supporters(key)


def forget_supports_at(email: str) -> None:
    """Whoever has the address supports nothing any more."""
    with transaction.atomic():
        own = supports_at(email)
        keys = sorted(set(own.values_list("appeal", flat=True)))
        own.delete()
        for key in keys:
            count_supporters(key)


def _by(secret: str, email: str) -> Q:
    by = Q(person=person_of(secret)) if secret else Q(pk__in=[])
    at = person_at(email)
    return by | Q(person=at) | Q(also=at) if at else by


def person_at(contact: str) -> str:
    """What is kept of whoever has this phone number (E.164) or e-mail address; empty for none.

    With the platform's key: from what is kept nobody finds the number by trying them all.
    """
    secret = salted_hmac("supporter", contact.casefold(), algorithm="sha256").hexdigest()
    return person_of(secret) if contact else ""


def person_of(secret: str) -> str:
    """What is kept of a person: from it nobody makes the secret, which is random."""
    return hashlib.sha256(secret.encode()).hexdigest()
