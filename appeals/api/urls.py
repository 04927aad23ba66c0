"""Addresses of the appeals' part of the API, below ``/api/``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from appeals.api.appeal import AppealByNumberView, AppealView
from appeals.api.clusters import clusters_geojson
from appeals.api.features import appeals_geojson
from appeals.api.places import PlacesView
from appeals.api.route import RouteView
from appeals.api.submit import AppealSubmitView
from appeals.api.uploads import UploadView

urlpatterns: list[URLPattern | URLResolver] = [
    path("appeals.geojson", appeals_geojson, name="api-appeals"),
    path("clusters.geojson", clusters_geojson, name="api-clusters"),
    path("appeals/", AppealSubmitView.as_view(), name="api-submit"),
    path("appeals/<uuid:pk>/", AppealView.as_view(), name="api-appeal"),
    path("appeals/<int:number>/", AppealByNumberView.as_view(), name="api-appeal-by-number"),
    path("uploads/", UploadView.as_view(), name="api-upload"),
    path("route", RouteView.as_view(), name="api-route"),
    path("places", PlacesView.as_view(), name="api-places"),
]
