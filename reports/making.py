"""From a question to its report, by the report's name: for pages, files and the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from reports import weeks
from reports.forms import ReportForm
from reports.heatmap import make_heatmap
from reports.months import LEAST_DAYS
from reports.sizes import TooFine, is_drawable

#: The names of the reports, as in their addresses.
REPORTS: Final = ("heatmap", "hotspots", "trends", "alerts", "districts")


#: Ready periods that are shorter have no answer.
_LEAST_DAYS: Final[Mapping[str, int]] = {"trends": LEAST_DAYS, "alerts": weeks.LEAST_DAYS}


def form_of(report: str, data: Mapping[str, Any]) -> ReportForm:
    """The question that the report asks; that by district is of all districts and has no cells."""
    return ReportForm(
        data,
        without=("cell", "district") if report == "districts" else (),
        least_days=_LEAST_DAYS.get(report, 0),
    )


def make_report(report: str, form: ReportForm, *, drawn: bool = False) -> Any:
    """The report of the form's question; None where it is not valid, or asks for too many cells, which the form then says.

    Counts may be of any number of cells, unless they are to be ``drawn``.
    """
    if not form.is_valid():
        return None
    try:
        made = _MAKERS[report](form)
    except TooFine as refusal:
        form.add_error("cell", _too_many_words(refusal))
        return None
    if report == "heatmap" and drawn and not is_drawable(len(made.cells)):
        form.add_error("cell", _too_many_words(TooFine(len(made.cells))))
        return None
    return made


def _heatmap(form: ReportForm) -> Any:
    asked = form.query
    return make_heatmap(asked.wanted, asked.cell_m, asked.borders)


def _hotspots(form: ReportForm) -> Any:
    # SciPy is loaded by the first who asks for hotspots.
    from reports.hotspots import find_hotspots

    asked = form.query
    return find_hotspots(asked.wanted, asked.cell_m, asked.borders)


def _trends(form: ReportForm) -> Any:
    from reports.trends import find_trends

    asked = form.query
    return find_trends(asked.wanted, asked.cell_m, asked.borders)


def _alerts(form: ReportForm) -> Any:
    from reports.alerts import find_alerts

    asked = form.query
    return find_alerts(asked.wanted, asked.cell_m, asked.borders)


def _districts(form: ReportForm) -> Any:
    from reports.by_district import count_districts

    return count_districts(form.query.wanted, form.query.borders)


_MAKERS: Final[Mapping[str, Callable[[ReportForm], Any]]] = {
    "heatmap": _heatmap,
    "hotspots": _hotspots,
    "trends": _trends,
    "alerts": _alerts,
    "districts": _districts,
}


def _too_many_words(refusal: TooFine) -> str:
    return _(
        "These are %(cells)d cells, more than this report can take (%(most)d). Choose a larger size."
    ) % {
        "cells": refusal.cells,
        "most": refusal.most,
    }
