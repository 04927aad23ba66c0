"""The sentences that explain a report: the same on the page and in its file."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from geo.classes import CountClass
from reports.heatmap import Heatmap
from reports.sizes import EXPECTED_IN_WINDOW, WINDOW_CELLS, CellSize


def period_words(since: dt.date | None, until: dt.date | None) -> str:
    """The days asked for, both included; empty for all time."""
    first = date_format(since, "DATE_FORMAT") if since else ""
    last = date_format(until, "DATE_FORMAT") if until else ""
    if first and last:
        return pgettext("period", "%(since)s – %(until)s") % {"since": first, "until": last}
    if first:
        return pgettext("period", "from %(since)s") % {"since": first}
    return pgettext("period", "until %(until)s") % {"until": last} if last else ""


def filter_words(filters: list[tuple[str, str]]) -> list[str]:
    """Each filter that narrows as "label: value"."""
    return [f"{label}: {value}" for label, value in filters]


def question_words(heatmap: Heatmap, filters: list[tuple[str, str]]) -> str:
    """How many appeals of which days and filters; of all time, the days between which they came in."""
    wanted = heatmap.wanted
    period = period_words(wanted.since or heatmap.first_on, wanted.until or heatmap.last_on)
    return " · ".join(filter(None, [appeals_words(heatmap.total), period, *filter_words(filters)]))


def appeals_words(count: int) -> str:
    """The count with its noun."""
    return ngettext("%(n)s appeal", "%(n)s appeals", count) % {"n": number_format(count, force_grouping=True)}


def class_words(bounds: CountClass) -> str:
    """A class of counts as the legend writes it: "3" or "3–5"."""
    low, high = (number_format(value, force_grouping=True) for value in bounds)
    return (
        low
        if bounds.low == bounds.high
        else pgettext("range of counts", "%(low)s–%(high)s") % {"low": low, "high": high}
    )


def size_words(size: CellSize) -> str:
    """Why the cells are as large as they are."""
    facts = {
        "size": size.cell_m,
        "window": WINDOW_CELLS,
        "expected": number_format(size.expected, 1),
        "enough": EXPECTED_IN_WINDOW,
    }
    if size.automatic and size.enough:
        return (
            _(
                "Cells of %(size)d m, chosen automatically: the smallest size at which a place of %(window)d cells holds "
                "at least %(enough)d appeals on average (here %(expected)s)."
            )
            % facts
        )
    if size.automatic:
        return (
            _(
                "Cells of %(size)d m, the largest offered: there are so few appeals that a place of %(window)d cells holds "
                "%(expected)s on average. Differences between cells are mostly chance."
            )
            % facts
        )
    if size.enough:
        return (
            _(
                "Cells of %(size)d m, as you chose: a place of %(window)d cells holds %(expected)s appeals on average."
            )
            % facts
        )
    return (
        _(
            "Cells of %(size)d m, as you chose: a place of %(window)d cells holds only %(expected)s appeals on average, "
            "so differences between cells are mostly chance. Larger cells say more."
        )
        % facts
    )
