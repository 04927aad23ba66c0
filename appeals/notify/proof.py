"""Whether an author reads the address that an appeal names: anybody may write any address into a form.

The first letter holds none of the sender's words. Its link is the author's own, with a proof that only the letter has;
whoever opened it is written to from then on.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.core.signing import Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from appeals.identity import mailbox_of
from appeals.models import AppealContact
from rates.taking import FIRST_LETTER, TooMany, take

#: Name of the parameter with which the link in a letter ends.
PROOF: Final = "letter"

_signer = Signer(salt="appeals.notify.proof")


def proof_of(contact: AppealContact) -> str:
    """What only a letter to the contact's address tells."""
    return _signer.signature(f"{contact.pk} {contact.email}")


def own_page(contact: AppealContact) -> str:
    """Path of the author's own page for a letter to the contact's address: it proves one that had not been proven."""
    path = reverse("public:follow", args=[contact.secret])
    return path if contact.email_proven else f"{path}?{urlencode({PROOF: proof_of(contact)})}"


def prove(contact: AppealContact, given: str) -> bool:
    """True when ``given`` is the proof of an address that had not been proven; it is from now on."""
    if contact.email_proven or not contact.email or not constant_time_compare(given, proof_of(contact)):
        return False
    contact.email_proven = True
    contact.save(update_fields=["email_proven"])
    return True


def may_be_written_to(contact: AppealContact, *, first: bool) -> bool:
    """Whether the letter may go: to a proven address all of them, to another the ``first``, and of those not many a day.

    None to whoever wants none.
    """
    if contact.unsubscribed:
        return False
    if contact.email_proven or not contact.email:
        return contact.email_proven
    if not first:
        return False
    try:
        take(FIRST_LETTER, mailbox_of(contact.email))
    except TooMany:
        return False
    return True
