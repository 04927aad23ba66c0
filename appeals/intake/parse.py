"""What a door of intake receives, as a checked ``Submission``; every wrong field is named in one refusal.

Each field is declared once in ``FIELDS``: how it is read, and how the OpenAPI document describes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from appeals.actions.submit import Submission, appeal_text, place_of
from appeals.errors import Invalid, too_many_files
from appeals.identity import (
    READERS,
    address_line,
    lasting_address,
    missing_identity,
    person_name,
    phone_number,
    text_value,
)
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
from geo.refusals import Refusals, ValueRefused

SECRET: Final = re.compile(f"[A-Za-z0-9_-]{{{SECRET_MIN},{SECRET_MAX}}}")


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
    sent = {**data, "language": language} if data.get("language") in (None, "") else data
    refusals = Refusals()
    members = {
        field.member: refusals.read(field.read_from, sent, None, name=field.member) for field in FIELDS
    }
    # Of what could be read: what is wrong with a field is said before that more is needed.
    given = {name: members[name] or "" for name in READERS}
    errors = {**missing_identity(members["kind"] or "", given), **refusals.errors}
    if errors:
        raise Invalid(errors)
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


def _secret(value: object) -> str:
    secret = text_value(value)
    if secret and not SECRET.fullmatch(secret):
        raise ValueRefused(
            _("The secret must be %(least)d to %(most)d letters, digits, - or _.")
            % {"least": SECRET_MIN, "most": SECRET_MAX}
        )
    return secret


def kind_of(value: object) -> str:
    """The kind of that name, a civic report where none is named. Raises ``ValueRefused``."""
    kind = text_value(value) or Kind.REPORT.value
    if kind not in Kind.values:
        raise ValueRefused(_("Choose: civic report, complaint, request or recommendation."))
    return kind


def leaf_category(value: object) -> Category:
    """The active category of that code that appeals may take. Raises ``ValueRefused``."""
    code = text_value(value)
    found: Category | None = (
        Category.objects.leaves().filter(code=code).first() if code and "\x00" not in code else None
    )
    if found is None:
        raise ValueRefused(_("Choose what it is about."))
    return found


def _language(value: object) -> str:
    language = text_value(value)
    if language not in dict(settings.LANGUAGES):
        raise ValueRefused(_("This language is not spoken here."))
    return language


def upload_ids(value: object) -> tuple[UUID, ...]:
    """Identifiers of photos and videos, each once. Raises ``ValueRefused``."""
    if value in (None, ""):
        return ()
    if not isinstance(value, list | tuple) or len(value) > ATTACHMENTS_MAX:
        raise ValueRefused(too_many_files())
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
    _one(
        "kind",
        kind_of,
        {"type": "string", "enum": list(Kind.values), "default": Kind.REPORT.value},
        "Without it a civic report, answered within the city's service level; its author need not be known. The others are "
        "appeals under the law, with its term: they need `name` (surname and first name), `postal_address`, and `phone` or `email`.",
    ),
    _one(
        "category", leaf_category, _text_of(CODE_MAX), "Code of a category without children.", required=True
    ),
    _one("text", appeal_text, _text_of(TEXT_MAX, minLength=1), "Everyone will read it.", required=True),
    _one("address", address_line, _text_of(ADDRESS_MAX)),
    Field("point", place_of, {"lon": _DEGREES, "lat": _DEGREES}, required=True),
    _one(
        "name", person_name, _text_of(NAME_MAX), "Only the service that answers sees how to reach the author."
    ),
    _one("postal_address", address_line, _text_of(ADDRESS_MAX), "Where the author lives; never public."),
    _one("email", lasting_address, _text_of(EMAIL_MAX, format="email")),
    _one("phone", phone_number, _text_of(PHONE_WRITTEN_MAX), "As people write it; kept as E.164."),
    _one(
        "uploads",
        upload_ids,
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
