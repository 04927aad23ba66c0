from __future__ import annotations

from django.urls import path

from desk import drafts, exports, views

app_name = "desk"

urlpatterns = [
    path("", views.queue_page, name="queue"),
    path("export.csv", exports.export, {"form": exports.Form.CSV}, name="export-csv"),
    path("export.xlsx", exports.export, {"form": exports.Form.XLSX}, name="export-xlsx"),
    path("appeals/<int:number>/", views.appeal_page, name="appeal"),
    path("appeals/<int:number>/draft/", drafts.keep, name="draft"),
    path("drafts/", drafts.drafts_page, name="drafts"),
    path("session/", drafts.session, name="session"),
]
