"""The collection of news and planned works that have an area on the map."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from geo.refusals import Refusals
from news.models import NEWEST_FIRST, NewsItem, NewsItemQuerySet
from opendata.layers import NEWS_AREAS
from opendata.ogc.collection import Collection, Reader
from opendata.ogc.parameters import datetime_parameter
from opendata.ogc.period import Period
from opendata.ogc.sorting import Sortables
from opendata.parameters import NEWS_KIND, news_kind_in
from opendata.properties import NEWS_ITEM
from web.api.answers import LIVE_S
from web.api.openapi import AREA, WHOLE


class NewsAreas(Collection):
    """What everybody may read of the news, whoever asks: drafts and what appears later are the desk's."""

    id = "news_areas"
    title = _("News and planned works")
    description = _(
        "Published news and planned works of the Mayor's Office that have an area on the map, works with their times."
    )
    words = "Published news and planned works with an area, newest first, in pages; works until they end, unless `datetime` asks for others."
    properties = NEWS_ITEM
    geometry = AREA
    id_schema = WHOLE
    id_converter = "int"
    model = NewsItem
    column = "area"
    moment = "starts_at"
    until = "ends_at"
    sortables = Sortables({"published_at": ("published_at", dt.datetime)}, NEWEST_FIRST, "id")
    layer = NEWS_AREAS
    filters = (NEWS_KIND,)
    datetime = datetime_parameter(
        "When works take place, and when what has no times was published; without it, all but the works that have ended."
    )
    max_age_s = LIVE_S

    def rows(self, reader: Reader, query: Mapping[str, str], refusals: Refusals) -> QuerySet[Any]:
        kind = refusals.read(news_kind_in, query, "", name="kind")
        rows = self._published()
        return rows.filter(kind=kind) if kind else rows

    def during(self, rows: QuerySet[Any], period: Period | None) -> QuerySet[Any]:
        if period is None:
            return rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now()))
        works, others = Q(starts_at__isnull=False), Q(starts_at__isnull=True)
        if period.start:
            works &= Q(ends_at__gt=period.start)
            others &= Q(published_at__gte=period.start)
        if period.end:
            works &= Q(starts_at__lt=period.end)
            others &= Q(published_at__lt=period.end)
        return rows.filter(works | others)

    def one(self, reader: Reader, feature: str) -> QuerySet[Any]:
        return self._published().filter(pk=int(feature))

    def began(self) -> dt.datetime | None:
        first = self._published().order_by().aggregate(at=Min(Coalesce("starts_at", "published_at")))
        at: dt.datetime | None = first["at"]
        return at

    def in_words(self, properties: Mapping[str, Any], language: str) -> tuple[str, str]:
        times = [properties["starts_at"], properties["ends_at"]]
        if times[0] is None:
            times = [properties["published_at"]]
        told = " – ".join(
            date_format(timezone.localtime(dt.datetime.fromisoformat(time)), "SHORT_DATETIME_FORMAT")
            for time in times
        )
        return properties["title"], f"{NewsItem.Kind(properties['kind']).label} · {told}"

    def _published(self) -> NewsItemQuerySet:
        published: NewsItemQuerySet = NewsItem.objects.published().filter(area__isnull=False)
        return published
