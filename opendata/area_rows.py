"""Rows of the layers of areas that change by themselves, as everybody may read them now."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from appeals.models import HotCell
from news.models import NewsItem


def news_areas() -> QuerySet[Any]:
    """Published news and planned works with an area, newest first; works until they end."""
    rows: QuerySet[Any] = NewsItem.objects.current().filter(area__isnull=False)
    return rows


def hotspot_cells() -> QuerySet[Any]:
    """The cells of the standing hotspots, the surest first."""
    return HotCell.objects.public().order_by("-level", "-observed", "-number")
