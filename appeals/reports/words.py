"""The sentences that explain a report: the same on the page and in its file."""

from __future__ import annotations

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from appeals.reports.heatmap import Heatmap
from appeals.reports.sizes import EXPECTED_IN_WINDOW, WINDOW_CELLS, CellSize
from geo.classes import CountClass


def period_words(heatmap: Heatmap) -> str:
    """Which days were asked for; of all time, between which days the appeals came in. Empty without either."""
    since = heatmap.wanted.since or heatmap.first_on
    until = heatmap.wanted.until or heatmap.last_on
    if since is None or until is None:
        return ""
    return _("Period: %(since)s to %(until)s.") % {
        "since": date_format(since, "DATE_FORMAT"),
        "until": date_format(until, "DATE_FORMAT"),
    }


def filter_words(filters: list[tuple[str, str]]) -> str:
    """The filters that narrow, as one sentence; empty without any."""
    return "; ".join(f"{label}: {value}" for label, value in filters) + "." if filters else ""


def class_words(bounds: CountClass) -> str:
    """A class of counts as the legend writes it: "3" or "3–5"."""
    low, high = (number_format(value, force_grouping=True) for value in bounds)
    return low if bounds.low == bounds.high else pgettext("range of counts", "%(low)s–%(high)s") % {"low": low, "high": high}


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
            _("Cells of %(size)d m, as you chose: a place of %(window)d cells holds %(expected)s appeals on average.") % facts
        )
    return (
        _(
            "Cells of %(size)d m, as you chose: a place of %(window)d cells holds only %(expected)s appeals on average, "
            "so differences between cells are mostly chance. Larger cells say more."
        )
        % facts
    )
