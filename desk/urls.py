from __future__ import annotations

from django.urls import path

from desk import views

app_name = "desk"

urlpatterns = [
    path("", views.queue_page, name="queue"),
    path("appeals/<int:number>/", views.appeal_page, name="appeal"),
]
