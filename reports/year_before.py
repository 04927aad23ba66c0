"""The appeals of a question, and those of the same days a year before."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from appeals.filters import AppealFilter
from reports.steps import days_counted
from reports.tallies import Borders, how_many

if TYPE_CHECKING:
    from geo.hotspots import RateRatio


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


@dataclass(frozen=True)
class YearBefore:
    """``count`` appeals of the days from ``since`` to ``until``, both inclusive, and ``before`` of the same days a year before.

    ``over`` is False where more days were asked for than have passed.
    """

    since: dt.date
    until: dt.date
    count: int
    before: int
    over: bool = True

    @property
    def before_since(self) -> dt.date:
        """The first day of the year before."""
        return a_year_before(self.since)

    @property
    def before_until(self) -> dt.date:
        """The last one."""
        return a_year_before(self.until)

    @property
    def days(self) -> tuple[int, int]:
        """How many there are, and how many there were: one more or fewer with a 29th of February."""
        return (self.until - self.since).days + 1, (self.before_until - self.before_since).days + 1

    @property
    def leaps(self) -> bool:
        """True where one of the two has a day more."""
        return len({*self.days}) > 1

    @property
    def ratio(self) -> RateRatio:
        """Appeals per day by those per day of the year before."""
        # SciPy is loaded where there is something to compare.
        from geo.hotspots import rate_ratio

        return rate_ratio(self.count, self.before, *self.days)


def a_year_before(day: dt.date) -> dt.date:
    """The same day of the year before; of a 29th of February the 28th."""
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


@dataclass(frozen=True)
class TwoYears:
    """The same question of the days that are over, and of those days a year before; ``over`` as of ``YearBefore``."""

    this: AppealFilter
    before: AppealFilter
    over: bool


def two_years(wanted: AppealFilter) -> TwoYears | Uncompared:
    """What is compared for that question: one statement, none where there can be no answer."""
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
    return TwoYears(
        replace(wanted, until=until),
        replace(wanted, since=began, until=a_year_before(until)),
        until == wanted.until,
    )


def counted_in(years: TwoYears, count: int, before: int) -> YearBefore:
    """So many of the one, so many of the year before."""
    if years.this.since is None or years.this.until is None:
        raise ValueError("an open period")
    return YearBefore(years.this.since, years.this.until, count, before, years.over)


def with_year_before(wanted: AppealFilter, borders: Borders, total: int) -> YearBefore | Uncompared:
    """The same question about a year before, of which ``total`` match; days that are not over count in neither year.

    One statement more than ``two_years``, two while it is not over, without those of the filter's codes.
    """
    years = two_years(wanted)
    if isinstance(years, Uncompared):
        return years
    count = total if years.over else how_many(years.this, borders)
    return counted_in(years, count, how_many(years.before, borders))


def counted_with(year: YearBefore | Uncompared | None) -> dict[str, dict[str, int]]:
    """What was counted for it, by its name among all that a report was made of (``reports.inputs``); nothing where it is not compared."""
    return (
        {"year_before": {"count": year.count, "before": year.before}} if isinstance(year, YearBefore) else {}
    )
