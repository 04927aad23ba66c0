"""Addresses of whole sets, below ``/data/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from opendata.views.whole_sets import whole_appeals, whole_appeals_by_line

urlpatterns: list[URLPattern] = [
    path("appeals.geojson", whole_appeals, name="data-appeals"),
    path("appeals.geojsonl", whole_appeals_by_line, name="data-appeals-by-line"),
]
