"""Sentences that explain a report: the same on the page and in its file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext, npgettext, pgettext
from django.utils.translation import gettext as _

from geo.classes import CountClass
from reports import sizes
from reports.counted import CountsDays, CountsWholeSteps
from reports.figures import rounded
from reports.sizes import EXPECTED_IN_WINDOW, WINDOW_CELLS, CellSize
from reports.tallies import Borders

#: A sentence that lists places names so many; a table has the others.
MOST_NAMED: Final = 7


def names_words(names: Sequence[str]) -> str:
    """The names with commas between them; of many the first, and how many more there are."""
    named = ", ".join(names[:MOST_NAMED])
    if len(names) <= MOST_NAMED:
        return named
    return _("%(names)s and %(n)s more") % {"names": named, "n": rounded(len(names) - MOST_NAMED)}


def period_words(since: dt.date | None, until: dt.date | None) -> str:
    """The selected period, both days inclusive, a single day as that; empty for all time."""
    first = date_format(since, "DATE_FORMAT") if since else ""
    last = date_format(until, "DATE_FORMAT") if until else ""
    if since and since == until:
        return first
    if first and last:
        return pgettext("period", "%(since)s – %(until)s") % {"since": first, "until": last}
    if first:
        return pgettext("period", "from %(since)s") % {"since": first}
    return pgettext("period", "until %(until)s") % {"until": last} if last else ""


def asked_words(
    since: dt.date | None, until: dt.date | None, filters: list[tuple[str, str]], *, count: int | None = None
) -> str:
    """What is asked in one line: how many appeals, if that is known, of which days, and each active filter as "label: value"."""
    counted = "" if count is None else appeals_words(count)
    parts = [counted, period_words(since, until), *(f"{label}: {value}" for label, value in filters)]
    return " · ".join(filter(None, parts))


def question_words(report: CountsDays | CountsWholeSteps, filters: list[tuple[str, str]]) -> str:
    """How many appeals were counted, of which days and filters."""
    count, since, until = report.in_question
    return asked_words(since, until, filters, count=count)


def appeals_words(count: int) -> str:
    """The count with its noun."""
    return ngettext("%(n)s appeal", "%(n)s appeals", count) % {"n": number_format(count, force_grouping=True)}


def borders_words(borders: Borders) -> str:
    """By which borders appeals are counted in districts."""
    if borders is Borders.TODAY:
        return _(
            "Districts are those of the borders in force today: every appeal is counted where its pin lies now, whatever "
            "the borders were when it came in."
        )
    return _(
        "Districts are those of the borders by which each appeal was assigned when it came in; some may exist no longer. "
        "The map draws today's."
    )


def class_words(bounds: CountClass) -> str:
    """A class of counts as in the legend: "3" or "3–5"."""
    low, high = (number_format(value, force_grouping=True) for value in bounds)
    return (
        low
        if bounds.low == bounds.high
        else pgettext("range of counts", "%(low)s–%(high)s") % {"low": low, "high": high}
    )


def window_words() -> str:
    """The cells of a neighbourhood as in “an area of 21 cells”."""
    cells = npgettext("an area of", "%(n)s cell", "%(n)s cells", WINDOW_CELLS)
    return cells % {"n": number_format(WINDOW_CELLS)}


def neighbourhood_words() -> str:
    """The cells of a neighbourhood by themselves: “21 cells”."""
    return ngettext("%(n)s cell", "%(n)s cells", WINDOW_CELLS) % {"n": number_format(WINDOW_CELLS)}


def in_sentence(name: str) -> str:
    """The name of a month as within a sentence: only English has it with a capital."""
    return name if get_language() == "en" else name.lower()


def size_words(size: CellSize) -> str:
    """Explains the size of the cells."""
    facts = {
        "size": size.cell_m,
        "window": window_words(),
        "expected": rounded(size.expected, 1),
        "enough": EXPECTED_IN_WINDOW,
        "most": number_format(sizes.MOST_DRAWN, force_grouping=True),
    }
    if size.crowded:
        return (
            _(
                "Cells of %(size)d m, chosen automatically: the smallest size at which "
                "there are no more cells than a map can show (%(most)s)."
            )
            % facts
        )
    if size.automatic and size.enough:
        return (
            _(
                "Cells of %(size)d m, chosen automatically: the smallest size at which "
                "an area of %(window)s has at least %(enough)d appeals on average (here %(expected)s)."
            )
            % facts
        )
    if size.automatic:
        return (
            _(
                "Cells of %(size)d m, the largest available: there are so few appeals that "
                "an area of %(window)s has %(expected)s on average. "
                "Only large differences can be told from chance; smaller ones may be there and not be seen."
            )
            % facts
        )
    if size.enough:
        return (
            _("Cells of %(size)d m, as you chose: an area of %(window)s has %(expected)s appeals on average.")
            % facts
        )
    return (
        _(
            "Cells of %(size)d m, as you chose: an area of %(window)s has only %(expected)s appeals on average. "
            "Only large differences can be told from chance; with larger cells, smaller ones are seen too."
        )
        % facts
    )


def longer_words(last: dt.date) -> str:
    """What the link says that leads from a period too short to the year of which it is the end."""
    return _("The whole year up to %(day)s") % {"day": date_format(last, "DATE_FORMAT")}


def created_words() -> str:
    """When and where the report was made: for paper and files, which outlive the page."""
    return _("Created on %(day)s from %(address)s.") % {
        "day": date_format(timezone.localdate(), "DATE_FORMAT"),
        "address": settings.PUBLIC_URL,
    }


def kept_words(at: dt.datetime) -> str:
    """When a report counted that is kept for whoever asks the same."""
    return _("Counted on %(moment)s; what has come in since is not in it.") % {
        "moment": date_format(timezone.localtime(at), "DATETIME_FORMAT")
    }
