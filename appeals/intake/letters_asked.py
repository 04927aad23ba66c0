"""Letters that anybody may have sent to an address: so many of each sender, and so many to each address."""

from __future__ import annotations

from django.utils.translation import gettext as _

from appeals.identity import email_address, mailbox_of
from geo.refusals import Refusals, Refused
from rates.taking import Limit, take


def counted_address(
    email: object, *, sender: str, by_sender: Limit, by_address: Limit, by_both: Limit | None = None
) -> str:
    """The address that is to have a letter, which is counted. Raises ``Refused`` for what is none, ``TooMany``.

    Of a letter that serves whoever asked for it alone, ``by_both`` limits what one sender has sent to one address: below
    ``by_address``, so that nobody uses that up for the address's reader.
    """
    refusals = Refusals()
    address = refusals.read(email_address, email, "", name="email")
    refusals.check()
    if not address:
        raise Refused({"email": [_("Give an e-mail address.")]})
    take(by_sender, sender)
    mailbox = mailbox_of(address)
    if by_both is not None:
        take(by_both, f"{mailbox} {sender}")
    take(by_address, mailbox)
    return address
