"""From a question to its report, by the report's name: for pages, files and the command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from reports.forms import ReportForm
from reports.keeping import kept, name_of
from reports.kinds import KINDS
from reports.sizes import TooFine, is_drawable


def form_of(report: str, data: Mapping[str, Any]) -> ReportForm:
    """The question that the report asks."""
    return KINDS[report].form(data)


def make_report(report: str, form: ReportForm, *, drawn: bool = False) -> Any:
    """The report of the form's question, made now or kept from lately; None where it is not valid, or asks for too many cells, which the form then says.

    Counts may be of any number of cells, unless they are to be ``drawn``.
    """
    if not form.is_valid():
        return None
    made = kept(name_of(report, form))
    if made is None:
        try:
            made = KINDS[report].make(form.query)
        except TooFine as refusal:
            form.add_error("cell", _too_many_words(refusal))
            return None
    if report == "heatmap" and drawn and not is_drawable(len(made.cells)):
        form.add_error("cell", _too_many_words(TooFine(len(made.cells))))
        return None
    return made


def _too_many_words(refusal: TooFine) -> str:
    return _(
        "These are %(cells)d cells, more than this report can take (%(most)d). Choose a larger size."
    ) % {
        "cells": refusal.cells,
        "most": refusal.most,
    }
