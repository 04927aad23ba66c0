"""The appeals of a question, and those of the same days a year before or of another period that was chosen."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from appeals.filters import AppealFilter
from districts.models import District
from reports.questions import Days
from reports.steps import days_counted
from reports.tallies import Borders, by_district, how_many, showable

if TYPE_CHECKING:
    from geo.hotspots import RateRatio
    from reports.ground import DistrictGround


class Uncompared(enum.StrEnum):
    """Why there is no year before."""

    #: It has no first or no last day, or none of its days is over.
    OPEN = "open period"
    #: It would be compared with itself in part.
    LONG = "longer than a year"
    #: The city's appeals begin later.
    BEGAN_LATER = "no appeals of the whole period a year before"
    #: A status is of today: the appeals of the year before had a year more to be answered.
    STATUS = "status"
    #: The city's appeals begin later than one of the two that were chosen.
    CHOSEN_BEGINS_EARLIER = "no appeals of the whole of both periods"
    #: None of the days of one of the two is over.
    CHOSEN_TO_COME = "days to come"


@dataclass(frozen=True)
class YearBefore:
    """``count`` appeals of the days from ``since`` to ``until``, both inclusive, and ``before`` of the same days a year before, or of those ``chosen``.

    ``over`` is False where more days were asked for than have passed.
    """

    since: dt.date
    until: dt.date
    count: int
    before: int
    over: bool = True
    chosen: Days | None = None

    @property
    def before_since(self) -> dt.date:
        """The first day of the other period."""
        return self.chosen.since if self.chosen else a_year_before(self.since)

    @property
    def before_until(self) -> dt.date:
        """The last one."""
        return self.chosen.until if self.chosen else a_year_before(self.until)

    @property
    def days(self) -> tuple[int, int]:
        """How many there are, and how many there were: of a year before one more or fewer with a 29th of February."""
        return (self.until - self.since).days + 1, (self.before_until - self.before_since).days + 1

    @property
    def uneven(self) -> bool:
        """True where one of the two has more days."""
        return len({*self.days}) > 1

    @property
    def ratio(self) -> RateRatio:
        """Appeals per day by those per day of the other period."""
        # SciPy is loaded where there is something to compare.
        from geo.hotspots import rate_ratio

        return rate_ratio(self.count, self.before, *self.days)


def a_year_before(day: dt.date) -> dt.date:
    """The same day of the year before; of a 29th of February the 28th."""
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


@dataclass(frozen=True)
class TwoPeriods:
    """The same question of the days that are over, and of those days a year before or of those ``chosen``; ``over`` as of ``YearBefore``."""

    this: AppealFilter
    before: AppealFilter
    over: bool
    chosen: Days | None = None


def two_periods(wanted: AppealFilter, against: Days | None) -> TwoPeriods | Uncompared:
    """What is compared for that question: one statement, none where there can be no answer.

    With ``against``, the second period, the first has both of its days.
    """
    if against is not None:
        return _two_chosen(wanted, against)
    if wanted.since is None or wanted.until is None or wanted.since.year == dt.MINYEAR:
        return Uncompared.OPEN
    if a_year_before(wanted.until) >= wanted.since:
        return Uncompared.LONG
    if wanted.status:
        return Uncompared.STATUS
    began = a_year_before(wanted.since)
    days = days_counted(replace(wanted, since=began))
    if days is None or days[0] != began:
        return Uncompared.BEGAN_LATER
    until = days[1]
    if until < wanted.since:
        return Uncompared.OPEN
    return TwoPeriods(
        replace(wanted, until=until),
        replace(wanted, since=began, until=a_year_before(until)),
        until == wanted.until,
    )


def _two_chosen(wanted: AppealFilter, against: Days) -> TwoPeriods | Uncompared:
    if wanted.since is None or wanted.until is None:
        raise ValueError("a second period is compared with one that has both days")
    if wanted.status:
        return Uncompared.STATUS
    days = days_counted(AppealFilter())
    if days is None or days[0] > min(wanted.since, against.since):
        return Uncompared.CHOSEN_BEGINS_EARLIER
    this, before = min(wanted.until, days[1]), min(against.until, days[1])
    if this < wanted.since or before < against.since:
        return Uncompared.CHOSEN_TO_COME
    return TwoPeriods(
        replace(wanted, until=this),
        replace(wanted, since=against.since, until=before),
        this == wanted.until and before == against.until,
        Days(against.since, before),
    )


def counted_in(periods: TwoPeriods, count: int, before: int) -> YearBefore:
    """So many of the one, so many of the other."""
    this = periods.this
    if this.since is None or this.until is None:
        raise ValueError("an open period")
    return YearBefore(this.since, this.until, count, before, periods.over, periods.chosen)


def with_year_before(
    wanted: AppealFilter, borders: Borders, total: int, against: Days | None = None
) -> YearBefore | Uncompared:
    """The same question about a year before, or about the days it is held ``against``, of which ``total`` match; days that are not over count in neither.

    One statement more than ``two_periods``, two while it is not over, without those of the filter's codes.
    """
    periods = two_periods(wanted, against)
    if isinstance(periods, Uncompared):
        return periods
    count = total if periods.this.until == wanted.until else how_many(periods.this, borders)
    return counted_in(periods, count, how_many(periods.before, borders))


#: Below this rate of false discoveries a part clearly has more or fewer than before.
_CLEAR: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class OwnChange:
    """Base of a part of a report, a district or a place, that is held against its own year before, or its second period if that is ``chosen``.

    ``before`` is its count then, ``change`` the ratio per day to it and ``change_q`` the false discovery rate, over all parts, at which that differs
    from 1; None where it is not compared, or either has too few to be shown.
    """

    before: int | None = None
    change: float | None = None
    change_q: float | None = None
    chosen: bool = False

    @property
    def change_direction(self) -> int:
        """1 or -1 where it clearly has more or fewer than before; else 0."""
        if self.change is None or self.change_q is None or self.change_q >= _CLEAR:
            return 0
        return 1 if self.change > 1 else -1


_Part = TypeVar("_Part", bound=OwnChange)


def each_with_its_own(
    parts: Sequence[_Part], this: NDArray[np.int64], before: NDArray[np.int64], year: YearBefore
) -> list[_Part]:
    """The parts with their changes, from the counts of both periods in their order."""
    from geo.hotspots import q_values, rate_ratio

    if not parts:
        return []
    found = rate_ratio(this, before, *year.days)
    q = q_values(np.where(this + before > 0, found.p, np.nan))
    told = []
    for n, part in enumerate(parts):
        if None in (showable(int(this[n])), showable(int(before[n]))):
            told.append(part)
        elif not before[n]:
            told.append(replace(part, before=0, chosen=bool(year.chosen)))
        else:
            change, rate = float(found.value[n]), float(q[n])
            told.append(
                replace(part, before=int(before[n]), change=change, change_q=rate, chosen=bool(year.chosen))
            )
    return told


@dataclass(frozen=True)
class DistrictPart(OwnChange):
    """Base of a district's row, None for what lies in no district; ``count`` is None where it is too few to be shown."""

    district: DistrictGround | None
    count: int | None


_Row = TypeVar("_Row", bound=DistrictPart)


def districts_with_their_own(
    periods: TwoPeriods | Uncompared, borders: Borders, counts: Mapping[int | None, int], rows: Sequence[_Row]
) -> tuple[YearBefore | Uncompared, tuple[_Row, ...], dict[str, dict[str, int]]]:
    """What is compared, the rows with theirs, and what was counted for them, by its name among all that a report was made of.

    ``counts`` are the appeals of the question by the keys of their districts. Every report judges the same districts together, so that the same one
    differs clearly in all of them: what is no district is told and not judged. One statement, two where not all days are over.
    """
    if isinstance(periods, Uncompared):
        return periods, tuple(rows), {}
    if not periods.over:
        counts = by_district(periods.this, borders)
    earlier = by_district(periods.before, borders)
    year = counted_in(periods, sum(counts.values()), sum(earlier.values()))
    this, before = (
        np.array([_in_row(row, rows, numbers) for row in rows], dtype=np.int64)
        for numbers in (counts, earlier)
    )
    judged = [n for n, row in enumerate(rows) if row.district and row.district.kind != District.Kind.CITY]
    compared = dict(
        zip(
            judged,
            each_with_its_own([rows[n] for n in judged], this[judged], before[judged], year),
            strict=True,
        )
    )
    told = []
    for n, row in enumerate(rows):
        # What is too few of all days is told of no part of them either.
        if row.count is None:
            told.append(row)
        elif n in compared:
            told.append(compared[n])
        else:
            told.append(replace(row, before=showable(int(before[n])), chosen=bool(year.chosen)))
    return (
        year,
        tuple(told),
        {
            f"districts_{key_of(year)}": {
                row.district.code if row.district else "": int(before[n]) for n, row in enumerate(rows)
            },
            **counted_with(year),
        },
    )


def _in_row(row: DistrictPart, rows: Sequence[DistrictPart], numbers: Mapping[int | None, int]) -> int:
    if row.district:
        return numbers.get(row.district.id, 0)
    return sum(numbers.values()) - sum(numbers.get(one.district.id, 0) for one in rows if one.district)


def key_of(year: YearBefore) -> str:
    """What the other period is called in files."""
    return "second_period" if year.chosen else "year_before"


def counted_with(year: YearBefore | Uncompared | None) -> dict[str, dict[str, int]]:
    """What was counted for it, by its name among all that a report was made of (``reports.inputs``); nothing where it is not compared."""
    return (
        {key_of(year): {"count": year.count, "before": year.before}} if isinstance(year, YearBefore) else {}
    )
