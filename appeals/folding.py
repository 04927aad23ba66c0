"""Folding: what has changed since is added to the pyramid of counts and to the metric cells, some ten thousand changes at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from appeals.models.metric_cell import BLOCKS as MONTHS
from appeals.models.pyramid import CELL_ZOOM, kept_keys
from appeals.vocabulary import OPEN_STATUSES, Status
from geo.tiles import column_sql, row_sql

#: Changes of one statement: some seconds' work.
FOLDED_AT_ONCE: Final = 20_000

_FOLD = (Path(__file__).parent / "sql" / "fold_pyramid.sql").read_text(encoding="utf-8")
_STATUSES: Final = tuple(f"n_{status}" for status in Status.values)
_SUMS: Final = ("lon_sum", "lat_sum", *_STATUSES, "n_late")
#: Months since January of the year 0.
_MONTH: Final = "(extract(year FROM {at}) * 12 + extract(month FROM {at}) - 1)::integer"


def fold_pyramid() -> int:
    """Number of changes that were added to the pyramid; what is late until today is too.

    One process at a time: another one finds nothing to do.
    """
    total = 0
    while True:
        folded = _fold_some()
        total += folded
        if folded < FOLDED_AT_ONCE:
            return total


def _fold_some() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('appeals_pyramidcell'))")
        if cursor.fetchone() != (True,):
            return 0
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(
            _statement(),
            {
                "most": FOLDED_AT_ONCE,
                "today": timezone.localdate(),
                "zone": settings.TIME_ZONE,
                "open": [status.value for status in OPEN_STATUSES],
            },
        )
        (folded,) = cursor.fetchone()
        return int(folded)


def _statement() -> str:
    """``sql/fold_pyramid.sql`` with what the models say."""
    counts = ", ".join(
        f"sum(sign) FILTER (WHERE status = '{status}')::integer AS n_{status}" for status in Status.values
    )
    return _FOLD.format(
        tile_x=column_sql("point", CELL_ZOOM),
        tile_y=row_sql("point", CELL_ZOOM),
        finest=CELL_ZOOM,
        keys=", ".join(f"({key}, ARRAY{list(zooms)}::smallint[])" for key, zooms in kept_keys()),
        counts=counts,
        **_parts("", _SUMS),
        month=_MONTH.format(at="submitted_at AT TIME ZONE %(zone)s"),
        blocks=", ".join(f"({months}::smallint)" for months in MONTHS),
        **_parts("status_", _STATUSES),
    )


def _parts(which: str, columns: Sequence[str]) -> dict[str, str]:
    """What an addition to these columns is written with."""
    return {
        f"{which}columns": ", ".join(columns),
        f"{which}sums": ", ".join(f"coalesce(sum({column}), 0)" for column in columns),
        f"{which}changes": " OR ".join(f"coalesce(sum({column}), 0) <> 0" for column in columns),
        f"{which}additions": ", ".join(f"{column} = cell.{column} + EXCLUDED.{column}" for column in columns),
    }
