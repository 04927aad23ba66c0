"""Sentences that explain trends: the same on the page and in its file. Each is made from the numbers."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from geo.hotspots import Pattern
from reports.figures import odds, rounded, statistic
from reports.hot_sentences import few_words, shown_words
from reports.hotspots import Refusal
from reports.months import LEAST_MONTHS
from reports.sentences import created_words, in_sentence, neighbourhood_words, question_words, window_words
from reports.sizes import WINDOW_RADIUS_CELLS
from reports.trends import MONTHS_TOGETHER, TrendCell, Trends


def trend_summary_words(trends: Trends) -> str:
    """The answer in a few words, or why there is none."""
    if trends.refusal is Refusal.FEW_MONTHS:
        return ngettext(
            "Too short for a trend: %(n)d whole month, at least %(least)d are needed. Choose a longer period.",
            "Too short for a trend: %(n)d whole months, at least %(least)d are needed. Choose a longer period.",
            len(trends.months),
        ) % {"n": len(trends.months), "least": LEAST_MONTHS}
    if trends.refusal:
        return few_words(trends.refusal, trends.total - trends.unfinished - trends.outside)
    found = [row for row in trends.patterns if row.pattern > 0]
    if not found:
        return _(
            "No place began, kept on or ceased to have clearly more appeals in these months. That is a result too."
        )
    words = ", ".join(
        f"{pattern_words(row.pattern)} – {number_format(row.cells, force_grouping=True)}" for row in found
    )
    return _("Of %(cells)s cells: %(patterns)s.") % {
        "cells": number_format(trends.tested, force_grouping=True),
        "patterns": words,
    }


def whole_city_words(trends: Trends) -> str:
    """Whether the number of all of the appeals rises."""
    told = {"odds": odds(trends.p or 0.0)}
    if trends.direction > 0:
        return (
            _("All in all, the number of these appeals a month is rising (as clearly by chance: %(odds)s).")
            % told
        )
    if trends.direction < 0:
        return (
            _("All in all, the number of these appeals a month is falling (as clearly by chance: %(odds)s).")
            % told
        )
    return (
        _(
            "All in all, the number of these appeals a month neither clearly rises nor falls (as much by chance: %(odds)s)."
        )
        % told
    )


def trend_answer_words(trends: Trends) -> str:
    """What became of the cells, and then of the whole city."""
    summary = trend_summary_words(trends)
    return summary if trends.refusal else f"{summary} {whole_city_words(trends)}"


def trend_method_words(trends: Trends) -> str:
    """By which tests a cell gets its pattern."""
    cells = _(
        "Each cell is judged month by month with its neighbours within %(radius)s m (%(window)s) in this month and in the one "
        "before, against what would be there if the counts of all cells and months were shuffled: Getis and Ord's Gi* with an exact "
        "permutation test, corrected for all cells and months (Benjamini–Hochberg, 5 %%). “Nearly every” is at least "
        "90 %% of the months; a cell rises or falls by the Mann–Kendall trend of its Gi*, corrected in the same way."
    ) % {
        "radius": rounded(WINDOW_RADIUS_CELLS * trends.size.cell_m),
        "window": neighbourhood_words(),
    }
    whole = _("Whether the number of all of them rises is the Mann–Kendall trend of the months (%(p)s).")
    return f"{cells} {whole % {'p': statistic('p', trends.p or 0.0)}}"


def trend_size_words(trends: Trends) -> str:
    """The size of the cells and how much is expected in a neighbourhood."""
    facts = {
        "size": trends.size.cell_m,
        "window": window_words(),
        "months": MONTHS_TOGETHER,
        "expected": rounded(trends.size.expected, 1),
    }
    words = (
        _(
            "Cells of %(size)d m: an area of %(window)s has %(expected)s appeals in %(months)d months on average."
        )
        % facts
    )
    few = _("That is few: only strong differences can be seen.")
    return words if trends.size.enough else f"{words} {few}"


def months_words(trends: Trends) -> str:
    """Which months, and what they leave out."""
    words = ngettext(
        "%(n)d whole month is counted.", "%(n)d whole months are counted.", len(trends.months)
    ) % {"n": len(trends.months)}
    if trends.unfinished:
        left_out = ngettext(
            "%(n)s appeal of other days of the period is left out.",
            "%(n)s appeals of other days of the period are left out.",
            trends.unfinished,
        ) % {"n": number_format(trends.unfinished, force_grouping=True)}
        words = f"{words} {left_out}"
    return words


def trend_caution_words() -> str:
    """What the map does not say."""
    return _(
        "Where more people live, more is reported: “more” and “fewer” are of the whole city, so that quiet outskirts count as fewer. "
        "What is new, rising or falling says more than what lasts. A change of the whole city is in it, too."
    )


def trend_notes(trends: Trends, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    """The question, the answer, then how it was judged."""
    judged = []
    if not trends.refusal:
        judged.append(f"{trend_size_words(trends)} {months_words(trends)}")
    elif trends.refusal is not Refusal.FEW_MONTHS:
        judged.append(months_words(trends))
    return (
        question_words(trends, filters),
        trend_answer_words(trends),
        *judged,
        f"{trend_caution_words()} {created_words()}",
    )


def month_words(month: dt.date) -> str:
    """The month with its year."""
    return in_sentence(date_format(month, "YEAR_MONTH_FORMAT"))


def pattern_words(pattern: Pattern) -> str:
    """A pattern as in the legend."""
    return {
        Pattern.NONE: pgettext("pattern of a cell over time", "no pattern"),
        Pattern.NEW: pgettext("pattern of a cell over time", "new"),
        Pattern.CONSECUTIVE: pgettext("pattern of a cell over time", "consecutive"),
        Pattern.INTENSIFYING: pgettext("pattern of a cell over time", "intensifying"),
        Pattern.PERSISTENT: pgettext("pattern of a cell over time", "persistent"),
        Pattern.DIMINISHING: pgettext("pattern of a cell over time", "diminishing"),
        Pattern.SPORADIC: pgettext("pattern of a cell over time", "sporadic"),
        Pattern.OSCILLATING: pgettext("pattern of a cell over time", "oscillating"),
        Pattern.HISTORICAL: pgettext("pattern of a cell over time", "historical"),
        Pattern.NEW_COLD: pgettext("pattern of a cell over time", "new, fewer"),
        Pattern.CONSECUTIVE_COLD: pgettext("pattern of a cell over time", "consecutive, fewer"),
        Pattern.INTENSIFYING_COLD: pgettext("pattern of a cell over time", "ever fewer"),
        Pattern.PERSISTENT_COLD: pgettext("pattern of a cell over time", "persistently fewer"),
        Pattern.DIMINISHING_COLD: pgettext("pattern of a cell over time", "fewer, but rising"),
        Pattern.SPORADIC_COLD: pgettext("pattern of a cell over time", "sporadically fewer"),
        Pattern.OSCILLATING_COLD: pgettext("pattern of a cell over time", "oscillating, now fewer"),
        Pattern.HISTORICAL_COLD: pgettext("pattern of a cell over time", "fewer until lately"),
    }[pattern]


def pattern_sentence(pattern: Pattern) -> str:
    """What a pattern means, as a plain sentence."""
    return {
        Pattern.NONE: _("No clear difference in the last month, nor in nearly every month."),
        Pattern.NEW: _("Clearly more appeals in the last month, and never before."),
        Pattern.CONSECUTIVE: _("Clearly more in the last months without a break, and never before them."),
        Pattern.INTENSIFYING: _("Clearly more in nearly every month, and rising."),
        Pattern.PERSISTENT: _("Clearly more in nearly every month, neither rising nor falling."),
        Pattern.DIMINISHING: _("Clearly more in nearly every month, but falling."),
        Pattern.SPORADIC: _("Clearly more in the last month, and on and off before."),
        Pattern.OSCILLATING: _("Clearly more in the last month, but clearly fewer in some month before."),
        Pattern.HISTORICAL: _("Clearly more in nearly every month, but not in the last."),
        Pattern.NEW_COLD: _("Clearly fewer appeals in the last month, and never before."),
        Pattern.CONSECUTIVE_COLD: _(
            "Clearly fewer in the last months without a break, and never before them."
        ),
        Pattern.INTENSIFYING_COLD: _("Clearly fewer in nearly every month, and falling further."),
        Pattern.PERSISTENT_COLD: _("Clearly fewer in nearly every month, neither rising nor falling."),
        Pattern.DIMINISHING_COLD: _("Clearly fewer in nearly every month, but rising."),
        Pattern.SPORADIC_COLD: _("Clearly fewer in the last month, and on and off before."),
        Pattern.OSCILLATING_COLD: _(
            "Clearly fewer in the last month, but clearly more in some month before."
        ),
        Pattern.HISTORICAL_COLD: _("Clearly fewer in nearly every month, but not in the last."),
    }[pattern]


def trend_cell_words(trends: Trends, cell: TrendCell) -> tuple[str, ...]:
    """What a cell's card says."""
    lines = [shown_words(cell.count), pattern_sentence(cell.pattern)]
    months = len(trends.months)
    if cell.hot_months:
        lines.append(
            _("Clearly more in %(n)d of %(months)d months") % {"n": cell.hot_months, "months": months}
        )
    if cell.cold_months:
        lines.append(
            _("Clearly fewer in %(n)d of %(months)d months") % {"n": cell.cold_months, "months": months}
        )
    return tuple(lines)
