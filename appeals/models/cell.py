"""Public appeals per cell of the map, counted by the database, so that a map of a million appeals reads none."""

from __future__ import annotations

import pgtrigger
from django.db import models

from appeals.vocabulary import Status
from geo.tiles import column_sql, row_sql

#: The cells are tiles of this zoom, 76 m a side at the equator and 58 m in Osh, so that each tile of a map is made of whole
#: ones. Coarser ones are summed when they are asked for: one that holds half of a city would be what all writers wait for.
CELL_ZOOM = 19
#: Unit of the coordinate sums: whole millionths of a degree, so that sums are exact in any order.
COORDINATE_UNIT = 1e-6

_COUNTS = [f"n_{status.value}" for status in Status]
_SUMS = ["lon_sum", "lat_sum", *_COUNTS]


class CellCount(models.Model):
    """What the public sees in one tile of ``CELL_ZOOM``: its appeals by status, and the sums of their coordinates.

    Written only by triggers on ``appeals_appeal``. There are never more rows than the city has cells, however
    many appeals there are; a cell without appeals any more stays, with zeros.
    """

    pk = models.CompositePrimaryKey("tile_x", "tile_y")
    tile_x = models.IntegerField()
    tile_y = models.IntegerField()
    lon_sum = models.BigIntegerField(help_text="Millionths of a degree, EPSG:4326.")
    lat_sum = models.BigIntegerField(help_text="Millionths of a degree, EPSG:4326.")
    n_new = models.IntegerField()
    n_accepted = models.IntegerField()
    n_planned = models.IntegerField(default=0)
    n_waiting = models.IntegerField(default=0)
    n_answered = models.IntegerField()
    n_closed = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.tile_x}, {self.tile_y}"


# Every part of these texts is a constant of this module.
def _counted(rows: str) -> str:
    """Statement that adds the rows' changes to their cells.

    ``rows`` is a query of appeals with a ``sign`` of 1 or -1. Cells are locked in a fixed order, so that
    statements touching the same cells wait instead of deadlocking.
    """
    counts = ", ".join(
        f"coalesce(sum(sign) FILTER (WHERE status = '{status.value}'), 0) AS n_{status.value}"
        for status in Status
    )
    changes = " OR ".join(f"{column} <> 0" for column in _SUMS)
    additions = ", ".join(f"{column} = cell.{column} + EXCLUDED.{column}" for column in _SUMS)
    return f"""
        INSERT INTO appeals_cellcount AS cell (tile_x, tile_y, {", ".join(_SUMS)})
        SELECT * FROM (
            SELECT tile_x, tile_y, sum(sign * round(ST_X(point) * 1000000))::bigint AS lon_sum,
                sum(sign * round(ST_Y(point) * 1000000))::bigint AS lat_sum, {counts}
            FROM ({rows}) AS changed
            WHERE NOT hidden
            GROUP BY tile_x, tile_y
        ) AS delta
        WHERE {changes}
        ORDER BY tile_x, tile_y
        ON CONFLICT (tile_x, tile_y) DO UPDATE SET {additions};
        RETURN NULL;
    """  # noqa: S608


_COLUMNS = f"{column_sql('point', CELL_ZOOM)} AS tile_x, {row_sql('point', CELL_ZOOM)} AS tile_y, point, status, hidden"
_ADDED = f"SELECT 1 AS sign, {_COLUMNS} FROM added"  # noqa: S608
_TAKEN = f"SELECT -1 AS sign, {_COLUMNS} FROM taken"  # noqa: S608


def counting_triggers() -> list[pgtrigger.Trigger]:
    """Triggers on the appeals table; they run once per statement, however many rows it changes."""
    return [
        pgtrigger.Trigger(
            name=f"count_cells_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(**tables),  # type: ignore[no-untyped-call]
            func=_counted(rows),
        )
        for name, operation, tables, rows in (
            ("insert", pgtrigger.Insert, {"new": "added"}, _ADDED),
            ("update", pgtrigger.Update, {"old": "taken", "new": "added"}, f"{_ADDED} UNION ALL {_TAKEN}"),
            ("delete", pgtrigger.Delete, {"old": "taken"}, _TAKEN),
        )
    ]
