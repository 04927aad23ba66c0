"""What changed since: the parameter of the lists, and the moments that it takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter

from appeals.filters import YEARS
from geo.refusals import Refused, ValueRefused

_NAME: Final = "updated_after"
_DESCRIPTION: Final = (
    "2026-05-31T10:00:00Z: appeals that changed then or later, those that came in among them. The `seen_until` of "
    "`/data/removed.json` is what to ask with next time."
)
UPDATED_AFTER: Final = OpenApiParameter(
    _NAME, {"type": "string", "format": "date-time"}, description=_DESCRIPTION
)


def updated_after(query: Mapping[str, str]) -> dt.datetime | None:
    """The moment that is asked for; None without one. Raises ``Refused`` unless it is a date and time with a UTC offset."""
    text = query.get(_NAME, "").strip()
    try:
        return moment_in(text) if text else None
    except ValueRefused as refusal:
        raise Refused({_NAME: [str(refusal)]}) from None


def moment_in(text: str) -> dt.datetime:
    """The moment, in UTC, that is written with its offset (RFC 3339), of one of the ``YEARS``. Raises ``ValueRefused``."""
    # A plus sign that nobody encoded arrives as a blank.
    text = text.replace(" ", "+")
    try:
        at = (
            parse_datetime(text)
            if text.isascii() and len(text) <= len("2026-05-31T10:00:00.000000+06:00")
            else None
        )
    except ValueError:
        at = None
    if at is None or at.utcoffset() is None:
        raise ValueRefused(_("A moment must be written with its offset, as 2026-05-31T10:00:00Z."))
    if at.year not in YEARS:
        years = {"first": YEARS[0], "last": YEARS[-1]}
        raise ValueRefused(_("A moment must be between the years %(first)d and %(last)d.") % years)
    return at.astimezone(dt.UTC)
