"""GET /api/districts.geojson, /data/districts.gpkg and their like: the borders by which appeals are routed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter

from geo.geojson import collection, feature_texts
from geo.refusals import Refusals, Refused
from opendata.border_rows import AskedBorders, city, districts, service_areas
from opendata.layers import CITY, DISTRICTS, SERVICE_AREAS, Layer
from opendata.parameters import CODES, REVISION_PARAMETER
from opendata.properties import DISTRICT, SERVICE_AREA, Properties, schema
from opendata.revision import no_such_revision, revision_of
from opendata.views.whole_sets import described_files, few_rows_answer
from web.api.answers import SETTLED_S, geojson_answer
from web.api.openapi import (
    AREA,
    DAY,
    NUMBER_OR_NULL,
    TEXT,
    WHOLE,
    described,
    feature_collection,
    problems,
    record,
)
from web.api.problems import bad_parameters

_OF_AREAS: Final = (
    OpenApiParameter("service", str, description="Code of a service."),
    OpenApiParameter("category", str, description="Code of a category: the areas that take its appeals."),
)
_MEMBERS: Final = {
    "revision": {
        **record(
            {"number": WHOLE, "name": TEXT, "effective_from": DAY, "accepted_misfits_m2": NUMBER_OR_NULL}
        ),
        "nullable": True,
        "description": "The borders' revision; null while there is none in force. `accepted_misfits_m2`: square metres that "
        "lie in several districts, in none, or beyond the city's border, and were accepted when it was published; null "
        "where they are too few for that.",
    }
}


def _borders(properties: Properties) -> dict[Any, Any]:
    """Responses of a list of polygons with these properties."""
    features = feature_collection(schema(properties), geometry=AREA, members=_MEMBERS, id_schema=TEXT)
    return {**features, **problems(400, 404)}


@require_safe
@described("list_districts", parameters=[REVISION_PARAMETER], responses=_borders(DISTRICT))
def districts_geojson(request: HttpRequest) -> HttpResponseBase:
    """The districts of the city in one boundary revision, names in every language. The city itself is in ``city.geojson``."""
    return _listed(request, DISTRICTS, districts)


@require_safe
@described("read_city", parameters=[REVISION_PARAMETER], responses=_borders(DISTRICT))
def city_geojson(request: HttpRequest) -> HttpResponseBase:
    """The border of the whole city in one boundary revision, its name in every language."""
    return _listed(request, CITY, city)


@require_safe
@described(
    "list_service_areas", parameters=[REVISION_PARAMETER, *_OF_AREAS], responses=_borders(SERVICE_AREA)
)
def service_areas_geojson(request: HttpRequest) -> HttpResponseBase:
    """Which service answers where, in one boundary revision.

    Where several areas cover a place, the highest priority decides, then the smallest area. Of the borders in force
    the areas valid today are member; of a revision that is asked for by number, all.
    """
    return _listed(request, SERVICE_AREAS, service_areas, _OF_AREAS)


_DISTRICTS_ENDING, _DISTRICTS_RESPONSES = described_files(DISTRICTS)
_CITY_ENDING, _CITY_RESPONSES = described_files(CITY)
_AREAS_ENDING, _AREAS_RESPONSES = described_files(SERVICE_AREAS)


@require_safe
@described(
    "read_districts_as", parameters=[_DISTRICTS_ENDING, REVISION_PARAMETER], responses=_DISTRICTS_RESPONSES
)
def whole_districts(request: HttpRequest, ending: str) -> HttpResponseBase:
    """The districts as a file that a GIS opens. They do not overlap: each place is in one of them."""
    return _whole(request, DISTRICTS, ending, districts)


@require_safe
@described("read_city_as", parameters=[_CITY_ENDING, REVISION_PARAMETER], responses=_CITY_RESPONSES)
def whole_city(request: HttpRequest, ending: str) -> HttpResponseBase:
    """The border of the whole city as a file that a GIS opens."""
    return _whole(request, CITY, ending, city)


@require_safe
@described(
    "read_service_areas_as",
    parameters=[_AREAS_ENDING, REVISION_PARAMETER, *_OF_AREAS],
    responses=_AREAS_RESPONSES,
)
def whole_service_areas(request: HttpRequest, ending: str) -> HttpResponseBase:
    """The service areas as a file that a GIS opens. They may overlap; the highest ``priority`` decides."""
    return _whole(request, SERVICE_AREAS, ending, service_areas, _OF_AREAS)


def _asked(query: Mapping[str, str], parameters: Sequence[OpenApiParameter]) -> AskedBorders:
    """Raises ``Refused`` with what is wrong with each parameter."""
    refusals = Refusals()
    codes = {
        one.name: refusals.read(CODES[one.name], query.get(one.name, ""), "", name=one.name)
        for one in parameters
    }
    revision = refusals.read(revision_of, query, None)
    refusals.check()
    return AskedBorders(revision, bool(query.get("revision")), **codes)


Rows = Callable[[AskedBorders], QuerySet[Any]]


def _listed(
    request: HttpRequest, layer: Layer, rows_of: Rows, parameters: Sequence[OpenApiParameter] = ()
) -> HttpResponseBase:
    try:
        asked = _asked(request.GET, parameters)
    except Refused as refusal:
        return bad_parameters(refusal.errors)
    revision = asked.revision
    if revision is None:
        if asked.by_number:
            return no_such_revision()
        return geojson_answer(request, collection([], revision=None), max_age_s=0, per_reader=False)
    member = {
        "number": revision.number,
        "name": revision.name,
        "effective_from": revision.effective_from,
        "accepted_misfits_m2": revision.accepted_misfits_m2,
    }
    body = collection(feature_texts(rows_of(asked), layer.feature()), revision=member)
    return geojson_answer(request, body, max_age_s=SETTLED_S, per_reader=False)


def _whole(
    request: HttpRequest,
    layer: Layer,
    ending: str,
    rows_of: Rows,
    parameters: Sequence[OpenApiParameter] = (),
) -> HttpResponseBase:
    try:
        asked = _asked(request.GET, parameters)
    except Refused as refusal:
        return bad_parameters(refusal.errors)
    if asked.revision is None and asked.by_number:
        return no_such_revision()
    return few_rows_answer(request, layer, ending, rows_of(asked))
