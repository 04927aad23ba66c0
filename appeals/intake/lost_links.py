"""The links to lost pages: whoever gave an e-mail address gets them there again."""

from __future__ import annotations

from typing import Final

from django.utils.translation import get_language

from appeals.identity import email_address
from appeals.intake.letters_asked import counted_address
from appeals.models import AppealContact
from appeals.search import mailbox
from appeals.tasks import mail_links
from rates.taking import LINK_LETTER, LINK_LETTER_SENDER

#: So many appeals a letter names, the latest ones.
LINKS_MAX: Final = 30


def send_links(email: object, *, sender: str) -> None:
    """Queues a letter with the links of the appeals that name the address, if there are any: nobody is told whether.

    In the language that is active. Raises ``Refused`` for what is no address, ``TooMany``.
    """
    # Whatever stands in an appeal already, for nothing is sent elsewhere.
    address = counted_address(
        email, sender=sender, by_sender=LINK_LETTER_SENDER, by_address=LINK_LETTER, read=email_address
    )
    contacts = AppealContact.objects.filter(mailbox(address, "email")).order_by("-appeal__number")[:LINKS_MAX]
    if keys := [str(key) for key in contacts.values_list("pk", flat=True)]:
        mail_links.enqueue(keys, get_language() or "")
