"""Public appeals per cell of the map and per what a map is narrowed by, so that a map of ten million appeals reads none.

What would be counted by half of a city is what all writers would wait for. So a statement on appeals only appends its
changes (``PyramidChange``), and ``appeals.folding`` adds them up a moment later. Who reads adds those that are not yet
folded, and so always reads what is committed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Final

import pgtrigger
from django.contrib.gis.db.models import PointField
from django.db import models
from django.db.models import Q, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from appeals.filters import YEARS, AppealFilter, Keys
from appeals.models.status_counts import StatusCounts
from appeals.vocabulary import OPEN_STATUSES, Status
from geo.points import WGS84_SRID

#: The finest cells are tiles of this zoom, 76 m a side at the equator and 58 m in Osh.
CELL_ZOOM: Final = 19
#: Zooms of the tiles that are counted; what is drawn between two of them is summed from the finer one.
PYRAMID_ZOOMS: Final = (13, 15, 17, CELL_ZOOM)
#: Unit of the coordinate sums: whole millionths of a degree, so that sums are exact in any order.
COORDINATE_UNIT: Final = 1e-6
#: Days of the blocks that a period is made of: each block begins at a whole multiple of its days since 0001-01-01.
BLOCKS: Final = (256, 16, 1)
#: Days of those that are counted by something else too; what is left of a period at its ends is counted from the appeals.
LONG_BLOCKS: Final = (256, 16)
#: What counts are kept by, beside statuses and blocks of days: the filter and the column.
KEPT_BY: Final = {
    "kind": "kind",
    "category": "category_id",
    "service": "service_id",
    "district": "district_id",
}
#: Zooms of the cells of one filter, of a period, of two filters, of a filter and a period: the deeper, the nearer their number
#: is to that of the appeals.
OF_ONE: Final = PYRAMID_ZOOMS
OF_PERIOD: Final = PYRAMID_ZOOMS[:3]
OF_TWO: Final = PYRAMID_ZOOMS[1:3]
OF_ONE_AND_PERIOD: Final = PYRAMID_ZOOMS[1:2]


class PyramidCell(StatusCounts):
    """What the public sees in one tile of one of ``PYRAMID_ZOOMS``, of the appeals of one ``key``.

    A key is ``status:new``, ``service:12``, ``16:46210`` (the 16 days from day 16 * 46210 on, day 1 being 0001-01-01, of the
    city's calendar), or two of them, as ``kept_keys`` says: ``kind:request+service:12``, ``service:12+16:46210``. ``n_late``
    are those that were due before ``PyramidState.late_before``.
    """

    pk = models.CompositePrimaryKey("key", "zoom", "tile_x", "tile_y")
    key = models.CharField(max_length=60)
    zoom = models.SmallIntegerField()
    tile_x = models.IntegerField()
    tile_y = models.IntegerField()
    lon_sum = models.BigIntegerField(help_text="Millionths of a degree, EPSG:4326.")
    lat_sum = models.BigIntegerField(help_text="Millionths of a degree, EPSG:4326.")
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


def kept_keys() -> Iterator[tuple[str, tuple[int, ...]]]:
    """SQL of each key of a row with the columns of ``KEPT_BY``, a status and a day, and the zooms of its cells."""
    yield "'status:' || status", PYRAMID_ZOOMS
    ones = [f"'{name}:' || {column}" for name, column in KEPT_BY.items()]
    blocks = {days: f"'{days}:' || day / {days}" for days in BLOCKS}
    yield from ((one, OF_ONE) for one in ones)
    yield from ((block, OF_PERIOD) for block in blocks.values())
    yield from ((f"{one} || '+' || {other}", OF_TWO) for one, other in combinations(ones, 2))
    for one, days in product(ones, LONG_BLOCKS):
        yield f"{one} || '+' || {blocks[days]}", OF_ONE_AND_PERIOD


@dataclass(frozen=True)
class Kept:
    """The cells that add up to what a filter leaves: their keys, and the zooms that they are kept at.

    They hold what ``whole`` leaves, but for its statuses beside another filter: a period of whole blocks. What each of
    ``ends`` leaves is to be added, or taken away where its sign is -1.
    """

    keys: list[str]
    zooms: tuple[int, ...]
    whole: AppealFilter
    ends: tuple[tuple[int, AppealFilter], ...] = ()


def kept_under(wanted: AppealFilter, keys: Keys) -> Kept | None:
    """The cells of one filter, of a period, or of two of them, with statuses or without; None of more.

    Of a filter and a period that is shorter than a block there are none either.
    """
    narrowed = [name for name in KEPT_BY if getattr(wanted, name)]
    in_time = bool(wanted.since or wanted.until)
    if wanted.q or wanted.bbox or len(narrowed) + in_time > 2:
        return None
    of_each = [
        [f"{name}:{key}" for key in ([value] if name == "kind" else keys[name, value])]
        for name, value in ((name, getattr(wanted, name)) for name in narrowed)
    ]
    if not in_time:
        if not of_each:
            return Kept(
                [f"status:{status}" for status in wanted.status or Status.values], PYRAMID_ZOOMS, wanted
            )
        return Kept(["+".join(one) for one in product(*of_each)], OF_TWO if of_each[1:] else OF_ONE, wanted)
    day, after = _days(wanted)
    if not of_each:
        return Kept(list(_blocks(day, after, BLOCKS)), OF_PERIOD, wanted)
    # Where statuses are chosen, the place of what is kept is a mean of others too, from which none can be taken.
    inside = bool(wanted.status)
    first, last = _border(day, inside, begins=True), _border(after, inside, begins=False)
    if first >= last:
        return None
    return Kept(
        [f"{one}+{block}" for one in of_each[0] for block in _blocks(first, last, LONG_BLOCKS)],
        OF_ONE_AND_PERIOD,
        _between(wanted, first, last),
        tuple(
            (sign, _between(wanted, begin, end))
            for sign, begin, end in ((1, day, first), (-1, first, day), (1, last, after), (-1, after, last))
            if begin < end
        ),
    )


def _days(wanted: AppealFilter) -> tuple[int, int]:
    """The first day of the filter's period, and the one after its last; where it has none, one that begins a long block."""
    shortest = LONG_BLOCKS[-1]
    day = (wanted.since or dt.date(YEARS[0], 1, 1)).toordinal()
    after = (wanted.until or dt.date(YEARS[-1], 12, 31)).toordinal() + 1
    return day if wanted.since else day - day % shortest, after if wanted.until else after + -after % shortest


def _border(day: int, inside: bool, *, begins: bool) -> int:
    """Where a long block begins or ends, nearest to the day, or nearest within the period that it begins or ends."""
    before = day - day % LONG_BLOCKS[-1]
    behind = day + -day % LONG_BLOCKS[-1]
    within, without = (behind, before) if begins else (before, behind)
    return within if inside or abs(day - within) <= abs(day - without) else without


def _between(wanted: AppealFilter, first: int, after: int) -> AppealFilter:
    return replace(wanted, since=dt.date.fromordinal(first), until=dt.date.fromordinal(after - 1))


def _blocks(day: int, after: int, lengths: Sequence[int]) -> Iterator[str]:
    while day < after:
        days = next(days for days in lengths if day % days == 0 and day + days <= after)
        yield f"{days}:{day // days}"
        day += days


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
