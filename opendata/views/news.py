"""GET /api/news.geojson: the Mayor's Office's news and planned works where they have a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import Point
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter

from geo.geojson import FeatureText, collection, feature_page
from geo.paging import PageRequest, parse_page
from geo.points import WGS84_SRID, city_point
from geo.refusals import Refusals
from news.models import NEWEST_FIRST, NewsItem
from opendata.parameters import AFTER_PARAMETER, NEWS_KIND, PAGE_SIZE_PARAMETER, news_kind_in
from opendata.properties import NEWS_ITEM, schema, values
from opendata.views.appeals import link_to
from web.api.answers import LIVE_S, geojson_answer
from web.api.language import language_asked_for
from web.api.openapi import AREA, LANG, LINKS, POINT, WHOLE, described, feature_collection, problems
from web.api.problems import bad_parameters

_PLACED: Final = Q(point__isnull=False) | Q(area__isnull=False)
_AT: Final = OpenApiParameter(
    "at",
    str,
    description="`lon,lat` in degrees (EPSG:4326): the works that are under way now, and in whose area this place lies.",
)


@require_safe
@described(
    "list_news",
    parameters=[NEWS_KIND, _AT, PAGE_SIZE_PARAMETER, AFTER_PARAMETER, LANG],
    responses={
        **feature_collection(
            schema(NEWS_ITEM),
            geometry={"oneOf": [POINT, AREA]},
            members={"numberReturned": WHOLE, "links": LINKS},
            id_schema=WHOLE,
        ),
        **problems(400),
    },
)
def news_geojson(request: HttpRequest) -> HttpResponseBase:
    """Published news and planned works that have a place, newest first, in pages as those of appeals; works until they end."""
    refusals = Refusals()
    language = refusals.read(language_asked_for, request, "")
    page = refusals.read(lambda query: parse_page(query, NEWEST_FIRST), request.GET, PageRequest())
    kind = refusals.read(news_kind_in, request.GET, "", name="kind")
    point = refusals.read(_point, request.GET, None, name="at")
    if refusals.errors:
        return bad_parameters(refusals.errors)
    rows = NewsItem.objects.in_force_at(point) if point else NewsItem.objects.current().filter(_PLACED)
    if kind:
        rows = rows.filter(kind=kind)
    place = Coalesce("area", "point", output_field=GeometryField(srid=WGS84_SRID))
    feature = FeatureText(id="id", geometry=place, properties=values(NEWS_ITEM, language))
    found = feature_page(rows, feature, NEWEST_FIRST, page)
    links = [link_to(request, "self")]
    if found.next is not None:
        links.append(link_to(request, "next", after=str(found.next)))
    body = collection(found.features, numberReturned=len(found.features), links=links)
    return geojson_answer(request, body, max_age_s=LIVE_S)


def _point(query: Mapping[str, str]) -> Point | None:
    given = query.get("at", "")
    if not given:
        return None
    lon, _comma, lat = given.partition(",")
    return city_point(lon, lat)
