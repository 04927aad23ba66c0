"""GET /api/clusters.geojson: what a map draws of the appeals in its frame."""

from __future__ import annotations

import math
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from appeals.clusters import clusters
from appeals.filters import FilterRefused, parse_filter
from geo.answers import geojson_answer
from geo.geojson import collection
from geo.problems import bad_parameters

MAX_AGE_S = 15
ZOOM_MAX = 24


@require_safe
def clusters_geojson(request: HttpRequest) -> HttpResponse:
    """Appeals of the frame where they are few, else cells with counts by status; at most 60 kB compressed."""
    errors: dict[str, list[str]] = {}
    zoom = _zoom(request.GET)
    if zoom is None:
        errors["zoom"] = [_("zoom takes a number from 0 to %(most)d.") % {"most": ZOOM_MAX}]
    try:
        wanted = parse_filter(request.GET)
    except FilterRefused as refusal:
        errors |= refusal.errors
    if errors or zoom is None:
        return bad_parameters(errors)
    found = clusters(request.user, wanted, zoom)
    body = collection(found.features, numberMatched=found.matched, cell_m=found.cell_m)
    return geojson_answer(request, body, max_age_s=MAX_AGE_S)


def _zoom(query: Mapping[str, str]) -> float | None:
    text = query.get("zoom", "")
    try:
        zoom = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return None
    return zoom if 0 <= zoom <= ZOOM_MAX else None
