"""What may be given to the public no more, of what was kept of a moment."""

from __future__ import annotations

import datetime as dt
from typing import Final

from appeals.models import Appeal
from appeals.workflow import VERBS

#: The moment of a redaction is taken this long before the transaction that keeps it begins, at most.
_BEGUN_BY: Final = dt.timedelta(minutes=10)


def taken_away_since(seen: dt.datetime) -> bool:
    """Whether appeals or words of them may have been taken from the public since, by the index of what has changed lately.

    ``seen`` is the ``seen_until`` that was asked for before the data were read: what was taken away before is not in them. At most one
    query.
    """
    changed = Appeal.objects.updated_since(seen)
    redacted = changed.filter(
        events__verb__in=[verb.code for verb in VERBS.values() if verb.redacts or verb.amends],
        events__at__gte=seen - _BEGUN_BY,
    )
    return (changed.taken_away() | redacted).exists()
