from __future__ import annotations

from django.urls import path

from desk import drafts, views

app_name = "desk"

urlpatterns = [
    path("", views.queue_page, name="queue"),
    path("appeals/<int:number>/", views.appeal_page, name="appeal"),
    path("appeals/<int:number>/draft/", drafts.keep, name="draft"),
    path("drafts/", drafts.drafts_page, name="drafts"),
    path("session/", drafts.session, name="session"),
]
