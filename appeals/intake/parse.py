"""What a door of intake receives, as a checked ``Submission``; every wrong field is named in one refusal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

from appeals.actions.attachments import ATTACHMENTS_MAX
from appeals.actions.submit import Submission
from appeals.errors import Invalid
from appeals.models.appeal import TEXT_MAX
from appeals.workflow import Kind
from districts.models import Category
from geo.points import DECIMALS, city_point
from geo.refusals import Refusals, ValueRefused

ADDRESS_MAX = 300
NAME_MAX = 200
SECRET = re.compile(r"[A-Za-z0-9_-]{22,64}")

_email = EmailValidator()

T = TypeVar("T")


def parse_submission(data: Mapping[str, Any], *, language: str, source: str) -> Submission:
    """Submission of the named fields: id, secret, kind, category, text, address, lon, lat, name, email, phone, uploads.

    ``language`` is the one that the page was read in; ``data["language"]`` goes before it. Raises ``Invalid`` with
    the sentences of all wrong fields; a wrong coordinate is under ``point``.
    """
    refusals = Refusals()

    def checked(name: str, read: Callable[[], T], otherwise: T) -> T:
        return refusals.read(lambda _data: read(), data, otherwise, name=name)

    submission = Submission(
        id=checked("id", lambda: uuid7(data.get("id")), UUID(int=0)),
        secret=checked("secret", lambda: _secret(data.get("secret")), ""),
        kind=checked("kind", lambda: _kind(data.get("kind")), ""),
        category=checked("category", lambda: leaf_category(data.get("category")), Category()),
        text=checked("text", lambda: _text(data.get("text")), ""),
        address=checked("address", lambda: _line(data.get("address"), ADDRESS_MAX), ""),
        point=checked("point", lambda: _place(data.get("lon"), data.get("lat")), None),  # type: ignore[arg-type]
        language=checked("language", lambda: _language(data.get("language"), language), language),
        name=checked("name", lambda: _line(data.get("name"), NAME_MAX), ""),
        email=checked("email", lambda: _email_address(data.get("email")), ""),
        phone=checked("phone", lambda: _phone(data.get("phone")), ""),
        uploads=checked("uploads", lambda: _uploads(data.get("uploads")), ()),
        source=source,
    )
    if refusals.errors:
        raise Invalid(refusals.errors)
    return submission


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
    return text


def _text(value: object) -> str:
    text = _clean(value, TEXT_MAX)
    if not text:
        raise ValueRefused(_("Tell in a few words what it is about."))
    return text


def _line(value: object, limit: int) -> str:
    return " ".join(_clean(value, limit).split())


def _secret(value: object) -> str:
    secret = _string(value)
    if secret and not SECRET.fullmatch(secret):
        raise ValueRefused(_("The secret must be 22 to 64 letters, digits, - or _."))
    return secret


def _kind(value: object) -> str:
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


def _language(value: object, otherwise: str) -> str:
    language = _string(value) or otherwise
    if language not in dict(settings.LANGUAGES):
        raise ValueRefused(_("This language is not spoken here."))
    return language


def _place(lon: object, lat: object) -> Point:
    # What is stored is what the open data will show, so that both count a pin in the same cell.
    point = city_point(lon, lat)
    return Point(round(point.x, DECIMALS), round(point.y, DECIMALS), srid=point.srid)


def _email_address(value: object) -> str:
    address = _line(value, 254)
    if address:
        try:
            _email(address)
        except ValidationError:
            raise ValueRefused(_("This is not an e-mail address.")) from None
    return address


def _phone(value: object) -> str:
    written = _line(value, 40)
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
