"""The collections: each is declared once, and its addresses, its description, its schema and the OpenAPI document are made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from appeals.filters import AppealFilter, parse_filter
from appeals.models import Appeal
from appeals.querysets import NEWEST_FIRST, AppealQuerySet
from appeals.vocabulary import Status
from districts.versions import public_version
from geo.geojson import PagedFeatures, PageText
from geo.paging import Order
from geo.published_crs import Box, ProjectedBox, PublishedCrs
from geo.refusals import Refusals
from opendata.appeal_rows import asked_appeals
from opendata.changes import UPDATED_AFTER
from opendata.layers import APPEALS
from opendata.number_matched import in_period, number_matched
from opendata.ogc.borders import Districts, ServiceAreas
from opendata.ogc.collection import Collection, Reader
from opendata.ogc.hotspot_cells import HotspotCells
from opendata.ogc.news_areas import NewsAreas
from opendata.ogc.parameters import ListRequest, datetime_parameter
from opendata.ogc.period import Period
from opendata.ogc.sorting import Sortables
from opendata.parameters import FILTER_PARAMETERS
from opendata.properties import APPEAL, Properties
from opendata.tiles import APPEALS as OF_TILES
from web.api.answers import LIVE_S
from web.api.openapi import POINT, UUID
from web.api.texts import digest


class Appeals(Collection):
    id = "appeals"
    title = _("Appeals")
    description = _(
        "What residents reported, with its place, its category, who must answer and what has become of it."
    )
    words = "Appeals that match, newest first, in pages; the `next` link leads to the following page."
    properties = APPEAL
    geometry = POINT
    id_schema = UUID
    id_converter = "uuid"
    model = Appeal
    column = "point"
    moment = "submitted_at"
    sortables = Sortables(
        {
            "submitted_at": ("submitted_at", dt.datetime),
            "updated_at": ("updated_at", dt.datetime),
            "due_on": ("due_on", dt.date),
            "number": ("number", int),
        },
        NEWEST_FIRST,
        "number",
    )
    layer = APPEALS
    in_tiles = OF_TILES
    filters = (*(one for one in FILTER_PARAMETERS if one.name != "bbox"), UPDATED_AFTER)
    datetime = datetime_parameter("When they were submitted:")
    max_age_s = LIVE_S

    def rows(self, reader: Reader, query: Mapping[str, str], refusals: Refusals) -> AppealQuerySet:
        none: AppealQuerySet = Appeal.objects.none()
        return refusals.read(lambda own: asked_appeals(own, reader), self._own(query), none)

    def during(self, rows: QuerySet[Any], period: Period | None) -> QuerySet[Any]:
        if period and period.start:
            rows = rows.filter(submitted_at__gte=period.start)
        if period and period.end:
            rows = rows.filter(submitted_at__lt=period.end)
        return rows

    def in_box(self, box: Box) -> Q:
        return box.holds(self.column)

    def one(self, reader: Reader, feature: str) -> QuerySet[Any]:
        return Appeal.objects.visible_to(reader).filter(pk=feature)

    def page(self, rows: QuerySet[Any], asked: ListRequest) -> PageText:
        return self._paged(asked).page(rows, asked.page)

    def began(self) -> dt.datetime | None:
        oldest = (
            Appeal.objects.public().order_by("submitted_at", "number").values_list("submitted_at", flat=True)
        )
        return oldest.first()

    def in_words(self, properties: Mapping[str, Any], language: str) -> tuple[str, str]:
        told = (
            Status(properties["status"]).label,
            date_format(
                timezone.localtime(dt.datetime.fromisoformat(properties["submitted_at"])), "DATE_FORMAT"
            ),
            properties["service_name"],
            properties["address"],
        )
        words = " · ".join(str(word) for word in told if word)
        return f"№ {properties['number']} · {properties['category_name']}", words

    def matched(
        self, reader: Reader, query: Mapping[str, str], rows: QuerySet[Any], asked: ListRequest
    ) -> int | None:
        wanted, besides = self._kept(query, asked)
        return number_matched(reader, rows, wanted, exactly=asked.hits, besides=besides)

    def _own(self, query: Mapping[str, str]) -> dict[str, str]:
        # Without the box, which has a CRS here, and is read with it.
        return {one.name: text for one in self.filters if (text := query.get(one.name))}

    def _kept(self, query: Mapping[str, str], asked: ListRequest) -> tuple[AppealFilter | None, Sequence[Q]]:
        """What narrows the list as ``number_matched`` takes it."""
        box = asked.box
        if asked.filter is not None or query.get(UPDATED_AFTER.name) or isinstance(box, ProjectedBox):
            return None, ()
        if box is not None and len(box.parts) > 1:
            return None, ()
        wanted = replace(parse_filter(self._own(query)), bbox=box.parts[0] if box else None)
        period = asked.period or Period()
        return in_period(wanted, period.start, period.end)

    def version(self, asked: ListRequest) -> str | None:
        return digest(public_version(), self._paged(asked).shape)

    def _paged(self, asked: ListRequest) -> PagedFeatures:
        return _paged(self, asked.language, asked.crs, asked.properties, asked.order, settings.PUBLIC_URL)


COLLECTIONS: Final[tuple[Collection, ...]] = (
    Appeals(),
    Districts(),
    ServiceAreas(),
    NewsAreas(),
    HotspotCells(),
)


@lru_cache(maxsize=64)
def _paged(
    of: Collection,
    language: str,
    crs: PublishedCrs,
    properties: Properties,
    order: Order,
    _public_url: str,
) -> PagedFeatures:
    return PagedFeatures(of.model, of.feature(language, crs, properties), order)
