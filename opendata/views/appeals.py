"""GET /api/appeals.geojson: appeals as GeoJSON features, newest first, in keyset pages."""

from __future__ import annotations

from contextlib import nullcontext
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from appeals.filters import AppealFilter, parse_filter
from appeals.models import Appeal
from appeals.querysets import NEWEST_FIRST
from geo.geojson import MEDIA_TYPE, FeatureText, PagedFeatures, collection
from geo.paging import PageRequest, parse_page
from geo.refusals import Refusals
from geo.statements import one_snapshot
from opendata.changes import UPDATED_AFTER, updated_after
from opendata.number_matched import number_matched
from opendata.parameters import AFTER_PARAMETER, FILTER_PARAMETERS, PAGE_SIZE_PARAMETER
from opendata.properties import APPEAL, schema, values
from web.api.answers import LIVE_S, geojson_answer
from web.api.language import language_asked_for
from web.api.openapi import LANG, LINKS, UUID, WHOLE, described, feature_collection, problems
from web.api.problems import bad_parameters
from web.links import public_link


@require_safe
@described(
    "list_appeals",
    parameters=[*FILTER_PARAMETERS, UPDATED_AFTER, PAGE_SIZE_PARAMETER, AFTER_PARAMETER, LANG],
    responses={
        **feature_collection(
            schema(APPEAL),
            members={
                "numberMatched": {**WHOLE, "description": "On the first page, where it is known at once."},
                "numberReturned": WHOLE,
                "links": LINKS,
            },
            optional=["numberMatched"],
            id_schema=UUID,
        ),
        **problems(400),
    },
)
def appeals_geojson(request: HttpRequest) -> HttpResponseBase:
    """Appeals, newest first, in pages; the ``next`` link leads to the following page, and is missing on the last.

    An appeal that the Mayor's Office has hidden is not there for the public.
    """
    refusals = Refusals()
    language = refusals.read(language_asked_for, request, "")
    page = refusals.read(lambda query: parse_page(query, NEWEST_FIRST), request.GET, PageRequest())
    wanted = refusals.read(parse_filter, request.GET, AppealFilter())
    since = refusals.read(updated_after, request.GET, None)
    if refusals.errors:
        return bad_parameters(refusals.errors)
    rows = Appeal.objects.visible_to(request.user).filtered(wanted)
    if since is not None:
        rows = rows.updated_since(since)
    members: dict[str, int] = {}
    with one_snapshot() if page.after is None else nullcontext():
        found = _paged(language, settings.PUBLIC_URL).page(rows, page)
        if page.after is None:
            kept = wanted if since is None else None
            matched = number_matched(request.user, rows, kept) if found.next else len(found.features)
            members = {} if matched is None else {"numberMatched": matched}
    links = [link_to(request, "self")]
    if found.next is not None:
        links.append(link_to(request, "next", after=str(found.next)))
    body = collection(found.features, **members, numberReturned=len(found.features), links=links)
    return geojson_answer(request, body, max_age_s=LIVE_S)


@lru_cache(maxsize=8)
def _paged(language: str, _public_url: str) -> PagedFeatures:
    feature = FeatureText(id="id", geometry="point", properties=values(APPEAL, language))
    return PagedFeatures(Appeal, feature, NEWEST_FIRST)


def link_to(
    request: HttpRequest, rel: str, *, media_type: str = MEDIA_TYPE, **changes: str
) -> dict[str, Any]:
    """A link to the same list with other parameters."""
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    return {"rel": rel, "type": media_type, "href": public_link(f"{request.path}?{query.urlencode()}")}
