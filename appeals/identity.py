"""Who an author is and how to reach them: how it is read, and how much of it an appeal under the law needs.

Law No. 67 of 4 May 2007 "On the procedure for considering citizens' appeals": an electronic appeal without full name,
address and contact is not considered (mfa.gov.kg, e.srs.kg). A civic report needs nothing of it. The rule holds where
an appeal is made or changes its kind: ``actions.submit`` and ``actions.inputs``. An import records what another system says
of its own appeals, whose authors it alone knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

import phonenumbers
from disposable_email_domains import blocklist
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from appeals.limits import ADDRESS_MAX, EMAIL_MAX, NAME_MAX, PHONE_WRITTEN_MAX
from appeals.vocabulary import LEGAL_KINDS
from geo.refusals import ValueRefused
from geo.words import trimmed

_email = EmailValidator()
_NO_MAILBOX: Final = re.compile(r"[?&%#=/\\\"<>;,\s]")


def missing_identity(kind: str, values: Mapping[str, str]) -> dict[str, list[str]]:
    """What an appeal of that kind needs besides ``values`` (``READERS``), as sentences by field; empty: nothing."""
    if kind not in LEGAL_KINDS:
        return {}
    missing: dict[str, list[str]] = {}
    if len(values.get("name", "").split()) < 2:
        missing["name"] = [_("An appeal under the law needs the author's full name: surname and first name.")]
    if not values.get("postal_address"):
        missing["postal_address"] = [_("An appeal under the law needs the author's postal address.")]
    if not (values.get("phone") or values.get("email")):
        missing["phone"] = [
            _("An appeal under the law needs a phone number or an e-mail address of its author.")
        ]
    return missing


def text_value(value: object) -> str:
    """The value, empty for None. Raises ``ValueRefused`` for what is no text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueRefused(_("Text is needed here."))
    return value


def clean_text(value: object, limit: int) -> str:
    """The text in NFC without what surrounds it. Raises ``ValueRefused`` where it is too long or cannot be kept."""
    # Counted before normalising: what is too long is not worth the work.
    raw = text_value(value)
    if len(raw) > limit * 4:
        raise ValueRefused(_("At most %(n)d characters; there are %(m)d.") % {"n": limit, "m": len(raw)})
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > limit:
        raise ValueRefused(_("At most %(n)d characters; there are %(m)d.") % {"n": limit, "m": len(text)})
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t" for char in text):
        raise ValueRefused(_("The text holds a character that cannot be kept."))
    return trimmed(text)


def line(value: object, limit: int) -> str:
    """The text on one line. Raises ``ValueRefused``."""
    return " ".join(clean_text(value, limit).split())


def address_line(value: object) -> str:
    """An address, on one line; may be empty. Raises ``ValueRefused``."""
    return line(value, ADDRESS_MAX)


def person_name(value: object) -> str:
    """A person's name, on one line; may be empty. Raises ``ValueRefused``."""
    return line(value, NAME_MAX)


def mailbox_of(address: str) -> str:
    """The mailbox that an ``email_address`` names, however its letters are written: what limits count."""
    return address.casefold()


def email_address(value: object) -> str:
    """The address in ASCII (RFC 5321; the domain by RFC 3490), empty where none is given. Raises ``ValueRefused``.

    Letters of other alphabets look like these, and some become them as capitals: "ı" and "i" are both "I" to the database,
    and gmaıl.com is another domain than gmail.com.
    """
    address = line(value, EMAIL_MAX)
    if address:
        mailbox, at, domain = address.rpartition("@")
        try:
            _email(address)
            address = mailbox + at + punycode(domain)
        except (ValidationError, UnicodeError):
            raise ValueRefused(_("This is not an e-mail address.")) from None
        if not address.isascii():
            raise ValueRefused(_("This is not an e-mail address."))
        # A mailbox may be named so (RFC 5322, 3.2.3), and nobody's is; a mail program reads more than an address there.
        if _NO_MAILBOX.search(address):
            raise ValueRefused(_("This is not an e-mail address."))
    return address


def lasting_address(value: object) -> str:
    """An ``email_address`` that is read tomorrow too, empty where none is given. Raises ``ValueRefused``."""
    address = email_address(value)
    if is_throwaway(address):
        raise ValueRefused(
            _("Letters to throw-away addresses are lost: give another one, or none where none is needed.")
        )
    return address


def is_throwaway(address: str) -> bool:
    """True for an ``email_address`` of a service whose mailboxes are open for some minutes, its subdomains among it.

    Such services are those of the package disposable-email-domains, and what the operator says (``THROWAWAY_MAIL``); the longest
    name that is known decides.
    """
    labels = address.rpartition("@")[2].lower().split(".")
    for domain in (".".join(labels[n:]) for n in range(len(labels) - 1)):
        said = settings.THROWAWAY_MAIL.get(domain)
        if said is not None or domain in blocklist:
            return said is not False
    return False


def phone_number(value: object) -> str:
    """The number in E.164, empty where none is given. Raises ``ValueRefused``."""
    written = line(value, PHONE_WRITTEN_MAX)
    if not written:
        return ""
    try:
        number = phonenumbers.parse(written, settings.CALENDAR_COUNTRY)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueRefused(_("This is not a phone number."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


#: How each is read; their names are those of ``AppealContact`` and of a ``Submission``.
READERS: Final[Mapping[str, Callable[[object], str]]] = {
    "name": person_name,
    "postal_address": address_line,
    "phone": phone_number,
    "email": lasting_address,
}
#: How long each may be as it is written.
LENGTHS: Final[Mapping[str, int]] = {
    "name": NAME_MAX,
    "postal_address": ADDRESS_MAX,
    "phone": PHONE_WRITTEN_MAX,
    "email": EMAIL_MAX,
}
