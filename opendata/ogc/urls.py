"""Addresses below ``/ogc/``."""

from __future__ import annotations

from opendata.ogc.views import addresses

urlpatterns = addresses()
