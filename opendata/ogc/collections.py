"""The collections: each is declared once, and its addresses, its description, its schema and the OpenAPI document are made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from appeals.filters import keys_of, parse_filter
from appeals.models import Appeal
from appeals.models.pyramid import kept_number
from appeals.querysets import NEWEST_FIRST, AppealQuerySet
from appeals.vocabulary import Status
from districts.versions import public_version
from geo.geojson import PagedFeatures, PageText, rows_of_statement
from geo.paging import Order
from geo.published_crs import Box, PublishedCrs
from geo.refusals import Refusals
from opendata.appeal_rows import asked_appeals
from opendata.changes import UPDATED_AFTER
from opendata.layers import APPEALS
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

#: Up to so many are counted for the first page of a list where their number is not kept; ``resultType=hits`` counts them all.
COUNTED_MAX: Final = 10_000


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
        return refusals.read(lambda own: asked_appeals(own, reader), _own(query), none)

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
        self, reader: Reader, query: Mapping[str, str], rows: QuerySet[Any], *, exactly: bool
    ) -> int | None:
        """Read where it is kept (of two filters at most), else counted, up to ``COUNTED_MAX`` unless ``exactly``."""
        narrowing = (*(one.name for one in self.filters), "bbox", "datetime", "filter")
        named = {name for name in narrowing if query.get(name)}
        elsewhere = {"bbox", "datetime", "filter", UPDATED_AFTER.name}
        if not named & elsewhere and not reader.is_authenticated:
            wanted = parse_filter(_own(query))
            if statement := kept_number(wanted, keys_of([wanted]), Appeal.objects.public()):
                return int(rows_of_statement(statement)[0][0] or 0)
        if exactly:
            return rows.order_by().count()
        counted = rows.order_by().values("pk")[: COUNTED_MAX + 1].count()
        return counted if counted <= COUNTED_MAX else None

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


def _own(query: Mapping[str, str]) -> dict[str, str]:
    # The box has a CRS here, and is read with it.
    return {name: text for name, text in query.items() if name != "bbox"}
