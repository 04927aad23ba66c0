"""Addresses of the open data, below ``/api/``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from opendata.views.appeal import AppealByNumberView, AppealView
from opendata.views.appeals import appeals_geojson
from opendata.views.base_map import base_geojson
from opendata.views.borders import city_geojson, districts_geojson, service_areas_geojson
from opendata.views.clusters import clusters_geojson
from opendata.views.comments import CommentsByNumberView, CommentsView
from opendata.views.document import DocumentPage, DocumentView
from opendata.views.news import news_geojson
from opendata.views.reference import categories_json, services_json
from web.security import with_inline_styles

urlpatterns: list[URLPattern | URLResolver] = [
    path("appeals.geojson", appeals_geojson, name="api-appeals"),
    path("appeals/<uuid:pk>/", AppealView.as_view(), name="api-appeal"),
    path("appeals/<int:number>/", AppealByNumberView.as_view(), name="api-appeal-by-number"),
    path("appeals/<uuid:pk>/comments/", CommentsView.as_view(), name="api-comments"),
    path("appeals/<int:number>/comments/", CommentsByNumberView.as_view(), name="api-comments-by-number"),
    path("clusters.geojson", clusters_geojson, name="api-clusters"),
    path("districts.geojson", districts_geojson, name="api-districts"),
    path("city.geojson", city_geojson, name="api-city"),
    path("service-areas.geojson", service_areas_geojson, name="api-service-areas"),
    path("news.geojson", news_geojson, name="api-news"),
    path("base.geojson", base_geojson, name="api-base"),
    path("services.json", services_json, name="api-services"),
    path("categories.json", categories_json, name="api-categories"),
    path("schema/", DocumentView.as_view(), name="schema"),
    path("docs/", with_inline_styles(DocumentPage.as_view(url_name="schema")), name="api-docs"),
]
