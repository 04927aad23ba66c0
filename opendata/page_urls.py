"""Addresses of the pages about the open data, below the language."""

from __future__ import annotations

from django.urls import URLPattern, path

from opendata.views.catalogue import catalogue

app_name = "opendata"

urlpatterns: list[URLPattern] = [path("", catalogue, name="catalogue")]
