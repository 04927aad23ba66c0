"""The city's working days: where a year differs from the country's, entered by hand or from a file.

What a change would do to the due dates of open appeals is shown before it is made.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from appeals.actions.count_again import SEEN, foresee, moved_in_words, no_term_in_words, question_of
from appeals.calendar_year import year_of
from appeals.deadlines import NoLegalTerm, city_calendar
from appeals.filters import YEARS, day_in
from appeals.importing.calendar_file import (
    BYTES_MAX,
    NAME_MAX,
    columns,
    enter_days,
    read_calendar,
    read_day,
    remove_day,
)
from appeals.models import CalendarDay
from desk.doors import for_whom
from geo.numbers import whole_number
from geo.refusals import Refused, ValueRefused


@dataclass(frozen=True)
class _Step:
    """What is to be done: ``change`` does it and returns how many due dates moved, ``fields`` say it again; of which ``year``."""

    change: Callable[[], int]
    done: str
    fields: Iterable[tuple[str, str]]
    year: int


@dataclass(frozen=True)
class _Refusal:
    """What was wrong with which of the forms, and what stood in it."""

    of: str = ""
    sentences: list[str] = field(default_factory=list)


@require_http_methods(["GET", "HEAD", "POST"])
@for_whom(lambda standing: standing.keeps_calendar)
def calendar_page(request: HttpRequest) -> HttpResponse:
    """The year's days; POST enters or removes one, or takes over those of a file, once its sender has seen what moves."""
    if request.method != "POST":
        return _shown(request, _Refusal())
    do = request.POST.get("do", "")
    try:
        step = _step(request, do)
        if question := question_of(foresee(step.change), request.POST.get(SEEN)):
            context = {
                "said": step.done,
                "question": question,
                "sent": step.fields,
                "back_url": request.get_full_path(),
            }
            return render(request, "desk/calendar_moves.html", context)
        moved = step.change()
    except Refused as refusal:
        return _shown(request, _Refusal(do, refusal.sentences), status=HTTPStatus.BAD_REQUEST)
    except NoLegalTerm as refusal:
        return _shown(request, _Refusal(do, [no_term_in_words(refusal)]), status=HTTPStatus.BAD_REQUEST)
    messages.success(request, step.done)
    if moved:
        messages.warning(request, moved_in_words(moved))
    # The year of the change, which need not be the one that was looked at.
    return redirect(f"{reverse('desk:calendar')}?year={step.year}")


def _step(request: HttpRequest, do: str) -> _Step:
    """What the form says. Raises ``Refused``."""
    match do:
        case "day":
            given = {name: request.POST.get(name, "") for name in columns()}
            day = read_day(given)
            words = _("%(day)s is a working day.") if day.working else _("%(day)s is a day off.")
            return _Step(
                lambda: enter_days([day]).moved,
                words % {"day": date_format(day.date)},
                [("do", do), *given.items()],
                day.date.year,
            )
        case "remove":
            date = _day_of(request.POST.get("date", ""))
            if date is None:
                raise Refused({"day": [_("There is no such day.")]})
            words = _("%(day)s is no longer an exception from the country's calendar.")
            return _Step(
                lambda: remove_day(date),
                words % {"day": date_format(date)},
                [("do", do), ("date", date.isoformat())],
                date.year,
            )
        case "file":
            file = request.FILES.get("file")
            content = file.read(BYTES_MAX + 1) if file else request.POST.get("content", "").encode()
            days = read_calendar(content)
            words = _("Days that were taken over from the file: %(n)d.")
            return _Step(
                lambda: enter_days(days).moved,
                words % {"n": len(days)},
                [("do", do), ("content", content.decode("utf-8-sig"))],
                min(day.date for day in days).year,
            )
    raise Refused({"do": [_("Nothing was done: there is no such step.")]})


def _shown(request: HttpRequest, refusal: _Refusal, *, status: int = HTTPStatus.OK) -> HttpResponse:
    number, day = _year_of(request.GET.get("year", "")), _day_in_form(request, refusal)
    context = {
        "number": number,
        "years": [number - 1, number, number + 1],
        "year": year_of(city_calendar(), number),
        "columns": columns(),
        "name_max": NAME_MAX,
        "refusal": refusal,
        "day": day,
        "names": [
            (code, day.get(f"name_{code}", ""), code == settings.MODELTRANSLATION_DEFAULT_LANGUAGE)
            for code in settings.MODELTRANSLATION_LANGUAGES
        ],
    }
    return render(request, "desk/calendar.html", context, status=status)


def _day_in_form(request: HttpRequest, refusal: _Refusal) -> dict[str, str]:
    """What stands in the form of one day: what was refused, or the day that the address names."""
    if refusal.of == "day":
        return {name: request.POST.get(name, "") for name in columns()}
    date = _day_of(request.GET.get("day", ""))
    if date is None:
        return {}
    known = CalendarDay.objects.filter(date=date).values(*columns()).first() or {"date": date}
    names = {name: known.get(name) or "" for name in columns() if name.startswith("name_")}
    return {"date": date.isoformat(), "working": "yes" if known.get("working") else "no", **names}


def _day_of(text: str) -> dt.date | None:
    try:
        return day_in(text)
    except ValueRefused:
        return None


def _year_of(text: str) -> int:
    """The year that was asked for; this one for anything else."""
    years = range(YEARS.start + 1, YEARS.stop - 1)
    year = whole_number(text)
    return year if year is not None and year in years else timezone.localdate().year
