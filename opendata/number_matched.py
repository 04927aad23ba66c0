"""How many features a list has beside those of its page: exact or not told, and what the very reader may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from psycopg2.errors import QueryCanceled

from accounts.models import User
from accounts.roles import standing_of
from appeals.filters import YEARS, AppealFilter, midnight
from appeals.kept_number import kept_number
from districts.versions import public_version

#: Up to so many are counted one by one for the first page of a list; who asks for their number alone waits for it.
COUNTED_MAX: Final = 10_000
#: And for so long.
_COUNTED_MS: Final = 300


def number_matched(
    reader: User | AnonymousUser,
    rows: QuerySet[Any],
    wanted: AppealFilter | None,
    *,
    exactly: bool = False,
    besides: Iterable[Q] = (),
) -> int | None:
    """How many rows there are; None where that takes long, unless it is asked for ``exactly``.

    The rows are what the reader may see of what ``wanted`` leaves, but for those of ``besides``, each a condition of few, which
    it does not leave; None where they are narrowed by more. What is kept tells of it what the public sees.
    """
    kept = None
    if wanted:
        most = None if exactly else COUNTED_MAX
        kept = _in_box(public_version(), wanted, most) if wanted.bbox else kept_number(wanted, most)
    if kept is not None:
        others = [rows.filter(part, hidden=False) for part in besides]
        if standing_of(reader).works_on_appeals:
            others.append(rows.filter(hidden=True))
        return kept + sum(part.order_by().count() for part in others)
    return rows.order_by().count() if exactly else _counted(rows)


@lru_cache(maxsize=1_024)
def _in_box(_version: str, wanted: AppealFilter, most: int | None) -> int | None:
    """Remembered for as long as the data are the same: the edge of a box costs as much as half a page."""
    return kept_number(wanted, most)


def in_period(
    wanted: AppealFilter, start: dt.datetime | None, end: dt.datetime | None
) -> tuple[AppealFilter | None, Sequence[Q]]:
    """The filter with the whole days of the period from ``start`` on and before ``end``, and what is submitted in its other parts of days.

    No filter of a period without a whole day, or of years that no day is counted in.
    """
    since, until, besides = wanted.since, wanted.until, []
    day = dt.timedelta(days=1)
    if start is not None:
        first = timezone.localdate(start - _MOMENT) + day
        if midnight(first) != start:
            besides.append(Q(submitted_at__lt=midnight(first)))
        since = max(first, since or first)
    if end is not None:
        after = timezone.localdate(end)
        if midnight(after) != end:
            besides.append(Q(submitted_at__gte=midnight(after)))
        until = min(after - day, until or after)
    if (since and until and since > until) or not all(one.year in YEARS for one in (since, until) if one):
        return None, ()
    return replace(wanted, since=since, until=until), besides


#: The database counts in microseconds.
_MOMENT: Final = dt.timedelta(microseconds=1)


def _counted(rows: QuerySet[Any]) -> int | None:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [_COUNTED_MS])
            counted = rows.order_by().values("pk")[: COUNTED_MAX + 1].count()
            # The limit is of this count alone.
            transaction.set_rollback(True)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return None
    return counted if counted <= COUNTED_MAX else None
