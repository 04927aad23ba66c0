"""Addresses of whole sets, of what their fields are and of what changed, below ``/data/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from opendata.bundle import CHECKSUMS
from opendata.views.areas import whole_hotspot_cells, whole_news_areas
from opendata.views.borders import whole_city, whole_districts, whole_service_areas
from opendata.views.bundle import bundle_zip, catalogue_jsonld, checksums
from opendata.views.field_lists import field_list
from opendata.views.notebooks import notebook
from opendata.views.removed import removed_json
from opendata.views.whole_sets import whole_appeals, whole_appeals_as, whole_appeals_by_line

urlpatterns: list[URLPattern] = [
    path("appeals.geojson", whole_appeals, name="data-appeals"),
    path("appeals.geojsonl", whole_appeals_by_line, name="data-appeals-by-line"),
    path("<slug:layer>.csv-metadata.json", field_list, name="data-fields"),
    path("appeals.<str:ending>", whole_appeals_as, name="data-appeals-as"),
    path("districts.<str:ending>", whole_districts, name="data-districts"),
    path("city.<str:ending>", whole_city, name="data-city"),
    path("service-areas.<str:ending>", whole_service_areas, name="data-service-areas"),
    path("notebooks/<slug:notebook>.ipynb", notebook, name="data-notebook"),
    path("news-areas.<str:ending>", whole_news_areas, name="data-news-areas"),
    path("hotspot-cells.<str:ending>", whole_hotspot_cells, name="data-hotspot-cells"),
    path("bundle.zip", bundle_zip, name="data-bundle"),
    path(CHECKSUMS, checksums, name="data-checksums"),
    path("catalog.jsonld", catalogue_jsonld, name="data-catalogue"),
    path("removed.json", removed_json, name="data-removed"),
]
