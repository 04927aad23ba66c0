"""Sentences that explain counts: the same on the page and in its file."""

from __future__ import annotations

from django.utils.translation import gettext as _

from reports.heatmap import Heatmap
from reports.sentences import borders_words, created_words, question_words, size_words
from reports.year_sentences import cells_alone_words, districts_column_words, year_words


def counts_notes(heatmap: Heatmap, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    """The question, what became of it since the year before, then how it was answered."""
    colours = _("Colours are natural breaks (Jenks) of the counts; the map shows counts, not significance.")
    return (
        question_words(heatmap, filters),
        *filter(None, [year_words(heatmap.year_before)]),
        *filter(None, [cells_alone_words(heatmap.year_before)]),
        size_words(heatmap.size),
        *filter(None, [districts_column_words(heatmap.year_before)]),
        borders_words(heatmap.borders),
        f"{colours} {created_words()}",
    )
