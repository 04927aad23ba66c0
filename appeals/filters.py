"""What a list of appeals is narrowed to: one typed value for the map, the list, the API, the desk and the reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from appeals.workflow import Kind, Status
from geo.bbox import Bbox, parse_bbox
from geo.refusals import Refused, ValueRefused

SEARCH_MAX = 200

#: Days outside of these years are slips of the pen, and the first and last of all have no day before or after.
YEARS = range(1900, 2200)


@dataclass(frozen=True)
class AppealFilter:
    """Empty members do not narrow. Codes, not ids, so that a shared address outlives the database.

    ``since`` and ``until`` are days of the city's calendar, both included. ``category`` may be a group.
    """

    kind: str = ""
    category: str = ""
    service: str = ""
    district: str = ""
    status: tuple[str, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    q: str = ""
    bbox: Bbox | None = None

    def as_query(self, **changes: str) -> str:
        """The filter as a URL query without the leading ``?``, empty members left out; ``changes`` are appended."""
        pairs: list[tuple[str, str]] = []
        for member in fields(self):
            value = getattr(self, member.name)
            name = _PARAMETER.get(member.name, member.name)
            if value:
                pairs.append((name, ",".join(value) if member.name == "status" else str(value)))
        return urlencode([*pairs, *((name, value) for name, value in changes.items() if value)])

    @property
    def narrows(self) -> bool:
        """True when anything but the map's frame is filtered."""
        return any(getattr(self, member.name) for member in fields(self) if member.name != "bbox")


_PARAMETER = {"since": "from", "until": "to"}


def parse_filter(query: Mapping[str, str]) -> AppealFilter:
    """Filter read from URL parameters: kind, category, service, district, status (comma list), from, to, q, bbox.

    Unknown codes are kept (they find nothing); malformed values raise ``Refused``.
    """
    errors: dict[str, list[str]] = {}

    def choice(name: str, allowed: list[str]) -> tuple[str, ...]:
        values = tuple(part for part in query.get(name, "").split(",") if part)
        if any(value not in allowed for value in values):
            errors[name] = [_("Choose among: %(choices)s.") % {"choices": ", ".join(allowed)}]
        return values

    def day(name: str) -> dt.date | None:
        value = query.get(name, "").strip()
        if not value:
            return None
        try:
            date = dt.date.fromisoformat(value) if len(value) == len("2026-05-31") else None
        except ValueError:
            date = None
        if date is None or date.year not in YEARS:
            errors[name] = [_("A date must be written as 2026-05-31.")]
            return None
        return date

    def text(name: str, limit: int) -> str:
        value = query.get(name, "").strip()
        if len(value) > limit or "\x00" in value:
            errors[name] = [_("This is too long or holds forbidden characters.")]
            return ""
        return value

    kinds = choice("kind", list(Kind.values))
    if len(kinds) > 1:
        errors["kind"] = [_("Choose one.")]
    since, until = day("from"), day("to")
    if since and until and since > until:
        errors["from"] = [_("The period ends before it begins.")]
    bbox = None
    if query.get("bbox", "").strip():
        try:
            bbox = parse_bbox(query["bbox"])
        except ValueRefused as refusal:
            errors["bbox"] = [str(refusal)]
    parsed = AppealFilter(
        kind=kinds[0] if kinds else "",
        category=text("category", 60),
        service=text("service", 60),
        district=text("district", 60),
        status=choice("status", list(Status.values)),
        since=since,
        until=until,
        q=text("q", SEARCH_MAX),
        bbox=bbox,
    )
    if errors:
        raise Refused(errors)
    return parsed
