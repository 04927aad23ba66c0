"""Addresses of what the pages' scripts send and ask while a form is filled in, below ``/api/``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from public.api.places import PlacesView
from public.api.report_abuse import AbuseReportsView
from public.api.resumable import ResumableUploadsView, ResumableUploadView
from public.api.route import RouteView
from public.api.submit import AppealSubmitView
from public.api.uploads import UploadView

urlpatterns: list[URLPattern | URLResolver] = [
    path("appeals/", AppealSubmitView.as_view(), name="api-submit"),
    path("appeals/<int:number>/reports/", AbuseReportsView.as_view(), name="api-report-abuse"),
    path("uploads/", UploadView.as_view(), name="api-upload"),
    path("uploads/resumable/", ResumableUploadsView.as_view(), name="api-resumable-uploads"),
    path("uploads/resumable/<uuid:pk>/", ResumableUploadView.as_view(), name="api-resumable-upload"),
    path("route", RouteView.as_view(), name="api-route"),
    path("places", PlacesView.as_view(), name="api-places"),
]
