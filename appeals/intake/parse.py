"""What a door of intake receives, as a checked ``Submission``; every wrong field is named in one refusal.

Each field is declared once in ``FIELDS``: how it is read, and how the OpenAPI document describes it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

from appeals.actions.submit import Submission
from appeals.errors import Invalid
from appeals.limits import (
    ADDRESS_MAX,
    ATTACHMENTS_MAX,
    EMAIL_MAX,
    NAME_MAX,
    PHONE_WRITTEN_MAX,
    SECRET_MAX,
    SECRET_MIN,
    TEXT_MAX,
)
from appeals.vocabulary import Kind
from districts.models import CODE_MAX, Category
from geo.points import DECIMALS, city_point
from geo.refusals import Refusals, ValueRefused
from geo.words import trimmed

SECRET: Final = re.compile(f"[A-Za-z0-9_-]{{{SECRET_MIN},{SECRET_MAX}}}")

_email = EmailValidator()
_NO_MAILBOX: Final = re.compile(r"[?&%#=/\\\"<>;,\s]")

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One member of a ``Submission``, under whose name errors are reported.

    ``sent`` are the values that it is made of, by the names under which they come, with their OpenAPI schemas; ``read``
    makes it of these values, None for those that are missing, or raises ``ValueRefused``.
    """

    member: str
    read: Callable[..., Any]
    sent: Mapping[str, Schema]
    required: bool = False

    def read_from(self, data: Mapping[str, Any]) -> Any:
        """The member's value. Raises ``ValueRefused``."""
        return self.read(*(data.get(name) for name in self.sent))


def parse_submission(data: Mapping[str, Any], *, language: str, source: str) -> Submission:
    """Submission of what ``FIELDS`` name.

    ``language`` is the one that the page was read in; ``data["language"]`` goes before it. Raises ``Invalid`` with
    the sentences of all wrong fields; a wrong coordinate is under ``point``.
    """
    given = {**data, "language": language} if data.get("language") in (None, "") else data
    refusals = Refusals()
    members = {
        field.member: refusals.read(field.read_from, given, None, name=field.member) for field in FIELDS
    }
    if refusals.errors:
        raise Invalid(refusals.errors)
    return Submission(**members, source=source)


def reach_of(data: Mapping[str, Any]) -> dict[str, str]:
    """``phone`` (E.164) and ``email`` as a submission has them, empty where none is given. Raises ``Invalid``."""
    refusals = Refusals()
    found = {
        field.member: refusals.read(field.read_from, data, "", name=field.member)
        for field in FIELDS
        if field.member in {"phone", "email"}
    }
    if refusals.errors:
        raise Invalid(refusals.errors)
    return found


def submission_schema() -> dict[str, Any]:
    """OpenAPI schema of the object that ``parse_submission`` reads."""
    return {
        "type": "object",
        "required": [name for field in FIELDS if field.required for name in field.sent],
        "properties": {name: dict(schema) for field in FIELDS for name, schema in field.sent.items()},
    }


def uuid7(value: object) -> UUID:
    """UUID of version 7 (RFC 9562, 5.7). Raises ``ValueRefused``."""
    try:
        identifier = UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        identifier = None
    if identifier is None or identifier.version != 7:
        raise ValueRefused(_("An identifier of the form UUIDv7 is needed."))
    return identifier


def _string(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueRefused(_("Text is needed here."))
    return value


def _clean(value: object, limit: int) -> str:
    # Counted before normalising: what is too long is not worth the work.
    raw = _string(value)
    if len(raw) > limit * 4:
        raise ValueRefused(_("At most %(n)d characters; there are %(m)d.") % {"n": limit, "m": len(raw)})
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > limit:
        raise ValueRefused(_("At most %(n)d characters; there are %(m)d.") % {"n": limit, "m": len(text)})
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t" for char in text):
        raise ValueRefused(_("The text holds a character that cannot be kept."))
    return trimmed(text)


def appeal_text(value: object) -> str:
    """The words of an appeal. Raises ``ValueRefused``."""
    text = _clean(value, TEXT_MAX)
    if not text:
        raise ValueRefused(_("Tell in a few words what it is about."))
    return text


def _line(value: object, limit: int) -> str:
    return " ".join(_clean(value, limit).split())


def address_line(value: object) -> str:
    """The address, on one line; may be empty. Raises ``ValueRefused``."""
    return _line(value, ADDRESS_MAX)


def _name(value: object) -> str:
    return _line(value, NAME_MAX)


def _secret(value: object) -> str:
    secret = _string(value)
    if secret and not SECRET.fullmatch(secret):
        raise ValueRefused(
            _("The secret must be %(least)d to %(most)d letters, digits, - or _.")
            % {"least": SECRET_MIN, "most": SECRET_MAX}
        )
    return secret


def kind_of(value: object) -> str:
    """The kind of that name. Raises ``ValueRefused``."""
    kind = _string(value)
    if kind not in Kind.values:
        raise ValueRefused(_("Choose: complaint, request or recommendation."))
    return kind


def leaf_category(value: object) -> Category:
    """The active category of that code that appeals may take. Raises ``ValueRefused``."""
    code = _string(value)
    found: Category | None = (
        Category.objects.leaves().filter(code=code).first() if code and "\x00" not in code else None
    )
    if found is None:
        raise ValueRefused(_("Choose what it is about."))
    return found


def _language(value: object) -> str:
    language = _string(value)
    if language not in dict(settings.LANGUAGES):
        raise ValueRefused(_("This language is not spoken here."))
    return language


def _place(lon: object, lat: object) -> Point:
    # What is stored is what the open data will show, so that both count a pin in the same cell.
    point = city_point(lon, lat)
    return Point(round(point.x, DECIMALS), round(point.y, DECIMALS), srid=point.srid)


def email_address(value: object) -> str:
    """The address, empty where none is given. Raises ``ValueRefused``."""
    address = _line(value, EMAIL_MAX)
    if address:
        try:
            _email(address)
        except ValidationError:
            raise ValueRefused(_("This is not an e-mail address.")) from None
        # A mailbox may be named so (RFC 5322, 3.2.3), and nobody's is; a mail program reads more than an address there.
        if _NO_MAILBOX.search(address):
            raise ValueRefused(_("This is not an e-mail address."))
    return address


def _phone(value: object) -> str:
    written = _line(value, PHONE_WRITTEN_MAX)
    if not written:
        return ""
    try:
        number = phonenumbers.parse(written, settings.CALENDAR_COUNTRY)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueRefused(_("This is not a phone number."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _uploads(value: object) -> tuple[UUID, ...]:
    if value in (None, ""):
        return ()
    if not isinstance(value, list | tuple) or len(value) > ATTACHMENTS_MAX:
        raise ValueRefused(_("At most %(n)d photos and videos.") % {"n": ATTACHMENTS_MAX})
    return tuple(dict.fromkeys(uuid7(entry) for entry in value))


def _one(
    name: str, read: Callable[[Any], Any], schema: Schema, help_text: str = "", *, required: bool = False
) -> Field:
    return Field(name, read, {name: _described(schema, help_text)}, required)


def _described(schema: Schema, help_text: str) -> Schema:
    return {**schema, "description": help_text} if help_text else schema


def _text_of(limit: int, **more: Any) -> Schema:
    return {"type": "string", "maxLength": limit, **more}


_UUID: Final[Schema] = {"type": "string", "format": "uuid"}
_DEGREES: Final[Schema] = _described({"type": "number"}, "Degrees, EPSG:4326.")

FIELDS: Final = (
    _one(
        "id", uuid7, _UUID, "UUIDv7, made by the client: sending again gives the same appeal.", required=True
    ),
    _one(
        "secret",
        _secret,
        {"type": "string", "pattern": f"^{SECRET.pattern}$"},
        "Opens the author's page; made by the client. Send one: without it, the same appeal again is known by what everybody "
        "may read, and its name, e-mail and phone are neither compared nor changed.",
    ),
    _one("kind", kind_of, {"type": "string", "enum": list(Kind.values)}, required=True),
    _one(
        "category", leaf_category, _text_of(CODE_MAX), "Code of a category without children.", required=True
    ),
    _one("text", appeal_text, _text_of(TEXT_MAX, minLength=1), "Everyone will read it.", required=True),
    _one("address", address_line, _text_of(ADDRESS_MAX)),
    Field("point", _place, {"lon": _DEGREES, "lat": _DEGREES}, required=True),
    _one("name", _name, _text_of(NAME_MAX), "Only the service that answers sees how to reach the author."),
    _one("email", email_address, _text_of(EMAIL_MAX, format="email")),
    _one("phone", _phone, _text_of(PHONE_WRITTEN_MAX), "As people write it; kept as E.164."),
    _one(
        "uploads",
        _uploads,
        {"type": "array", "items": _UUID, "maxItems": ATTACHMENTS_MAX},
        "Identifiers of photos and videos that were sent before.",
    ),
    _one(
        "language",
        _language,
        {"type": "string", "enum": [code for code, _name in settings.LANGUAGES]},
        "Language of the text; without it the one of the Accept-Language header.",
    ),
)

#: Names under which values come, in the order of the fields.
SENT: Final = tuple(name for field in FIELDS for name in field.sent)
