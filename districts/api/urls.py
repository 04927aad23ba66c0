"""Addresses of the districts' part of the API, below ``/api/``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from districts.api.base import base_geojson
from districts.api.ground import districts_geojson, service_areas_geojson
from districts.api.reference import categories_json, services_json

urlpatterns: list[URLPattern | URLResolver] = [
    path("districts.geojson", districts_geojson, name="api-districts"),
    path("service-areas.geojson", service_areas_geojson, name="api-service-areas"),
    path("base.geojson", base_geojson, name="api-base"),
    path("services.json", services_json, name="api-services"),
    path("categories.json", categories_json, name="api-categories"),
]
