"""Public appeals per cell of the map and per what a map is narrowed by, so that a map of ten million appeals reads none.

What would be counted by half of a city is what all writers would wait for. So a statement on appeals only appends its
changes (``PyramidChange``), and ``appeals.folding`` adds them up a moment later. Who reads adds those that are not yet
folded, and so always reads what is committed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import pgtrigger
from django.contrib.gis.db.models import PointField
from django.db import models
from django.db.models import F, Q, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from appeals.filters import YEARS, AppealFilter, Keys, condition_of
from appeals.vocabulary import OPEN_STATUSES, Status
from geo.points import WGS84_SRID
from geo.statements import statement_of

#: The finest cells are tiles of this zoom, 76 m a side at the equator and 58 m in Osh, of statuses alone.
CELL_ZOOM: Final = 19
#: Zooms of the tiles that are counted; what is drawn between two of them is summed from the finer one.
PYRAMID_ZOOMS: Final = (13, 15, 17, CELL_ZOOM)
#: Unit of the coordinate sums: whole millionths of a degree, so that sums are exact in any order.
COORDINATE_UNIT: Final = 1e-6
#: Days of the blocks that a period is made of: each block begins at a whole multiple of its days since 0001-01-01.
BLOCKS: Final = (256, 16, 1)
#: What counts are kept by, beside statuses and blocks of days: the filter and the column.
KEPT_BY: Final = {
    "kind": "kind",
    "category": "category_id",
    "service": "service_id",
    "district": "district_id",
}


class PyramidCell(models.Model):
    """What the public sees in one tile of one of ``PYRAMID_ZOOMS``, of the appeals of one ``key``.

    A key is ``status:new``, ``service:12``, ``16:46210`` (the 16 days from day 16 * 46210 on, day 1 being 0001-01-01, of the
    city's calendar). ``n_late`` are those that were due before ``PyramidState.late_before``.
    """

    pk = models.CompositePrimaryKey("key", "zoom", "tile_x", "tile_y")
    key = models.CharField(max_length=30)
    zoom = models.SmallIntegerField()
    tile_x = models.IntegerField()
    tile_y = models.IntegerField()
    lon_sum = models.BigIntegerField(help_text="Millionths of a degree, EPSG:4326.")
    lat_sum = models.BigIntegerField(help_text="Millionths of a degree, EPSG:4326.")
    n_new = models.IntegerField()
    n_accepted = models.IntegerField()
    n_planned = models.IntegerField()
    n_waiting = models.IntegerField()
    n_answered = models.IntegerField()
    n_closed = models.IntegerField()
    n_late = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.zoom}/{self.tile_x}/{self.tile_y}"


class PyramidChange(models.Model):
    """A public appeal that came (``sign`` 1) or went (-1), by the columns of the appeal that cells are counted by.

    Written only by triggers on ``appeals_appeal``; the columns have the names that filters know.
    """

    sign = models.SmallIntegerField()
    point = PointField(srid=WGS84_SRID, spatial_index=False)
    status = models.CharField(max_length=10)
    kind = models.CharField(max_length=20)
    category = models.BigIntegerField(db_column="category_id")
    service = models.BigIntegerField(db_column="service_id")
    district = models.BigIntegerField(db_column="district_id", null=True)
    submitted_at = models.DateTimeField()
    due_on = models.DateField()
    cell_x = models.IntegerField()
    cell_y = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.sign:+d} {self.status}"


class PyramidState(models.Model):
    """Until which day the pyramid knows what is late: the one row, or none before the first folding."""

    late_before = models.DateField()

    def __str__(self) -> str:
        return str(self.late_before)


def late_before() -> Combinable:
    """The day before which what was due is counted as late by the pyramid."""
    return Coalesce(Subquery(PyramidState.objects.values("late_before")[:1]), Value(dt.date.min))


def kept_under(wanted: AppealFilter, keys: Keys) -> list[str] | None:
    """Keys of the cells that add up to what the filter leaves, but for its statuses beside another; None where there are none.

    A filter by one thing has some, with statuses or without; two together are not kept.
    """
    narrowed = [name for name in KEPT_BY if getattr(wanted, name)]
    in_time = bool(wanted.since or wanted.until)
    if wanted.q or wanted.bbox or len(narrowed) + in_time > 1:
        return None
    if in_time:
        return list(_blocks(wanted.since, wanted.until))
    if not narrowed:
        return [f"status:{status}" for status in wanted.status or Status.values]
    (name,) = narrowed
    value = getattr(wanted, name)
    return [f"{name}:{key}" for key in ([value] if name == "kind" else keys[name, value])]


def _blocks(since: dt.date | None, until: dt.date | None) -> Iterator[str]:
    day = (since or dt.date(YEARS[0], 1, 1)).toordinal()
    last = (until or dt.date(YEARS[-1], 12, 31)).toordinal()
    while day <= last:
        days = next(days for days in BLOCKS if day % days == 0 and day + days - 1 <= last)
        yield f"{days}:{day // days}"
        day += days


def kept_number(wanted: AppealFilter, keys: Keys) -> str:
    """Statement of how many appeals the public sees of what the filter leaves; empty where that is not kept."""
    under = kept_under(wanted, keys)
    if under is None:
        return ""
    cells = PyramidCell.objects.filter(key__in=under, zoom=PYRAMID_ZOOMS[0])
    total = sum((F(f"n_{status}") for status in wanted.status or Status.values), Value(0))
    changes = PyramidChange.objects.filter(condition_of(wanted, keys)).values_list("sign")
    counted = " UNION ALL ".join(filter(None, map(statement_of, (cells.values_list(total), changes))))
    return f"SELECT sum(n)::bigint FROM ({counted or 'SELECT 0'}) AS counted(n)"  # noqa: S608 - of querysets


def is_late() -> Q:
    """What is true of changes that the pyramid counts as late."""
    return Q(status__in=OPEN_STATUSES, due_on__lt=late_before())


_COLUMNS: Final = (
    "point, status, kind, category_id, service_id, district_id, submitted_at, due_on, cell_x, cell_y"
)


def _appended(rows: str) -> str:
    return f"""
        INSERT INTO appeals_pyramidchange (sign, {_COLUMNS})
        {rows};
        RETURN NULL;
    """


def _public(table: str, before: str = "") -> str:
    return f"SELECT {before}{_COLUMNS} FROM {table} WHERE NOT hidden"  # noqa: S608


def _but(sign: int, table: str, other: str) -> str:
    """The rows of a table that the other has not: what counts is unchanged where both have it."""
    return f"SELECT {sign}, * FROM ({_public(table)} EXCEPT ALL {_public(other)}) AS in_{table}"  # noqa: S608


def pyramid_triggers() -> list[pgtrigger.Trigger]:
    """Triggers on the appeals table; they run once per statement, and wait for nobody."""
    return [
        pgtrigger.Trigger(
            name=f"pyramid_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(**tables),  # type: ignore[no-untyped-call]
            func=_appended(rows),
        )
        for name, operation, tables, rows in (
            ("insert", pgtrigger.Insert, {"new": "added"}, _public("added", "1, ")),
            (
                "update",
                pgtrigger.Update,
                {"old": "taken", "new": "added"},
                f"{_but(1, 'added', 'taken')} UNION ALL {_but(-1, 'taken', 'added')}",
            ),
            ("delete", pgtrigger.Delete, {"old": "taken"}, _public("taken", "-1, ")),
        )
    ]
