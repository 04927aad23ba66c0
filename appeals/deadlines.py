"""The legal clock: working days of the city's calendar, counted from the day after the appeal came in."""

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
    """No term is in force: terms.toml of the profile, or the admin, must name one."""


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days are worked: Monday to Friday, without public holidays, as corrected by the city's own days.

    ``own_days`` maps a date to True (a make-up working day) or False (a moved or additional holiday).
    """

    country: str
    subdivision: str | None
    own_days: Mapping[dt.date, bool]

    def is_working(self, day: dt.date) -> bool:
        """True when offices work on that day."""
        own = self.own_days.get(day)
        if own is not None:
            return own
        return day.weekday() < 5 and day not in _public_holidays(self.country, self.subdivision, day.year)

    def add_working_days(self, start: dt.date, days: int) -> dt.date:
        """The ``days``-th working day after ``start``, which itself is not counted."""
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
    """The city's calendar as the database knows it now; one query."""
    return WorkingCalendar(
        settings.CALENDAR_COUNTRY,
        settings.CALENDAR_SUBDIVISION,
        dict(CalendarDay.objects.values_list("date", "working")),
    )


def city_day(moment: dt.datetime) -> dt.date:
    """The day of the city's clock on which the moment falls."""
    return moment.astimezone(timezone.get_default_timezone()).date()


@dataclass(frozen=True)
class LegalClock:
    """Terms and calendar together, read once: two queries, however many due dates are asked for."""

    calendar: WorkingCalendar
    terms: tuple[tuple[str, dt.date, int], ...]

    @classmethod
    def read(cls) -> LegalClock:
        """The clock as the database knows it now."""
        terms = LegalTerm.objects.order_by("-valid_from", "-kind").values_list(
            "kind", "valid_from", "working_days"
        )
        return cls(city_calendar(), tuple(terms))

    def working_days(self, kind: str, on: dt.date) -> int:
        """The term in force on that day; a term of the kind goes before one for every kind of the same date.

        Raises ``NoLegalTerm``.
        """
        for term_kind, valid_from, days in self.terms:
            if valid_from <= on and term_kind in {"", kind}:
                return days
        raise NoLegalTerm(f"no legal term is in force on {on}")

    def due_on(self, kind: str, start: dt.datetime) -> dt.date:
        """Last day on which an answer is in time."""
        day = city_day(start)
        return self.calendar.add_working_days(day, self.working_days(kind, day))
