"""Addresses of whole sets and of what changed, below ``/data/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from opendata.views.removed import removed_json
from opendata.views.whole_sets import whole_appeals, whole_appeals_by_line

urlpatterns: list[URLPattern] = [
    path("appeals.geojson", whole_appeals, name="data-appeals"),
    path("appeals.geojsonl", whole_appeals_by_line, name="data-appeals-by-line"),
    path("removed.json", removed_json, name="data-removed"),
]
