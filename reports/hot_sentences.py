"""Sentences that explain hotspots: the same on the page and in its file. Each is made from the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reports.figures import about, rounded
from reports.ground import nearest_places
from reports.hotspots import LEAST_APPEALS, LEAST_CELLS, Compared, HotCell, HotPlace, Hotspots, Refusal
from reports.sentences import appeals_words, created_words, neighbourhood_words, question_words, size_words
from reports.year_before import Uncompared, YearBefore
from reports.year_sentences import cells_alone_words, year_column_title, year_words

if TYPE_CHECKING:
    from reports.alerts import Alert, Alerts
    from reports.trends import TrendPlace, Trends

#: A place as wide as this, or with more than this share of all appeals, is not at the place that it is named by.
LARGE_M: Final = 2_000
LARGE_SHARE: Final = 0.25

#: The levels in the order of the legend: the surest "more" first.
LEVELS_SHOWN = (3, 2, 1, 0, -1, -2, -3)


def summary_words(hotspots: Hotspots) -> str:
    """The answer in one or two sentences, or why there is none."""
    if hotspots.refusal:
        return _refusal_words(hotspots, hotspots.refusal)
    if not hotspots.places:
        if hotspots.compared is Compared.ALL:
            return _(
                "Nowhere are there clearly more of these appeals than their share of all appeals would give. That is a result too."
            )
        return _(
            "Nowhere are there clearly more appeals than the cells of the map, shuffled at random, would give. That is a result too."
        )
    n = len(hotspots.places)
    count, expected = hotspots.together
    sure = sum(place.level > 1 for place in hotspots.places)
    facts = {
        "n": number_format(n, force_grouping=True),
        "appeals": appeals_words(count),
        "expected": about(expected),
    }
    if hotspots.compared is Compared.ALL:
        answer = (
            ngettext(
                "In %(n)s place there are clearly more of these appeals than their share of all appeals would give: "
                "%(appeals)s, where about %(expected)s would be expected.",
                "In %(n)s places there are clearly more of these appeals than their share of all appeals would give: "
                "together %(appeals)s, where about %(expected)s would be expected.",
                n,
            )
            % facts
        )
    else:
        answer = (
            ngettext(
                "In %(n)s place there are clearly more appeals than the cells of the map, shuffled at random, would give: "
                "%(appeals)s, where about %(expected)s would be expected.",
                "In %(n)s places there are clearly more appeals than the cells of the map, shuffled at random, would give: "
                "together %(appeals)s, where about %(expected)s would be expected.",
                n,
            )
            % facts
        )
    if sure == n:
        return answer
    # The palest red of the map, which no other report calls "clearly".
    return f"{answer} " + (
        ngettext(
            "%(sure)s of them is sure at 1 in 20 by chance, the others only at 1 in 10.",
            "%(sure)s of them are sure at 1 in 20 by chance, the others only at 1 in 10.",
            sure,
        )
        % {"sure": number_format(sure, force_grouping=True)}
        if sure
        else _("None of them is surer than at 1 in 10 by chance.")
    )


def place_names(
    report: Hotspots | Trends | Alerts, places: Sequence[HotPlace | TrendPlace | Alert]
) -> list[str]:
    """The known place nearest to each; of one that is wide, or holds much of the report's appeals, that it is an area around it.

    "" where nothing is known.
    """
    names = nearest_places([place.box.centre() for place in places])
    return [
        area_words(name) if name and is_large(report, place) else name
        for place, name in zip(places, names, strict=True)
    ]


def area_words(place: str) -> str:
    """What is wide, named by the known place in its middle."""
    return _("Area around “%(place)s”") % {"place": place}


def is_large(report: Hotspots | Trends | Alerts, place: HotPlace | TrendPlace | Alert) -> bool:
    """True of what is wide, or holds much of the report's appeals: no single place names it."""
    columns, rows = zip(*place.cells, strict=True)
    cells = max(max(along) - min(along) + 1 for along in (columns, rows))
    wide = cells * report.size.cell_m >= LARGE_M
    return wide or (place.count or 0) > LARGE_SHARE * report.in_question.appeals


def places_words(hotspots: Hotspots) -> str:
    """Which appeals the numbers of the places are."""
    return _(
        "A cell is judged with its neighbours within %(radius)s m: it can be red and have no appeal of its own. Expected and times are "
        "of both together; places near each other share neighbours."
    ) % {"radius": rounded(hotspots.radius_m)}


def compared_words(hotspots: Hotspots) -> str:
    """What the cells are compared with, and by which test."""
    facts = {
        "window": neighbourhood_words(),
        "radius": rounded(hotspots.radius_m),
        "cells": number_format(hotspots.tested, force_grouping=True),
        "others": appeals_words(hotspots.others or 0),
    }
    if hotspots.compared is Compared.ALL:
        return (
            _(
                "Each cell is judged with its neighbours within %(radius)s m (%(window)s): its appeals against the share that "
                "all appeals of the same time and place (%(others)s) would give it. Negative binomial test; "
                "corrected for the %(cells)s cells tested (Benjamini–Hochberg)."
            )
            % facts
        )
    tested = (
        _(
            "Each cell is judged with its neighbours within %(radius)s m (%(window)s): its appeals against what would be "
            "there if the counts of all cells between the outermost appeals were shuffled. Exact permutation test of Getis and Ord's Gi*; "
            "corrected for the %(cells)s cells tested (Benjamini–Hochberg)."
        )
        % facts
    )
    fewer = _(
        "Only more is called, never fewer: where nobody lives nothing is reported, so that much of a map has fewer than chance would give."
    )
    return f"{tested} {fewer}"


def caution_words(hotspots: Hotspots) -> str:
    """What the map does not say."""
    if hotspots.compared is Compared.ALL:
        return _("Reports are not problems: a place that reports more may only be more attentive.")
    return _(
        "Where more people live, more is reported: this map mostly shows where people are. Choose a category, and its appeals "
        "are compared with all appeals."
    )


def hot_notes(hotspots: Hotspots, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    """The question, the answer, then how it was judged."""
    return (
        question_words(hotspots, filters),
        f"{summary_words(hotspots)} {year_words(hotspots.year_before)}".strip(),
        *([] if hotspots.refusal else [compared_words(hotspots)]),
        *filter(None, [cells_alone_words(hotspots.year_before)]),
        size_words(hotspots.size),
        f"{caution_words(hotspots)} {created_words()}",
    )


def sure_words(level: int) -> str:
    """How surely a place is called, in a column of a table."""
    return {3: _("1 in 100"), 2: _("1 in 20"), 1: _("1 in 10")}[level]


def level_words(level: int, *, fewer: bool = True) -> str:
    """A level as in the legend; without ``fewer`` only more is called."""
    if not level and not fewer:
        return _("not clearly more")
    return {
        3: _("more; at most 1 in 100 by chance"),
        2: _("more; at most 1 in 20 by chance"),
        1: _("more; at most 1 in 10 by chance"),
        0: _("no clear difference"),
        -1: _("fewer; at most 1 in 10 by chance"),
        -2: _("fewer; at most 1 in 20 by chance"),
        -3: _("fewer; at most 1 in 100 by chance"),
    }[level]


def cell_words(hotspots: Hotspots, cell: HotCell) -> tuple[str, ...]:
    """What a cell's card says."""
    lines = [shown_words(cell.count)]
    if cell.q is not None and cell.expected is not None:
        lines.append(
            _("With its neighbours %(observed)s, about %(expected)s expected")
            % {
                "observed": number_format(cell.observed, force_grouping=True),
                "expected": about(cell.expected),
            }
        )
        lines.append(level_words(cell.level, fewer=hotspots.compared is Compared.ALL))
    elif not hotspots.refusal:
        lines.append(_("Not tested: less than one such appeal is expected here."))
    return tuple(lines)


def shown_words(count: int | None) -> str:
    """A cell's appeals, or that they are too few."""
    return _("Too few appeals to be shown by themselves") if count is None else appeals_words(count)


def few_words(refusal: Refusal, appeals: int) -> str:
    """Why there is no test of so many appeals in the study area."""
    if refusal is Refusal.FEW_APPEALS:
        return _("Too few for a test: %(appeals)s in the study area, at least %(least)d are needed.") % {
            "appeals": appeals_words(appeals),
            "least": LEAST_APPEALS,
        }
    if refusal is Refusal.FEW_CELLS:
        return _(
            "Too small an area for a test: at least %(cells)d cells are needed. Choose smaller cells, or a larger area."
        ) % {"cells": LEAST_CELLS}
    return _(
        "These appeals are too rare for a test: no part of the city expects one. Choose larger cells, or a longer period."
    )


def _refusal_words(hotspots: Hotspots, refusal: Refusal) -> str:
    words = few_words(refusal, hotspots.total - hotspots.outside)
    if refusal is not Refusal.FEW_APPEALS:
        return words
    shown = _("The map shows where they are, not where there are more than chance would give.")
    return f"{words} {shown}"


def year_column_words(year: YearBefore | Uncompared | None) -> str:
    """What the column of the year before, or of the second period, tells of the places; empty where there is none."""
    if not isinstance(year, YearBefore):
        return ""
    return _(
        "“%(column)s” has the appeals of the same cells and their neighbours then: ▲ where this period clearly has more per day and ▼ where clearly fewer, corrected for the number of places. "
        "These places are here because they have many: against any other time some of them have more by chance alone."
    ) % {"column": year_column_title(year)}
