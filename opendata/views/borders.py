"""GET /api/districts.geojson and /api/service-areas.geojson: the borders by which appeals are routed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter

from districts.models import CODE_MAX, BoundaryRevision, DistrictBoundary, ServiceArea
from geo.geojson import FeatureText, collection, feature_texts
from geo.refusals import Refusals, ValueRefused
from opendata.parameters import REVISION_PARAMETER
from opendata.properties import DISTRICT, SERVICE_AREA, Properties, schema, values
from opendata.revision import revision_of
from web.api.answers import geojson_answer
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
from web.api.problems import bad_parameters, problem

#: Borders change a few times in a decade, but a new revision should not wait long for its readers.
MAX_AGE_S = 300

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
    features = feature_collection(schema(properties), geometry=AREA, members=_MEMBERS, has_id=True)
    return {**features, **problems(400, 404)}


_DISTRICT: Final = FeatureText(id="district__code", geometry="geom", properties=values(DISTRICT))
# A code is its service's own: another service may number its areas alike.
_AREA: Final = FeatureText(
    id=Concat("service__code", Value("/"), "code", output_field=TextField()),
    geometry="geom",
    properties=values(SERVICE_AREA),
)


@require_safe
@described(
    "list_districts",
    parameters=[REVISION_PARAMETER],
    responses=_borders(DISTRICT),
)
def districts_geojson(request: HttpRequest) -> HttpResponseBase:
    """The city and its districts in one boundary revision, names in every language."""
    refusals = Refusals()
    revision = refusals.read(revision_of, request.GET, None)
    if refusals.errors:
        return bad_parameters(refusals.errors)
    if revision is None:
        return _without_borders(request)
    rows = DistrictBoundary.objects.of(revision).order_by("district__kind", "district__code")
    return _answer(request, rows, _DISTRICT, revision)


@require_safe
@described(
    "list_service_areas",
    parameters=[
        REVISION_PARAMETER,
        OpenApiParameter("service", str, description="Code of a service."),
        OpenApiParameter("category", str, description="Code of a category: the areas that take its appeals."),
    ],
    responses=_borders(SERVICE_AREA),
)
def service_areas_geojson(request: HttpRequest) -> HttpResponseBase:
    """Which service answers where, in one boundary revision.

    Where several areas cover a place, the highest priority decides, then the smallest area. Of the borders in force
    the areas valid today are member; of a revision that is asked for by number, all.
    """
    refusals = Refusals()
    service = refusals.read(_code, request.GET.get("service", ""), "", name="service")
    category = refusals.read(_code, request.GET.get("category", ""), "", name="category")
    revision = refusals.read(revision_of, request.GET, None)
    if refusals.errors:
        return bad_parameters(refusals.errors)
    if revision is None:
        return _without_borders(request)
    rows = ServiceArea.objects.of(revision).order_by("service__code", "code")
    if not request.GET.get("revision"):
        rows = rows.as_of(timezone.localdate())
    if service:
        rows = rows.filter(service__code=service)
    if category:
        rows = rows.deciding_for(category)
    return _answer(request, rows, _AREA, revision)


def _code(text: str) -> str:
    if "\x00" in text or len(text) > CODE_MAX:
        raise ValueRefused(_("This is not a code."))
    return text


def _answer(
    request: HttpRequest, rows: QuerySet[Any], feature: FeatureText, revision: BoundaryRevision
) -> HttpResponseBase:
    member = {
        "number": revision.number,
        "name": revision.name,
        "effective_from": revision.effective_from,
        "accepted_misfits_m2": revision.accepted_misfits_m2,
    }
    body = collection(feature_texts(rows, feature), revision=member)
    return geojson_answer(request, body, max_age_s=MAX_AGE_S, per_reader=False)


def _without_borders(request: HttpRequest) -> HttpResponseBase:
    if request.GET.get("revision"):
        return problem(HTTPStatus.NOT_FOUND, _("There are no published borders of that number."))
    return geojson_answer(request, collection([], revision=None), max_age_s=0, per_reader=False)
