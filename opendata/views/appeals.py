"""GET /api/appeals.geojson: appeals as GeoJSON features, newest first, in keyset pages."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models import F, TextField, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from appeals.filters import AppealFilter, parse_filter
from appeals.models import Appeal
from appeals.querysets import NEWEST_FIRST
from appeals.workflow import Kind, Status
from districts.names import translated
from geo.geojson import MEDIA_TYPE, FeatureText, PagedFeatures, collection
from geo.paging import Page, parse_page
from geo.refusals import Refusals
from opendata.parameters import AFTER_PARAMETER, FILTER_PARAMETERS, PAGE_SIZE_PARAMETER
from web.api.answers import geojson_answer
from web.api.language import language_of
from web.api.openapi import (
    DAY,
    LANG,
    LINKS,
    MOMENT,
    MOMENT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    UUID,
    WHOLE,
    described,
    feature_collection,
    problems,
    record,
)
from web.api.problems import bad_parameters

#: How long a cache may show what the public saw.
MAX_AGE_S = 15


@require_safe
@described(
    "list_appeals",
    parameters=[*FILTER_PARAMETERS, PAGE_SIZE_PARAMETER, AFTER_PARAMETER, LANG],
    responses={
        **feature_collection(
            record({
                "id": UUID,
                "number": WHOLE,
                "kind": {**TEXT, "enum": list(Kind.values)},
                "category": TEXT,
                "category_name": TEXT_OR_NULL,
                "service": TEXT,
                "service_name": TEXT_OR_NULL,
                "district": TEXT_OR_NULL,
                "district_name": TEXT_OR_NULL,
                "status": {**TEXT, "enum": list(Status.values)},
                "submitted_at": MOMENT,
                "due_on": DAY,
                "answered_at": MOMENT_OR_NULL,
                "address": TEXT,
                "text": TEXT,
                "language": TEXT,
                "url": {**TEXT, "description": "Path of the public page."},
            }),
            members={"numberReturned": WHOLE, "links": LINKS},
            has_id=True,
        ),
        **problems(400),
    },
)  # fmt: skip
def appeals_geojson(request: HttpRequest) -> HttpResponse:
    """Appeals, newest first, in pages; the ``next`` link leads to the following page, and is missing on the last.

    An appeal that the Mayor's Office has hidden is not there for the public.
    """
    refusals = Refusals()
    language = refusals.read(language_of, request, "")
    page = refusals.read(lambda query: parse_page(query, NEWEST_FIRST), request.GET, Page())
    wanted = refusals.read(parse_filter, request.GET, AppealFilter())
    if refusals.errors:
        return bad_parameters(refusals.errors)
    rows = Appeal.objects.visible_to(request.user).filtered(wanted)
    found = _paged(language).page(rows, page)
    links = [_link(request, "self")]
    if found.next is not None:
        links.append(_link(request, "next", after=str(found.next)))
    body = collection(found.features, numberReturned=len(found.features), links=links)
    return geojson_answer(request, body, max_age_s=MAX_AGE_S)


@lru_cache(maxsize=8)
def _paged(language: str) -> PagedFeatures:
    feature = FeatureText(
        id="id",
        geometry="point",
        properties={
            "id": "id",
            "number": "number",
            "kind": "kind",
            "category": "category__code",
            "category_name": translated("category__name", language),
            "service": "service__code",
            "service_name": translated("service__name", language),
            "district": "district__code",
            "district_name": translated("district__name", language),
            "status": "status",
            "submitted_at": "submitted_at",
            "due_on": "due_on",
            "answered_at": "answered_at",
            "address": "address",
            "text": "text",
            "language": "language",
            "url": _page_path(language),
        },
    )
    return PagedFeatures(Appeal, feature, NEWEST_FIRST)


def _page_path(language: str) -> Concat:
    with translation.override(language):
        before, after = reverse("public:appeal", args=[0]).split("0", 1)
    return Concat(Value(before), Cast(F("number"), TextField()), Value(after), output_field=TextField())


def _link(request: HttpRequest, rel: str, **changes: str) -> dict[str, Any]:
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    return {"rel": rel, "type": MEDIA_TYPE, "href": request.build_absolute_uri(f"?{query.urlencode()}")}
