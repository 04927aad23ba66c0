"""Alerts: by e-mail, confirmed and ended by whoever reads the address; and in the browser that asks."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from appeals.alerts.question import Question
from appeals.errors import Invalid
from appeals.intake.browsers import given_browser
from appeals.intake.letters_asked import asked_address
from appeals.limits import ALERTS_MAX
from appeals.models import Alert
from appeals.notify.alerts import CONFIRMATION
from appeals.notify.occasions import queue_question
from districts.models import Category, District
from geo.refusals import Refused


def ask(question: Question, email: object, *, daily: bool, sender: str) -> None:
    """Keeps the question for the address, unconfirmed, and queues the letter with the link that confirms it.

    In the language that is active. What is confirmed already is left as it is, and nobody is told: no second letter goes out.
    Raises ``Refused`` for what is no address, ``TooMany`` when the sender (``rates.senders``) has asked for many letters, or
    many have gone to the address.
    """
    address = asked_address(email, sender=sender)
    query, language = question.as_query(), _language()
    with transaction.atomic():
        same = Alert.objects.of_address(address).filter(query=query, daily=daily)
        # One that is ended meanwhile is asked anew.
        while (alert := same.select_for_update().first()) is None:
            asked = _new(question, query)
            asked.email, asked.language, asked.daily = address, language, daily
            Alert.objects.bulk_create([asked], ignore_conflicts=True)
        if alert.confirmed_at is None:
            queue_question(CONFIRMATION, alert, language)


def ask_by_push(question: Question, endpoint: str, p256dh: str, auth: str, *, sender: str) -> Alert:
    """The browser is told of such appeals from now on, in the language that is active; asked again, the same alert.

    Raises ``Refused`` for what is no address of a push service that is known or no key, or when the browser waits for as much
    as one may; ``TooMany`` when the sender has asked for many.
    """
    browser, query = given_browser(endpoint, p256dh, auth, sender=sender), question.as_query()
    with transaction.atomic():
        own = Alert.objects.filter(device=browser.device)
        if own.exclude(query=query).count() >= ALERTS_MAX:
            raise Refused({"push": [_("This browser has %(n)d alerts already.") % {"n": ALERTS_MAX}]})
        alert = _new(question, query)
        alert.language, alert.daily, alert.confirmed_at = _language(), False, timezone.now()
        browser.put_into(alert)
        Alert.objects.bulk_create([alert], ignore_conflicts=True)
        browser.renew()
        return own.get(query=query)


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def _new(question: Question, query: str) -> Alert:
    """A row that is found by what the question asks for."""
    return Alert(
        query=query,
        district=District.objects.get(code=question.district) if question.district else None,
        area=question.area,
        categories=sorted(Category.objects.filter(code__in=question.categories).values_list("pk", flat=True)),
    )


def confirm(alert: Alert) -> None:
    """Letters come from now on. Raises ``Invalid`` when the address has as many alerts as one may have."""
    with transaction.atomic():
        others = Alert.objects.of_address(alert.email).confirmed().exclude(pk=alert.pk)
        if alert.confirmed_at is None and others.count() >= ALERTS_MAX:
            words = _(
                "This address has %(n)d alerts already: end one of them first, with the link in its letters."
            )
            raise Invalid({"confirm": [words % {"n": ALERTS_MAX}]})
        Alert.objects.filter(pk=alert.pk, confirmed_at__isnull=True).update(confirmed_at=timezone.now())
