"""Public appeals in stored cells of a period, from what is kept of whole months: of any length, a few reads of each cell.

Kept are counts by district and status. What is narrowed by anything else has rows of its own, and these are counted.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from django.db.models import ExpressionWrapper, IntegerField, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, ExtractMonth, ExtractYear
from django.utils import timezone

from appeals.filters import AppealFilter, condition_of, keys_of
from appeals.models.appeal import CELL_M, Appeal
from appeals.models.metric_cell import BLOCKS, MetricCell
from appeals.models.pyramid import PyramidChange
from appeals.models.status_counts import n_of
from geo.grid import NO_VALUE, Tally
from geo.statements import columns_of, statement_of


class By(enum.Enum):
    """What is counted apart."""

    NOTHING = enum.auto()
    #: By the key of the district of today's borders.
    DISTRICT = enum.auto()
    #: By the first day of the month (``date.toordinal``).
    MONTH = enum.auto()


def is_kept(wanted: AppealFilter) -> bool:
    """True of a filter by district, status and period alone, or by less."""
    return wanted == AppealFilter(
        since=wanted.since, until=wanted.until, district=wanted.district, status=wanted.status
    )


def kept_tally(wanted: AppealFilter, by: By = By.NOTHING) -> Tally:
    """Public appeals that match the filter, which ``is_kept``, by cell of ``CELL_M`` metres; as a count of the rows would have it.

    One statement, another for the district's code. Days of a month that is not whole are counted from their rows.
    """
    keys = keys_of([wanted])
    parts = _parts_of(wanted.since, wanted.until, timezone.localdate())
    selects: list[QuerySet[Any, Any]] = []
    if parts.first is None or parts.first != parts.end:
        cells = MetricCell.objects.filter(
            _within(parts.first, parts.end, BLOCKS if by is not By.MONTH else (1,))
        )
        if wanted.district:
            cells = cells.filter(district__in=keys["district", wanted.district])
        value = {By.NOTHING: (), By.DISTRICT: ("district",), By.MONTH: ("nth",)}
        selects.append(cells.values_list("cell_x", "cell_y", *value[by], n_of(wanted.status)))
        whole = replace(
            wanted,
            since=None if parts.first is None else _day(parts.first),
            until=None if parts.end is None else _last_day(parts.end),
        )
        selects.append(
            PyramidChange.objects.filter(condition_of(whole, keys)).values_list(*_of_a_row(by), "sign")
        )
    for sign, since, until in parts.days:
        rows = Appeal.objects.public().filtered(replace(wanted, since=since, until=until), keys)
        selects.append(rows.order_by().values_list(*_of_a_row(by), Value(sign)))
    statement = " UNION ALL ".join(filter(None, map(statement_of, selects)))
    width = 3 if by is By.NOTHING else 4
    i, j, *values, n = columns_of(statement, width) if statement else [np.zeros(0, np.int64)] * width
    if by is By.NOTHING:
        return Tally.summed(CELL_M, i, j, None, n)
    (of_each,) = values
    if by is By.DISTRICT:
        return Tally.summed(CELL_M, i, j, np.where(of_each == 0, NO_VALUE, of_each), n)
    months, place = np.unique(of_each, return_inverse=True)
    days = np.array([_day(month).toordinal() for month in months.tolist()], np.int64)
    return Tally.summed(CELL_M, i, j, days[place], n)


def _of_a_row(by: By) -> tuple[str | Combinable, ...]:
    """Cell and value of an appeal, or of a change."""
    if by is By.NOTHING:
        return "cell_x", "cell_y"
    if by is By.DISTRICT:
        return "cell_x", "cell_y", Coalesce("district", Value(0), output_field=IntegerField())
    zone = timezone.get_default_timezone()
    month = ExtractYear("submitted_at", tzinfo=zone) * 12 + ExtractMonth("submitted_at", tzinfo=zone) - 1
    return "cell_x", "cell_y", ExpressionWrapper(month, output_field=IntegerField())


@dataclass(frozen=True)
class _Parts:
    """A period as the months from ``first`` to before ``end``, None without a limit, and ``days`` that are added (1) or taken away (-1)."""

    first: int | None
    end: int | None
    days: tuple[tuple[int, dt.date, dt.date], ...]


#: Of a month of which so many days are wanted, or fewer, these are counted, else those that are not.
_HALF: Final = 15


def _parts_of(since: dt.date | None, until: dt.date | None, today: dt.date) -> _Parts:
    """Of a month that is cut the fewer days are read: those wanted, or those that are not. Days to come are the fewest."""
    first = _month(since) if since else None
    end = _month(until) + 1 if until else None
    if since and until and _month(since) == _month(until):
        whole = since.day == 1 and until == _last_day(_month(until) + 1)
        return _Parts(_month(since), _month(since) + 1, ()) if whole else _Parts(0, 0, ((1, since, until),))
    days: list[tuple[int, dt.date, dt.date]] = []
    if since and since.day > 1:
        if since.day > _HALF:
            first = _month(since) + 1
            days.append((1, since, _last_day(first)))
        else:
            days.append((-1, since.replace(day=1), since - dt.timedelta(days=1)))
    if until and until != (last := _last_day(_month(until) + 1)):
        if until.day > _HALF or until >= today:
            days.append((-1, until + dt.timedelta(days=1), last))
        else:
            end = _month(until)
            days.append((1, until.replace(day=1), until))
    return _Parts(first, end, tuple(days))


def _within(first: int | None, end: int | None, sizes: tuple[int, ...]) -> Q:
    """The blocks that make up the months from ``first`` to before ``end``."""
    chosen = Q(pk__in=[])
    for months, low, high in _blocks(first, end, sizes):
        here = Q(months=months)
        if low is not None:
            here &= Q(nth__gte=low)
        if high is not None:
            here &= Q(nth__lt=high)
        chosen |= here
    return chosen


def _blocks(
    first: int | None, end: int | None, sizes: tuple[int, ...]
) -> Iterator[tuple[int, int | None, int | None]]:
    """The largest blocks that fit, as their months, the first and the one after the last."""
    size, *finer = sizes
    low = None if first is None else -(-first // size)
    high = None if end is None else end // size
    if low is not None and high is not None and low >= high:
        if finer:
            yield from _blocks(first, end, tuple(finer))
        return
    if first is not None and low is not None and low * size > first:
        yield from _blocks(first, low * size, tuple(finer))
    yield size, low, high
    if end is not None and high is not None and high * size < end:
        yield from _blocks(high * size, end, tuple(finer))


def _month(day: dt.date) -> int:
    """Months since January of the year 0."""
    return day.year * 12 + day.month - 1


def _day(month: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, 1)


def _last_day(end: int) -> dt.date:
    """The last one before that month."""
    return _day(end) - dt.timedelta(days=1)
