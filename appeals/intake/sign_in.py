"""Signing in as a resident: a code goes to an e-mail address, and whoever types it reads that address.

Every address is sent one, whether anything names it or not: nobody learns which do.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from appeals.identifiers import new_secret
from appeals.identity import email_address, is_throwaway, lasting_address
from appeals.intake.letters_asked import counted_address
from appeals.limits import SECRET_MAX, SIGN_IN_DIGITS, SIGN_IN_TRIES, SIGNED_IN_DAYS
from appeals.models import Message, Resident, ResidentDevice, SignInCode
from appeals.notify.sign_in import SIGN_IN, code_of, good_codes, queue_code
from appeals.search import mailbox
from geo.refusals import Refused
from rates.taking import (
    SIGN_IN_CODE,
    SIGN_IN_LETTER,
    SIGN_IN_LETTER_MAILBOX,
    SIGN_IN_LETTER_SENDER,
    give_back,
    take,
)

#: Codes and their letters are forgotten after this time.
_KEPT: Final = dt.timedelta(days=1)
#: Raised to the page: that was another code; the code is over, and another one is to be asked for.
WRONG: Final = "wrong"
OVER: Final = "over"


def _address(value: object) -> str:
    """A lasting address, or that of an account that is there already. Raises ``ValueRefused``."""
    address = email_address(value)
    is_known = is_throwaway(address) and Resident.objects.filter(mailbox(address, "email")).exists()
    return address if is_known else lasting_address(address)


def ask_code(email: object, *, sender: str) -> SignInCode:
    """Queues the letter with a code, in the language that is active; whoever knows the result's key may type it.

    Raises ``Refused`` for what is no address; ``TooMany`` when the sender (``rates.senders``) has asked for many, or many have
    gone to the address.
    """
    address = counted_address(
        email,
        sender=sender,
        by_sender=SIGN_IN_LETTER_SENDER,
        by_address=SIGN_IN_LETTER_MAILBOX,
        by_both=SIGN_IN_LETTER,
        read=_address,
    )
    with transaction.atomic():
        asked = SignInCode.objects.create(email=address)
        queue_code(asked, get_language() or settings.LANGUAGE_CODE)
    return asked


def sign_in(key: str, code: str, *, sender: str) -> str:
    """The secret of a device that is signed in from now on, as the reader of the address that was asked for.

    A code is good once. Raises ``Refused`` with sentences at "code" for what is none, which is no try; at ``WRONG`` for another
    one; at ``OVER`` when it is good no more. ``TooMany`` when the sender has typed many wrong ones.
    """
    typed = "".join(character for character in code if character.isdecimal())
    if len(typed) != SIGN_IN_DIGITS:
        words = ngettext("The code has %(n)d digit.", "The code has %(n)d digits.", SIGN_IN_DIGITS)
        raise Refused({"code": [words % {"n": SIGN_IN_DIGITS}]})
    take(SIGN_IN_CODE, sender)
    asked = _tried(key)
    if not constant_time_compare(typed, code_of(asked)):
        raise Refused({WRONG: [wrong_so_far(asked)]}) if asked.tries < SIGN_IN_TRIES else over()
    with transaction.atomic():
        # Of two that come at once one finds it gone.
        if not SignInCode.objects.filter(pk=asked.pk).delete()[0]:
            raise over()
        resident = Resident.objects.filter(email__iexact=asked.email).first()
        if resident is None:
            Resident.objects.bulk_create([Resident(email=asked.email)], ignore_conflicts=True)
            resident = Resident.objects.get(email__iexact=asked.email)
        secret = new_secret()
        ResidentDevice.objects.create(resident=resident, secret=_digest(secret))
    give_back(SIGN_IN_CODE, sender)
    return secret


def code_asked(key: str) -> SignInCode | None:
    """What was asked for, while its code may still be typed."""
    return _still_good(key).first()


def wrong_so_far(asked: SignInCode) -> str:
    """That what was typed is not the code, and how often another one may be; nothing where none was typed."""
    if not asked.tries:
        return ""
    left = SIGN_IN_TRIES - asked.tries
    words = ngettext(
        "That is not the code of the letter. You can try %(n)d more time.",
        "That is not the code of the letter. You can try %(n)d more times.",
        left,
    )
    return words % {"n": left}


def _still_good(key: str) -> QuerySet[SignInCode]:
    try:
        return good_codes().filter(pk=UUID(key), tries__lt=SIGN_IN_TRIES)
    except ValueError:
        return SignInCode.objects.none()


def _tried(key: str) -> SignInCode:
    """The code, with this try counted: of many that come at once no more are let through. Raises ``Refused``."""
    if not _still_good(key).update(tries=F("tries") + 1):
        raise over()
    asked = SignInCode.objects.filter(pk=UUID(key)).first()
    if asked is None:
        raise over()
    return asked


def over() -> Refused:
    """Says at ``OVER`` that another code is to be asked for."""
    return Refused({OVER: [_("This code is not good any more. Have another one sent to you.")]})


def signed_in(secret: str) -> Resident | None:
    """Who is signed in on the device with this secret; None when nobody is, or not any more."""
    if not secret or len(secret) > SECRET_MAX:
        return None
    devices = ResidentDevice.objects.filter(secret=_digest(secret), signed_in_at__gt=_signed_in_since())
    device = devices.select_related("resident").first()
    return device.resident if device is not None else None


def sign_out(secret: str) -> None:
    """Nobody is signed in on the device any more."""
    ResidentDevice.objects.filter(secret=_digest(secret)).delete()


def sign_out_everywhere(resident: Resident) -> None:
    """The resident is signed in nowhere any more."""
    resident.devices.all().delete()


def forget_sign_ins(now: dt.datetime | None = None) -> int:
    """Deletes codes with their letters a day later, and devices that are signed in no more; the number of codes and devices."""
    now = now or timezone.now()
    Message.objects.filter(kind=SIGN_IN, queued_at__lt=now - _KEPT).delete()
    codes, _models = SignInCode.objects.filter(asked_at__lt=now - _KEPT).delete()
    devices, _models = ResidentDevice.objects.filter(signed_in_at__lte=_signed_in_since(now)).delete()
    return codes + devices


def _signed_in_since(now: dt.datetime | None = None) -> dt.datetime:
    return (now or timezone.now()) - dt.timedelta(days=SIGNED_IN_DAYS)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
