"""GET /data/news-areas.csv, /data/hotspot-cells.gpkg and their like: areas that change by themselves, as whole sets."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from geo.refusals import Refusals
from opendata.area_rows import hotspot_cells, news_areas
from opendata.layers import HOTSPOT_CELLS, NEWS_AREAS
from opendata.views.whole_sets import described_files, few_rows_answer
from web.api.language import language_asked_for
from web.api.openapi import LANG, described
from web.api.problems import bad_parameters

_NEWS_ENDING, _NEWS_RESPONSES = described_files(NEWS_AREAS)
_CELLS_ENDING, _CELLS_RESPONSES = described_files(HOTSPOT_CELLS)


@require_safe
@described("read_news_areas_as", parameters=[_NEWS_ENDING, LANG], responses=_NEWS_RESPONSES)
def whole_news_areas(request: HttpRequest, ending: str) -> HttpResponseBase:
    """Published news and planned works with an area, newest first, as a file that a GIS opens; works until they end."""
    refusals = Refusals()
    language = refusals.read(language_asked_for, request, "")
    if refusals.errors:
        return bad_parameters(refusals.errors)
    return few_rows_answer(request, NEWS_AREAS, ending, news_areas(), language)


@require_safe
@described("read_hotspot_cells_as", parameters=[_CELLS_ENDING], responses=_CELLS_RESPONSES)
def whole_hotspot_cells(request: HttpRequest, ending: str) -> HttpResponseBase:
    """The cells of the standing hotspots, the surest first, as a file that a GIS opens. A count too small to be shown is null."""
    return few_rows_answer(request, HOTSPOT_CELLS, ending, hotspot_cells())
