"""GET below /tiles/: vector tiles of appeals and districts, their TileJSON documents, and a style that draws them."""

from __future__ import annotations

from typing import Any, Final

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter

from accounts.models import Scope
from appeals.filters import AppealFilter, parse_filter
from districts.versions import public_version
from geo.refusals import Refusals
from geo.tiles import ZOOM_MAX, Tile, tile_in
from geo.vector_tiles import MEDIA_TYPE
from opendata.parameters import FILTER_PARAMETERS, REVISION_PARAMETER
from opendata.revision import no_such_revision, revision_of
from opendata.tile_sets import appeals_tilejson, districts_tilejson, style
from opendata.tiles import appeals_tile, districts_tile, shape
from web.api.answers import LIVE_S, SETTLED_S, cached_for, public_answer
from web.api.keys import opened_by
from web.api.openapi import NUMBER, TEXT, TEXTS, WHOLE, Responses, described, problems, record
from web.api.problems import bad_parameters
from web.api.texts import digest

_PLACE: Final = tuple(
    OpenApiParameter(name, int, OpenApiParameter.PATH, description=description)
    for name, description in (
        ("z", f"Zoom, 0 to {ZOOM_MAX}."),
        ("x", "Column, from the west."),
        ("y", "Row, from the north."),
    )
)
_TILE: Final[Responses] = {(200, MEDIA_TYPE): {**TEXT, "format": "binary"}}
_LAYER: Final = record(
    {
        "id": TEXT,
        "minzoom": WHOLE,
        "maxzoom": WHOLE,
        "fields": {"type": "object", "additionalProperties": TEXT},
    }
)
_TILEJSON: Final[Responses] = {
    (200, "application/json"): record(
        {
            "tilejson": TEXT,
            "name": TEXT,
            "description": TEXT,
            "scheme": TEXT,
            "tiles": TEXTS,
            "minzoom": WHOLE,
            "maxzoom": WHOLE,
            "bounds": {"type": "array", "items": NUMBER},
            "center": {"type": "array", "items": NUMBER},
            "vector_layers": {"type": "array", "items": _LAYER},
        }
    )
}


@opened_by(Scope.MAP)
@require_safe
@described(
    "read_appeals_tile", parameters=[*_PLACE, *FILTER_PARAMETERS], responses={**_TILE, **problems(400)}
)
def appeals_mvt(request: HttpRequest, z: str, x: str, y: str) -> HttpResponseBase:
    """A vector tile of appeals: its layer `appeals` has cells with counts by status, and single appeals when near.

    A feature of `kind` `cell` stands at the mean of its appeals (of any status where statuses are chosen beside another
    filter); a tile has eight by eight of them. Open appeals whose term has passed are `overdue`.
    """
    refusals = Refusals()
    tile = refusals.read(lambda place: tile_in(*place), (z, x, y), Tile(0, 0, 0))
    wanted = refusals.read(parse_filter, request.GET, AppealFilter())
    if refusals.errors:
        return bad_parameters(refusals.errors)
    private = request.user.is_authenticated
    if private:
        answer: HttpResponseBase = HttpResponse(
            appeals_tile(request.user, wanted, tile), content_type=MEDIA_TYPE
        )
        return cached_for(answer, LIVE_S, private=True)
    # Read before the tile, which so is never older than it says. Weak, since the tile may be newer. At midnight appeals become
    # overdue though no data have changed.
    etag = f'W/"{digest(timezone.localdate().isoformat(), public_version(), shape())}"'
    known = get_conditional_response(request, etag=etag)
    answer = known or HttpResponse(appeals_tile(request.user, wanted, tile), content_type=MEDIA_TYPE)
    answer["ETag"] = etag
    return cached_for(answer, LIVE_S, private=False)


@opened_by(Scope.MAP)
@require_safe
@described(
    "read_districts_tile", parameters=[*_PLACE, REVISION_PARAMETER], responses={**_TILE, **problems(400, 404)}
)
def districts_mvt(request: HttpRequest, z: str, x: str, y: str) -> HttpResponseBase:
    """A vector tile of the districts of the city: its layer `districts` has their polygons, names in every language."""
    refusals = Refusals()
    tile = refusals.read(lambda place: tile_in(*place), (z, x, y), Tile(0, 0, 0))
    revision = refusals.read(revision_of, request.GET, None)
    if refusals.errors:
        return bad_parameters(refusals.errors)
    if revision is None and request.GET.get("revision"):
        return no_such_revision()
    body = districts_tile(revision, tile) if revision else b""
    return public_answer(request, body, MEDIA_TYPE, max_age_s=SETTLED_S if revision else 0)


@opened_by(Scope.MAP)
@require_safe
@described("describe_appeals_tiles", parameters=FILTER_PARAMETERS, responses={**_TILEJSON, **problems(400)})
def appeals_tilejson_document(request: HttpRequest) -> HttpResponseBase:
    """TileJSON of the appeals: the address of their tiles with the filter that is given here, their zooms, their fields."""
    refusals = Refusals()
    wanted = refusals.read(parse_filter, request.GET, AppealFilter())
    if refusals.errors:
        return bad_parameters(refusals.errors)
    return _document(request, appeals_tilejson(wanted.as_query()))


@opened_by(Scope.MAP)
@require_safe
@described(
    "describe_districts_tiles",
    parameters=[REVISION_PARAMETER],
    responses={**_TILEJSON, **problems(400, 404)},
)
def districts_tilejson_document(request: HttpRequest) -> HttpResponseBase:
    """TileJSON of the districts, of today's borders or of a revision."""
    refusals = Refusals()
    revision = refusals.read(revision_of, request.GET, None)
    if refusals.errors:
        return bad_parameters(refusals.errors)
    if revision is None and request.GET.get("revision"):
        return no_such_revision()
    return _document(request, districts_tilejson(request.GET.urlencode()))


@opened_by(Scope.MAP)
@require_safe
@described(
    "read_map_style",
    parameters=FILTER_PARAMETERS,
    responses={(200, "application/json"): {"type": "object"}, **problems(400)},
)
def style_document(request: HttpRequest) -> HttpResponseBase:
    """A MapLibre style (version 8) of districts and of the appeals that the filter leaves: counts when far, pins when near."""
    refusals = Refusals()
    wanted = refusals.read(parse_filter, request.GET, AppealFilter())
    if refusals.errors:
        return bad_parameters(refusals.errors)
    return _document(request, style(wanted.as_query()))


def _document(request: HttpRequest, document: dict[str, Any]) -> HttpResponseBase:
    return public_answer(request, orjson.dumps(document), "application/json", max_age_s=SETTLED_S)
