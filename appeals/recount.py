"""Counts appeals in the districts of today's borders; how each was routed stays with its decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from appeals.models import Appeal
from districts.models import BoundaryRevision

#: Rows locked at a time: whoever answers one of them waits for no more.
_BATCH: Final = 5_000


@cache
def _statement() -> str:
    return (Path(__file__).parent / "sql" / "count_in_districts.sql").read_text(encoding="utf-8")


def count_in_districts(ids: Sequence[UUID] | None = None) -> int:
    """How many appeals (of those named, or all) lay in another district by the applied borders; they are moved there.

    ``Appeal.district`` is where the pin lies today, whatever the borders were when it came; the latter is in
    ``RoutingDecision.district``. Safe to run again after a crash: what was moved stays.
    """
    current = BoundaryRevision.objects.filter(applied=True).first()
    if current is None:
        return 0
    moved = 0
    for batch in _batches(ids):
        with transaction.atomic(), connection.cursor() as cursor:
            parameters: dict[str, Any] = {
                "ids": batch,
                "revision": current.pk,
                "metric_srid": settings.METRIC_SRID,
            }
            cursor.execute(_statement(), parameters)
            moved += cursor.rowcount
    return moved


def _batches(ids: Sequence[UUID] | None) -> Iterator[list[UUID]]:
    if ids is not None:
        yield from (list(ids[n : n + _BATCH]) for n in range(0, len(ids), _BATCH))
        return
    # By key, not by a cursor of the server: each batch is a transaction of its own.
    rows = Appeal.objects.order_by("pk").values_list("pk", flat=True)
    batch = list(rows[:_BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1])[:_BATCH])
