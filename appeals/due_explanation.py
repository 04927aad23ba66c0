"""How a due date was counted, in sentences for whoever sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import get_default_timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from appeals.deadlines import LegalClock, NoLegalTerm, WorkingCalendar, city_day, pairs
from appeals.models import Appeal
from appeals.vocabulary import Kind


@dataclass(frozen=True)
class DueExplanation:
    """The sentences in their order; ``law`` is what the term rests on, empty when no term is known any more.

    ``is_legal`` is true of a term of the law, false of the city's service level.
    """

    sentences: tuple[str, ...]
    law: str
    is_legal: bool


def explain_due(appeal: Appeal, clock: LegalClock) -> DueExplanation:
    """How the appeal's present due date follows from its beginning, the term and the calendar; no query."""
    began, calendar = appeal.term_began, clock.calendar
    first = calendar.add_working_days(city_day(began), 1)
    sentences = [_began(appeal), _("The first day that counts: %(day)s") % {"day": _weekday_and_date(first)}]
    law, is_legal = "", appeal.is_legal
    try:
        term = clock.term_of(appeal)
    except NoLegalTerm:
        pass
    else:
        # A city that has set no service level answers reports within the term of the law.
        law, is_legal = term.law, term.kind != Kind.REPORT
        sentences.append(
            ngettext(
                "The term is %(n)d working day; weekends and public holidays do not count.",
                "The term is %(n)d working days; weekends and public holidays do not count.",
                term.working_days,
            )
            % {"n": term.working_days}
        )
    if appeal.extended_days:
        sentences.append(
            ngettext(
                "The service has extended it by %(n)d working day.",
                "The service has extended it by %(n)d working days.",
                appeal.extended_days,
            )
            % {"n": appeal.extended_days}
        )
    sentences += _pauses(appeal, calendar)
    until = max(appeal.due_on, first)
    if off := _listed(calendar, calendar.weekdays_off(city_day(began), until)):
        sentences.append(_("Weekdays that do not count: %(days)s") % {"days": off})
    if worked := _listed(calendar, calendar.days_worked_instead(city_day(began), until)):
        sentences.append(_("Days off that count as working days: %(days)s") % {"days": worked})
    sentences.append(_("The last day for the answer: %(day)s") % {"day": _weekday_and_date(appeal.due_on)})
    return DueExplanation(tuple(sentences), law, is_legal)


def _began(appeal: Appeal) -> str:
    local = appeal.term_began.astimezone(get_default_timezone())
    words = {"day": _weekday_and_date(local.date()), "time": date_format(local, "TIME_FORMAT")}
    if appeal.term_began_at:
        return _("The term began anew: %(day)s, %(time)s") % words
    return _("Received: %(day)s, %(time)s") % words


def _pauses(appeal: Appeal, calendar: WorkingCalendar) -> Iterator[str]:
    for asked, replied in pairs(appeal.pauses):
        n = calendar.working_days_between(asked, replied)
        if appeal.reply_by == replied:
            words = ngettext(
                "It stands still while the author is asked, from %(from)s until %(until)s at most: %(n)d working day.",
                "It stands still while the author is asked, from %(from)s until %(until)s at most: %(n)d working days.",
                n,
            )
        else:
            words = ngettext(
                "It stood still while the author was asked, from %(from)s until %(until)s: %(n)d working day.",
                "It stood still while the author was asked, from %(from)s until %(until)s: %(n)d working days.",
                n,
            )
        yield words % {"from": date_format(asked), "until": date_format(replied), "n": n}


def _weekday_and_date(day: dt.date) -> str:
    weekday = date_format(day, "l")
    # Of the city's languages only English writes weekdays with a capital inside a sentence.
    return f"{weekday if get_language() == 'en' else weekday.lower()}, {date_format(day)}"


def _listed(calendar: WorkingCalendar, days: Iterable[dt.date]) -> str:
    """The days with their names; those of one name that follow each other are one item."""
    return "; ".join(_run_in_words(run, name) for run, name in _runs(calendar, days))


def _run_in_words(run: list[dt.date], name: str) -> str:
    first, last = (date_format(day, "MONTH_DAY_FORMAT") for day in (run[0], run[-1]))
    dates = first if len(run) == 1 else f"{first} – {last}"
    return f"{dates} ({name})" if name else dates


def _runs(calendar: WorkingCalendar, days: Iterable[dt.date]) -> Iterator[tuple[list[dt.date], str]]:
    run: list[dt.date] = []
    for day in days:
        if run and (day - run[-1] > dt.timedelta(days=1) or calendar.name(day) != calendar.name(run[0])):
            yield run, calendar.name(run[0])
            run = []
        run.append(day)
    if run:
        yield run, calendar.name(run[0])
