"""GET /api/clusters.geojson: what a map draws of the appeals in its frame."""

from __future__ import annotations

import math
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter

from accounts.models import Scope
from appeals.filters import AppealFilter, parse_filter
from geo.geojson import collection
from geo.refusals import Refusals, Refused
from opendata.clusters import clusters
from opendata.parameters import FILTER_PARAMETERS
from opendata.properties import CELL, PIN, schema
from web.api.answers import LIVE_S, geojson_answer
from web.api.keys import opened_by
from web.api.openapi import WHOLE, described, feature_collection, problems
from web.api.problems import bad_parameters

ZOOM_MAX = 24


@opened_by(Scope.MAP)
@require_safe
@described(
    "list_clusters",
    parameters=[
        OpenApiParameter(
            "zoom",
            {"type": "number", "minimum": 0, "maximum": ZOOM_MAX},
            required=True,
            description=f"Zoom of 512-pixel tiles, as of MapLibre: 0 to {ZOOM_MAX}, fractions among them.",
        ),
        *FILTER_PARAMETERS,
    ],
    responses={
        **feature_collection(
            {"oneOf": [schema(CELL), schema(PIN)]},
            members={
                "numberMatched": {**WHOLE, "description": "Appeals behind the features."},
                "cell_m": {
                    **WHOLE,
                    "nullable": True,
                    "description": "Side of the cells in metres, rounded; null for appeals.",
                },
            },
        ),
        **problems(400),
    },
)
def clusters_geojson(request: HttpRequest) -> HttpResponseBase:
    """What a map draws of its frame: the appeals where they are few, else square cells with counts by status.

    A cell stands at the mean of its appeals (of any status where statuses are chosen beside another filter), and counts all
    of them though the frame may cut it. At most 64 kB when compressed, however many appeals there are.
    """
    refusals = Refusals()
    zoom = refusals.read(_zoom, request.GET, 0.0)
    wanted = refusals.read(parse_filter, request.GET, AppealFilter())
    if refusals.errors:
        return bad_parameters(refusals.errors)
    found = clusters(request.user, wanted, zoom)
    body = collection(found.features, numberMatched=found.matched, cell_m=found.cell_m)
    return geojson_answer(request, body, max_age_s=LIVE_S)


def _zoom(query: Mapping[str, str]) -> float:
    text = query.get("zoom", "")
    try:
        zoom = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        zoom = math.nan
    if not 0 <= zoom <= ZOOM_MAX:
        raise Refused({"zoom": [_("zoom takes a number from 0 to %(most)d.") % {"most": ZOOM_MAX}]})
    return zoom
