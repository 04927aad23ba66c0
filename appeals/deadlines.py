"""The legal clock: working days in the city's calendar, counted from the day after submission."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import holidays
from django.conf import settings
from django.utils import timezone

from appeals.models import CalendarDay, LegalTerm


class NoLegalTerm(Exception):
    """No term is in force: define one in the profile's terms.toml or in the admin."""


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days are working days: Monday to Friday except public holidays, adjusted by the city's own days.

    ``own_days`` maps a date to True (a make-up working day) or False (a moved or additional holiday).
    """

    country: str
    subdivision: str | None
    own_days: Mapping[dt.date, bool]

    def is_working(self, day: dt.date) -> bool:
        """True if the day is a working day."""
        own = self.own_days.get(day)
        if own is not None:
            return own
        return day.weekday() < 5 and day not in _public_holidays(self.country, self.subdivision, day.year)

    def add_working_days(self, start: dt.date, days: int) -> dt.date:
        """The ``days``-th working day after ``start``, not counting ``start`` itself."""
        day = start
        while days > 0:
            day += dt.timedelta(days=1)
            days -= self.is_working(day)
        return day

    def working_days_between(self, start: dt.date, end: dt.date) -> int:
        """Working days after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
        sign, first, last = (1, start, end) if start <= end else (-1, end, start)
        return sign * sum(
            self.is_working(first + dt.timedelta(days=n)) for n in range(1, (last - first).days + 1)
        )


@lru_cache(maxsize=64)
def _public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def city_calendar() -> WorkingCalendar:
    """The city's calendar as currently stored; one query."""
    return WorkingCalendar(
        settings.CALENDAR_COUNTRY,
        settings.CALENDAR_SUBDIVISION,
        dict(CalendarDay.objects.values_list("date", "working")),
    )


def city_day(moment: dt.datetime) -> dt.date:
    """The date of the moment in the city's time zone."""
    return moment.astimezone(timezone.get_default_timezone()).date()


@dataclass(frozen=True)
class LegalClock:
    """Terms and calendar, read once: two queries for any number of due dates."""

    calendar: WorkingCalendar
    terms: tuple[tuple[str, dt.date, int], ...]

    @classmethod
    def read(cls) -> LegalClock:
        """The clock as currently stored."""
        terms = LegalTerm.objects.order_by("-valid_from", "-kind").values_list(
            "kind", "valid_from", "working_days"
        )
        return cls(city_calendar(), tuple(terms))

    def working_days(self, kind: str, on: dt.date) -> int:
        """The term in force on that day; at the same date, the kind's own term beats the one for every kind.

        Raises ``NoLegalTerm``.
        """
        for term_kind, valid_from, days in self.terms:
            if valid_from <= on and term_kind in {"", kind}:
                return days
        raise NoLegalTerm(f"no legal term is in force on {on}")

    def due_on(self, kind: str, start: dt.datetime) -> dt.date:
        """Last day on which an answer is on time."""
        day = city_day(start)
        return self.calendar.add_working_days(day, self.working_days(kind, day))
