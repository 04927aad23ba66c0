"""Sentences of the contours of the counts, for the map on paper."""

from __future__ import annotations

from django.utils.translation import gettext as _

from reports.answer_sentences import percent
from reports.contours import Contours
from reports.figures import about, rounded
from reports.heatmap import Heatmap
from reports.sentences import borders_words, created_words, question_words


def density_words(low: float, high: float | None) -> str:
    """What lies between two contours, in the legend; ``high`` is None for what is within the highest."""
    if high is None:
        return _("%(low)s and more") % {"low": _level(low)}
    return _("%(low)s to under %(high)s") % {"low": _level(low), "high": _level(high)}


def contours_summary_words(found: Contours) -> str:
    """In how little of the city much of the appeals lies; empty without contours."""
    if not found.areas:
        return ""
    half = min(found.areas, key=lambda area: abs(area.share - 0.5))
    return _("%(share)s of the appeals lie in %(area)s km², where there are at least %(level)s per km².") % {
        "share": percent(half.share),
        "area": about(half.area_km2),
        "level": _level(half.per_km2),
    }


def contours_notes(heatmap: Heatmap, found: Contours, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    """The question, the answer, the method."""
    method = _(
        "Appeals are counted in cells of %(pixel)d m and smoothed over %(bandwidth)d m (standard deviation of a normal kernel), so that the map does not depend on where "
        "cells begin. It is for the eye: it shows where appeals gather, not whether that is more than chance, and follows where people live."
    ) % {"pixel": found.pixel_m, "bandwidth": found.bandwidth_m}
    return (
        question_words(heatmap, filters),
        contours_summary_words(found),
        method,
        f"{borders_words(heatmap.borders)} {created_words()}",
    )


def _level(per_km2: float) -> str:
    return rounded(per_km2, 0 if per_km2 >= 1 else 2)
