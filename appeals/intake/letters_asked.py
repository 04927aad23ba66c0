"""Letters that anybody may have sent to an address: so many of each sender, and so many to each address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils import timezone
from django.utils.translation import gettext as _

from appeals.identity import lasting_address, mailbox_of
from appeals.limits import ALERT_CONFIRM_DAYS
from appeals.models import Alert, Follower
from appeals.notify.endings import end
from geo.refusals import Refusals, Refused
from rates.taking import ALERT_LETTER, ALERT_LETTER_MAILBOX, ALERT_LETTER_SENDER, Limit, take


def counted_address(
    email: object,
    *,
    sender: str,
    by_sender: Limit,
    by_address: Limit,
    by_both: Limit | None = None,
    read: Callable[[object], str] = lasting_address,
) -> str:
    """The address that is to have a letter, which is counted. Raises ``Refused`` for what is none, ``TooMany``.

    Of a letter that serves whoever asked for it alone, ``by_both`` limits what one sender has sent to one address: below
    ``by_address``, so that nobody uses that up for the address's reader. ``read`` is how the address is read.
    """
    refusals = Refusals()
    address = refusals.read(read, email, "", name="email")
    refusals.check()
    if not address:
        raise Refused({"email": [_("Give an e-mail address.")]})
    take(by_sender, sender)
    mailbox = mailbox_of(address)
    if by_both is not None:
        take(by_both, f"{mailbox} {sender}")
    take(by_address, mailbox)
    return address


def asked_address(email: object, *, sender: str) -> str:
    """The address that is asked whether it wants to be told of something, by a letter that is counted. Raises as ``counted_address``."""
    return counted_address(
        email,
        sender=sender,
        by_sender=ALERT_LETTER_SENDER,
        by_address=ALERT_LETTER_MAILBOX,
        by_both=ALERT_LETTER,
    )


def forget_unconfirmed(now: dt.datetime | None = None) -> int:
    """Deletes the addresses of alerts and followers that nobody has confirmed in time; their number."""
    before, number = (now or timezone.now()) - dt.timedelta(days=ALERT_CONFIRM_DAYS), 0
    for model in (Alert, Follower):
        asked = model.objects.filter(confirmed_at__isnull=True, created_at__lt=before).exclude(email="")
        number += end(asked)
    return number
