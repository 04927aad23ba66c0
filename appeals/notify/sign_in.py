"""The letter with the code that shows that whoever signs in reads the address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from appeals.limits import SIGN_IN_DIGITS, SIGN_IN_MINUTES
from appeals.models import Message, SignInCode
from appeals.notify.occasions import About, Recipient, WithoutSubscription, Words, queue

SIGN_IN: Final = "sign-in code"


class SignInLetters(WithoutSubscription):
    """The kind; an occasion is the key of a code that was asked for."""

    def about(self, message: Message) -> About:
        return About(_("a code to sign in with"), _("a resident"))

    def is_wanted(self, message: Message) -> bool:
        return good_codes().filter(pk=UUID(message.occasion)).exists()

    def compose(self, together: Sequence[Message]) -> Words:
        message = together[0]
        code = code_of(SignInCode.objects.get(pk=UUID(message.occasion)))
        body = render_to_string(
            "appeals/notify/sign_in.txt",
            {
                "code": code,
                "minutes": SIGN_IN_MINUTES,
                "site": settings.PUBLIC_URL,
                "city": settings.CITY_NAME.get(message.language, ""),
            },
        )
        return Words(_("%(code)s is your code") % {"code": code}, body)


def queue_code(asked: SignInCode, language: str) -> None:
    """Queues the letter with the code, in the language; none of the sender's words is in it."""
    queue(SIGN_IN, str(asked.pk), [Recipient(asked.email, language)])


def code_of(asked: SignInCode) -> str:
    """The digits that the letter tells: of the server's secret, so that nothing that is kept tells them."""
    digest = salted_hmac("appeals.notify.sign_in", str(asked.pk), algorithm="sha256").digest()
    return f"{int.from_bytes(digest) % 10**SIGN_IN_DIGITS:0{SIGN_IN_DIGITS}d}"


def good_codes(now: dt.datetime | None = None) -> QuerySet[SignInCode]:
    """Codes that are not too old."""
    since = (now or timezone.now()) - dt.timedelta(minutes=SIGN_IN_MINUTES)
    return SignInCode.objects.filter(asked_at__gt=since)
