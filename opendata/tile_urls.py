"""Addresses of vector tiles, below ``/tiles/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from opendata.views.tiles import (
    appeals_mvt,
    appeals_tilejson_document,
    districts_mvt,
    districts_tilejson_document,
    style_document,
)

urlpatterns: list[URLPattern] = [
    path("appeals.json", appeals_tilejson_document, name="appeals-tilejson"),
    path("appeals/<str:z>/<str:x>/<str:y>.mvt", appeals_mvt, name="appeals-tile"),
    path("districts.json", districts_tilejson_document, name="districts-tilejson"),
    path("districts/<str:z>/<str:x>/<str:y>.mvt", districts_mvt, name="districts-tile"),
    path("style.json", style_document, name="tiles-style"),
]
