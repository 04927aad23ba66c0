"""Where the city's calendar differs from its country's in a year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from appeals.deadlines import WorkingCalendar


@dataclass(frozen=True)
class DayOfYear:
    """A day that one of the two calendars names: whether it is a working day in each, and what it is called."""

    date: dt.date
    in_the_country: bool
    in_the_city: bool
    public_holiday: str
    city_name: str

    @property
    def differs(self) -> bool:
        """True when the city works and the country does not, or the other way round."""
        return self.in_the_country != self.in_the_city


@dataclass(frozen=True)
class Year:
    """The year's named days, and how many working days it has for the country and for the city."""

    days: tuple[DayOfYear, ...]
    country_working_days: int
    city_working_days: int

    @property
    def differences(self) -> list[DayOfYear]:
        """The days on which the calendars differ."""
        return [day for day in self.days if day.differs]

    @property
    def needless(self) -> list[DayOfYear]:
        """The city's own days that say what the country's calendar says already."""
        return [day for day in self.days if day.city_name and not day.differs]


def year_of(calendar: WorkingCalendar, year: int) -> Year:
    """The year in both calendars, names in the reader's language; no query."""
    days = list(_days(calendar, year))
    named = tuple(day for day in days if day.differs or day.city_name or day.public_holiday)
    return Year(named, sum(day.in_the_country for day in days), sum(day.in_the_city for day in days))


def _days(calendar: WorkingCalendar, year: int) -> Iterator[DayOfYear]:
    day = dt.date(year, 1, 1)
    while day.year == year:
        yield DayOfYear(
            day,
            not calendar.off_in_the_country(day),
            calendar.is_working(day),
            calendar.public_holiday(day),
            calendar.own_names.get(day, ""),
        )
        day += dt.timedelta(days=1)
