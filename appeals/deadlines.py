"""The clock of terms, legal or of a service level: working days in the city's calendar, counted from the day after submission."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate

import holidays
from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, Value
from django.utils import timezone
from django.utils.translation import get_language

from appeals.models import Appeal, CalendarDay, LegalTerm
from appeals.vocabulary import Guard, Kind
from appeals.workflow import STAGES


class NoLegalTerm(Exception):
    """No term is in force on that day: define one in the profile's terms.toml or in the admin."""

    def __init__(self, day: dt.date) -> None:
        super().__init__(f"no legal term is in force on {day}")
        self.day = day


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days are working days: Monday to Friday except public holidays, adjusted by the city's own days.

    ``own_days`` maps a date to True (a make-up working day) or False (a moved or additional holiday), ``own_names``
    the same to its name, which may be empty.
    """

    country: str
    subdivision: str | None
    own_days: Mapping[dt.date, bool]
    own_names: Mapping[dt.date, str] = field(default_factory=dict)

    def is_working(self, day: dt.date) -> bool:
        """True if the day is a working day."""
        own = self.own_days.get(day)
        if own is not None:
            return own
        return not self.off_in_the_country(day)

    def off_in_the_country(self, day: dt.date) -> bool:
        """True on weekends and on the public holidays that the ``holidays`` package knows."""
        return day.weekday() >= 5 or day in _public_holidays(self.country, self.subdivision, day.year)

    def name(self, day: dt.date) -> str:
        """The city's name of the day, else the public holiday's in the reader's language, else nothing."""
        return self.own_names.get(day) or self.public_holiday(day)

    def public_holiday(self, day: dt.date) -> str:
        """The public holiday's name in the reader's language where the package knows it; empty on other days."""
        language = get_language() or settings.LANGUAGE_CODE
        return _named_holidays(self.country, self.subdivision, day.year, language).get(day, "")

    def weekdays_off(self, after: dt.date, until: dt.date) -> Iterator[dt.date]:
        """Mondays to Fridays after the one day, up to and including the other, that are no working days."""
        return (day for day in _days(after, until) if day.weekday() < 5 and not self.is_working(day))

    def days_worked_instead(self, after: dt.date, until: dt.date) -> Iterator[dt.date]:
        """Working days after the one day, up to and including the other, that the country has off."""
        return (day for day in _days(after, until) if self.is_working(day) and self.off_in_the_country(day))

    def add_working_days(self, start: dt.date, days: int, pauses: Sequence[dt.date] = ()) -> dt.date:
        """The ``days``-th working day after ``start``, not counting ``start`` itself nor any day of the pauses."""
        day = start
        while days > 0:
            day += dt.timedelta(days=1)
            days -= self.is_working(day) and not in_pause(day, pauses)
        return day

    def working_days_between(self, start: dt.date, end: dt.date) -> int:
        """Working days after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
        sign, first, last = (1, start, end) if start <= end else (-1, end, start)
        # Counted without a look at each day: a list has rows that were due years ago.
        weekdays = _weekdays_until(last) - _weekdays_until(first)
        off = sum(
            bisect_right(days, last) - bisect_right(days, first)
            for year in range(first.year, last.year + 1)
            for days in [_holidays_on_weekdays(self.country, self.subdivision, year)]
        )
        changed, by = self._own_changes
        own = by[bisect_right(changed, last)] - by[bisect_right(changed, first)]
        return sign * (weekdays - off + own)

    @cached_property
    def _own_changes(self) -> tuple[list[dt.date], list[int]]:
        """Own days that differ from the country's, in order, and how many working days those before each add together."""
        days = sorted(day for day, works in self.own_days.items() if works == self.off_in_the_country(day))
        return days, [0, *accumulate(1 if self.own_days[day] else -1 for day in days)]


def pairs(pauses: Sequence[dt.date]) -> Iterator[tuple[dt.date, dt.date]]:
    """The pauses one by one: the day of the question, and that of the reply, which is the last that does not count."""
    return zip(pauses[::2], pauses[1::2], strict=True)


def in_pause(day: dt.date, pauses: Sequence[dt.date]) -> bool:
    """True on a day after a question, up to and including that of its reply."""
    return any(asked < day <= replied for asked, replied in pairs(pauses))


def _days(after: dt.date, until: dt.date) -> Iterator[dt.date]:
    """The days after the one, up to and including the other."""
    return (after + dt.timedelta(days=n) for n in range(1, (until - after).days + 1))


@lru_cache
def _public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


@lru_cache
def _holidays_on_weekdays(country: str, subdivision: str | None, year: int) -> list[dt.date]:
    return sorted(day for day in _public_holidays(country, subdivision, year) if day.weekday() < 5)


def _weekdays_until(day: dt.date) -> int:
    """Mondays to Fridays up to and including the day, from a Monday long ago on."""
    weeks, days = divmod(day.toordinal(), 7)
    return weeks * 5 + min(days, 5)


@lru_cache
def _named_holidays(country: str, subdivision: str | None, year: int, language: str) -> dict[dt.date, str]:
    known = holidays.country_holidays(country).supported_languages
    # The package names its languages as de, en_US or ru_KG.
    named = next((code for code in known if code.split("_")[0] == language.split("-")[0]), None)
    return dict(holidays.country_holidays(country, subdiv=subdivision, years=year, language=named))


def city_calendar() -> WorkingCalendar:
    """The city's calendar as currently stored; one query."""
    return calendar_of(CalendarDay.objects.values_list("date", "working", "name"))


def calendar_of(rows: Iterable[tuple[dt.date, bool, str]]) -> WorkingCalendar:
    """The city's calendar with these days of its own, as ``CalendarDay`` has them: date, working, name."""
    days = list(rows)
    return WorkingCalendar(
        settings.CALENDAR_COUNTRY,
        settings.CALENDAR_SUBDIVISION,
        {date: working for date, working, _name in days},
        {date: name for date, _working, name in days},
    )


def city_day(moment: dt.datetime) -> dt.date:
    """The date of the moment in the city's time zone."""
    return moment.astimezone(timezone.get_default_timezone()).date()


@dataclass(frozen=True)
class Term:
    """A term as it is stored; ``kind`` is empty for every kind.

    ``category`` is that of a service level, None for every one; ``within`` are the categories below it.
    """

    kind: str
    valid_from: dt.date
    working_days: int
    extension_days: int
    reply_days: int
    law: str
    category: int | None = None
    within: frozenset[int] = frozenset()

    def closeness(self, category: int | None) -> int:
        """How closely it is meant for that category: 2 for itself, 1 for its group, 0 for every one, -1 not at all."""
        if self.category is None:
            return 0
        if self.category == category:
            return 2
        return 1 if category in self.within else -1


@dataclass(frozen=True)
class LegalClock:
    """Terms and calendar, read once: two queries for any number of due dates."""

    calendar: WorkingCalendar
    terms: tuple[Term, ...]

    @classmethod
    def read(cls) -> LegalClock:
        """The clock as currently stored."""
        within = ArrayAgg("category__children", default=Value([]), filter=Q(category__children__isnull=False))
        rows = LegalTerm.objects.order_by("-valid_from", "-kind").annotate(within=within)
        return cls(
            city_calendar(),
            tuple(
                Term(
                    row.kind,
                    row.valid_from,
                    row.working_days,
                    row.extension_days,
                    row.reply_days,
                    row.law,
                    row.category_id,
                    frozenset(row.within),
                )
                for row in rows
            ),
        )

    @classmethod
    def held(cls) -> LegalClock:
        """The clock for due dates that this transaction writes: nobody changes it before the commit.

        An appeal whose row is locked for it is locked before.
        """
        LegalTerm.objects.keep_still()
        return cls.read()

    def term(self, kind: str, on: dt.date, category: int | None = None) -> Term:
        """The term in force on that day; at the same date, the kind's own term beats the one for every kind.

        Of civic reports it is the service level that is meant most closely for the category, of these the latest; where the
        city has set none, the term of every kind. Raises ``NoLegalTerm``.
        """
        in_force = [term for term in self.terms if term.valid_from <= on]
        if kind == Kind.REPORT:
            levels = [term for term in in_force if term.kind == kind and term.closeness(category) >= 0]
            if levels:
                return max(levels, key=lambda term: (term.closeness(category), term.valid_from))
        for term in in_force:
            if term.kind in {"", kind}:
                return term
        raise NoLegalTerm(on)

    def term_of(self, appeal: Appeal) -> Term:
        """The term of the appeal. Raises ``NoLegalTerm``."""
        return self.term(appeal.kind, city_day(appeal.term_began), appeal.category_id)

    def due_on(
        self,
        kind: str,
        start: dt.datetime,
        *,
        extended_days: int = 0,
        pauses: Sequence[dt.date] = (),
        category: int | None = None,
    ) -> dt.date:
        """Last day on which an answer is on time, for a term that began at that moment. Raises ``NoLegalTerm``."""
        return self.due_after(kind, city_day(start), extended_days, pauses, category)

    def due_after(
        self,
        kind: str,
        day: dt.date,
        extended_days: int = 0,
        pauses: Sequence[dt.date] = (),
        category: int | None = None,
    ) -> dt.date:
        """As ``due_on``, for a term that began on that day in the city's time zone."""
        days = self.term(kind, day, category).working_days + extended_days
        return self.calendar.add_working_days(day, days, pauses)

    def met(self, appeal: Appeal, at: dt.datetime) -> frozenset[Guard]:
        """The guards of the clock that are true of the appeal at that moment."""
        try:
            term = self.term_of(appeal)
            extension_days, reply_days = term.extension_days, term.reply_days
        except NoLegalTerm:
            extension_days = reply_days = 0  # closed long ago, and its term has been removed since
        today = city_day(at)
        true = {
            Guard.EXTENDABLE: extension_days > 0 and appeal.extended_days == 0,
            Guard.TERM_PASSED: appeal.escalated_at is None and appeal.due_on < today,
            # The error for a missing relation is also an AttributeError.
            Guard.ASKABLE: reply_days > 0 and hasattr(appeal, "contact"),
            Guard.REMINDER_DUE: appeal.remind_on is not None and appeal.remind_on <= today,
            Guard.REPLY_MISSING: appeal.reply_by is not None and appeal.reply_by < today,
        }
        stage = self.stage(appeal, today)
        warned_of = {guard for guard, its_own in STAGES.items() if appeal.warned < its_own == stage}
        return frozenset(guard for guard, holds in true.items() if holds) | warned_of

    def stage(self, appeal: Appeal, today: dt.date) -> int:
        """How far the appeal's running term has come: 0, then 1 from half of its working days on, 2 from four fifths on,
        3 on the last day; 0 again when it is over.
        """
        if today > appeal.due_on:
            return 0
        try:
            term = self.term_of(appeal)
        except NoLegalTerm:
            return 0
        days = term.working_days + appeal.extended_days
        left = self.calendar.working_days_between(today, appeal.due_on)
        return max((STAGES[guard] for guard, most in _days_left(days).items() if left <= most), default=0)

    def last_days(self, today: dt.date) -> dict[int, dt.date]:
        """For each stage the latest due date that a term at it can have."""
        longest = max((term.working_days + term.extension_days for term in self.terms), default=0)
        return {
            STAGES[guard]: self.calendar.add_working_days(today, most)
            for guard, most in _days_left(longest).items()
        }


def _days_left(days: int) -> dict[Guard, int]:
    """For each stage of a term of so many working days, how many of them are left at most when it has come."""
    return {Guard.HALF_PASSED: days // 2, Guard.MOST_PASSED: days // 5, Guard.LAST_DAY: 0}
