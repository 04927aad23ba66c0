"""What changed since: the parameter of the lists, what a reader must take out of a copy, and what may be given no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter

from appeals.filters import YEARS
from appeals.models import Appeal
from appeals.workflow import VERBS
from geo.refusals import Refused, ValueRefused

_NAME: Final = "updated_after"
_DESCRIPTION: Final = (
    "2026-05-31T10:00:00Z: appeals that changed then or later, those that came in among them. The `seen_until` of "
    "`/data/removed.json` is what to ask with next time."
)
#: The moment of a redaction is taken this long before the transaction that keeps it begins, at most.
_BEGUN_BY: Final = dt.timedelta(minutes=10)
UPDATED_AFTER: Final = OpenApiParameter(
    _NAME, {"type": "string", "format": "date-time"}, description=_DESCRIPTION
)


def taken_away_since(seen: dt.datetime) -> bool:
    """Whether appeals or words of them may have been taken from the public since, by the index of what has changed lately.

    ``seen`` is the ``seen_until`` that was asked for before the data were read: what was taken away before is not in them. At most one
    query.
    """
    redacted = Q(
        events__verb__in=[verb.code for verb in VERBS.values() if verb.redacts or verb.amends],
        events__at__gte=seen - _BEGUN_BY,
    )
    return Appeal.objects.updated_since(seen).filter(Q(hidden=True, held="") | redacted).exists()


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
