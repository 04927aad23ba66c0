"""The collections: what their features are, which of them a request asks for, and how many there are.

A collection is declared here once; its addresses, its description, its schema and the OpenAPI document are made of it.
"""

from __future__ import annotations

import datetime as dt
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Model, Q, QuerySet, Sum, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter

from accounts.models import User
from appeals.filters import FILTERS, AppealFilter, parse_filter
from appeals.models import Appeal, CellCount
from appeals.querysets import NEWEST_FIRST, AppealQuerySet
from appeals.vocabulary import Status
from districts.models import CODE_MAX, BoundaryRevision, DistrictBoundary, ServiceArea
from districts.versions import public_version
from geo.cql2.tree import Node
from geo.geojson import FeatureText, PagedFeatures, PageText, feature_page
from geo.paging import Order
from geo.published_crs import Box, PublishedCrs
from geo.refusals import Refusals
from opendata.changes import UPDATED_AFTER, updated_after
from opendata.layers import APPEALS, DISTRICTS, SERVICE_AREAS, Layer
from opendata.ogc.filtering import Conditions, can_be_asked
from opendata.ogc.parameters import (
    OF_EVERY_LIST,
    ListRequest,
    datetime_parameter,
    properties_parameter,
    sortby_parameter,
)
from opendata.ogc.period import Period
from opendata.ogc.sorting import Sortables
from opendata.parameters import FILTER_PARAMETERS, code_in
from opendata.properties import APPEAL, DISTRICT, SERVICE_AREA, Properties, Property, values
from opendata.tiles import APPEALS as OF_TILES
from web.api.answers import LIVE_S, SETTLED_S
from web.api.openapi import AREA, DAY, POINT, TEXT, WHOLE, Schema
from web.api.texts import digest

Reader = User | AnonymousUser

#: Up to so many are counted for the first page of a list; ``resultType=hits`` counts them all.
COUNTED_MAX: Final = 10_000


class Collection(ABC):
    """A set of features of one kind. ``moment`` is the property that ``datetime`` is compared with."""

    id: ClassVar[str]
    title: ClassVar[str | Promise]
    description: ClassVar[str | Promise]
    #: For the OpenAPI document, in English.
    words: ClassVar[str]
    properties: ClassVar[Properties]
    geometry: ClassVar[Schema]
    model: ClassVar[type[Model]]
    column: ClassVar[str]
    moment: ClassVar[str]
    sortables: ClassVar[Sortables]
    #: As which its features stand in files.
    layer: ClassVar[Layer]
    #: Properties of the features of its vector tiles; none where it has no tiles.
    in_tiles: ClassVar[Properties] = ()
    filters: ClassVar[tuple[OpenApiParameter, ...]]
    datetime: ClassVar[OpenApiParameter]
    max_age_s: ClassVar[int]

    @property
    def parameters(self) -> tuple[OpenApiParameter, ...]:
        """Everything that its list of features takes."""
        return (
            *OF_EVERY_LIST[:1],
            self.datetime,
            *self.filters,
            sortby_parameter(self.sortables.columns),
            properties_parameter(self.properties),
            *OF_EVERY_LIST[1:],
        )

    @property
    def queryables(self) -> tuple[Property, ...]:
        """The properties of which a filter may speak, beside the geometry."""
        return tuple(filter(can_be_asked, self.properties))

    def condition(self, node: Node, crs: PublishedCrs) -> Q:
        """What a filter says, whose coordinates are of the CRS. Raises ``ValueRefused``."""
        return Conditions(self.model, self.properties, self.column, self.in_box, crs).of(node)

    @abstractmethod
    def rows(self, reader: Reader, query: Mapping[str, str], refusals: Refusals) -> QuerySet[Any]:
        """What the collection's own filters leave of what the reader may see; what is wrong is added to the refusals."""

    @abstractmethod
    def during(self, rows: QuerySet[Any], period: Period | None) -> QuerySet[Any]:
        """The rows whose time and the period have a moment in common."""

    @abstractmethod
    def in_box(self, box: Box) -> Q:
        """Condition that a feature has a point in common with the box."""

    @abstractmethod
    def one(self, reader: Reader, feature: str) -> QuerySet[Any]:
        """The row of that feature id, which may be none."""

    @abstractmethod
    def page(self, rows: QuerySet[Any], asked: ListRequest) -> PageText:
        """The page of the rows as features, in the order that is asked for."""

    @abstractmethod
    def key(self) -> str | Combinable:
        """The id of a feature."""

    def feature(self, language: str, crs: PublishedCrs, properties: Properties) -> FeatureText:
        """A feature with these of its properties."""
        return FeatureText(
            id=self.key(),
            geometry=crs.of(self.column),
            properties=values(properties, language),
            decimals=crs.decimals,
        )

    @abstractmethod
    def began(self) -> dt.datetime | None:
        """The earliest moment of its features; None while there are none."""

    @abstractmethod
    def in_words(self, properties: Mapping[str, Any], language: str) -> tuple[str, str]:
        """A title for a feature of these properties, and what else is told of it in a list."""

    def matched(
        self, reader: Reader, query: Mapping[str, str], rows: QuerySet[Any], *, exactly: bool
    ) -> int | None:
        """How many rows there are; None where that is not known at once and need not be."""
        return rows.order_by().count()

    def version(self, asked: ListRequest) -> str | None:
        """Which state of the data, and shape of the features, an answer is of; None where the answer itself must tell."""
        return None


class Appeals(Collection):
    id = "appeals"
    title = _("Appeals")
    description = _(
        "What residents reported, with its place, its category, who must answer and what has become of it."
    )
    words = "Appeals that match, newest first, in pages; the `next` link leads to the following page."
    properties = APPEAL
    geometry = POINT
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
        wanted = refusals.read(parse_filter, _own(query), AppealFilter())
        since = refusals.read(updated_after, query, None)
        rows = Appeal.objects.visible_to(reader)
        if refusals.errors:
            return rows.none()
        rows = rows.filtered(wanted)
        return rows if since is None else rows.updated_since(since)

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

    def key(self) -> str | Combinable:
        return "id"

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
        """Counted where the database counts along, else one by one, up to ``COUNTED_MAX`` unless ``exactly``."""
        narrowing = (*(one.name for one in self.filters), "bbox", "datetime", "filter")
        named = {name for name in narrowing if query.get(name)}
        if named <= {"status"} and not reader.is_authenticated:
            statuses = parse_filter(_own(query)).status or Status.values
            sums = {name: Sum(f"n_{name}", default=0) for name in statuses}
            return sum(map(int, CellCount.objects.aggregate(**sums).values()))
        if exactly:
            return rows.order_by().count()
        counted = rows.order_by().values("pk")[: COUNTED_MAX + 1].count()
        return counted if counted <= COUNTED_MAX else None

    def version(self, asked: ListRequest) -> str | None:
        return digest(public_version(), self._paged(asked).shape)

    def _paged(self, asked: ListRequest) -> PagedFeatures:
        return _paged(self, asked.language, asked.crs, asked.properties, asked.order, settings.PUBLIC_URL)


class Borders(Collection):
    """Polygons of boundary revisions: of those in force in the period, of the one in force today without a period."""

    geometry = AREA
    column = "geom"
    moment = "in_force_from"
    sortables = Sortables(
        {"revision": ("revision__number", int), "in_force_from": ("revision__effective_from", dt.date)},
        Order({"id": int}),
        "id",
    )
    datetime = datetime_parameter("When they were in force; without it, those of today.")
    max_age_s = SETTLED_S

    #: What the revision adds to the properties.
    _in_force: Final[Properties] = (
        Property("revision", "revision__number", WHOLE, "Number of the boundary revision."),
        Property("in_force_from", "revision__effective_from", DAY),
    )

    def during(self, rows: QuerySet[Any], period: Period | None) -> QuerySet[Any]:
        today = timezone.localdate()
        first, last = (period.first_day, period.last_day) if period else (today, today)
        condition = Q(pk__in=[])
        for revision, begins, ends in _in_force():
            if begins <= last and first < ends:
                # Of what is valid for a time alone, both times count.
                span = max(first, begins), min(last, ends - dt.timedelta(days=1))
                condition |= Q(revision=revision) & self._valid(*span)
        return rows.filter(condition)

    def in_box(self, box: Box) -> Q:
        return box.meets(self.column)

    def page(self, rows: QuerySet[Any], asked: ListRequest) -> PageText:
        feature = self.feature(asked.language, asked.crs, asked.properties)
        return feature_page(rows, feature, asked.order, asked.page)

    def began(self) -> dt.datetime | None:
        begins = [begins for _revision, begins, _ends in _in_force()]
        return timezone.make_aware(dt.datetime.combine(min(begins), dt.time.min)) if begins else None

    def in_words(self, properties: Mapping[str, Any], language: str) -> tuple[str, str]:
        told = (properties.get(f"service_name_{language}"), properties["in_force_from"])
        title = properties.get(f"name_{language}") or properties["code"]
        return title, " · ".join(word for word in told if word)

    def _valid(self, first: dt.date, last: dt.date) -> Q:
        return Q()


class Districts(Borders):
    id = "districts"
    title = _("Districts")
    description = _(
        "The territories of the city as its boundary revisions draw them, without the city itself."
    )
    model = DistrictBoundary
    words = "Districts of the borders in force on a day, without the city itself, in pages."
    properties = (*DISTRICT, *Borders._in_force)
    layer = DISTRICTS
    in_tiles = DISTRICT
    filters = (OpenApiParameter("code", {**TEXT, "maxLength": CODE_MAX}, description="Code of a district."),)

    def rows(self, reader: Reader, query: Mapping[str, str], refusals: Refusals) -> QuerySet[Any]:
        rows: QuerySet[Any] = DistrictBoundary.objects.territories()
        code = refusals.read(code_in, query.get("code", ""), "", name="code")
        return rows.filter(district__code=code) if code else rows

    def one(self, reader: Reader, feature: str) -> QuerySet[Any]:
        number, code, *more = _parts(feature)
        if more:
            return DistrictBoundary.objects.none()
        published = DistrictBoundary.objects.filter(revision__state=BoundaryRevision.State.PUBLISHED)
        found: QuerySet[Any] = published.territories().filter(revision__number=number, district__code=code)
        return found

    def key(self) -> str | Combinable:
        return _joined("revision__number", "district__code")


class ServiceAreas(Borders):
    id = "service_areas"
    title = _("Service areas")
    description = _(
        "Where a service answers for some categories; the highest priority decides, then the smallest area."
    )
    model = ServiceArea
    words = "Service areas of the borders in force on a day, in pages. Where several cover a place, the highest priority decides, then the smallest."
    properties = (*SERVICE_AREA, *Borders._in_force)
    layer = SERVICE_AREAS
    filters = (
        OpenApiParameter("service", {**TEXT, "maxLength": CODE_MAX}, description="Code of a service."),
        OpenApiParameter(
            "category",
            {**TEXT, "maxLength": CODE_MAX},
            description="Code of a category: the areas that take its appeals.",
        ),
    )

    def rows(self, reader: Reader, query: Mapping[str, str], refusals: Refusals) -> QuerySet[Any]:
        rows = ServiceArea.objects.all()
        service, category = (
            refusals.read(code_in, query.get(name, ""), "", name=name) for name in ("service", "category")
        )
        if service:
            rows = rows.filter(service__code=service)
        return rows.deciding_for(category) if category else rows

    def one(self, reader: Reader, feature: str) -> QuerySet[Any]:
        number, service, *code = _parts(feature)
        if len(code) != 1:
            return ServiceArea.objects.none()
        published = ServiceArea.objects.filter(revision__state=BoundaryRevision.State.PUBLISHED)
        return published.filter(revision__number=number, service__code=service, code=code[0])

    def key(self) -> str | Combinable:
        return _joined("revision__number", "service__code", "code")

    def _valid(self, first: dt.date, last: dt.date) -> Q:
        begun = Q(valid_from__isnull=True) | Q(valid_from__lte=last)
        return begun & (Q(valid_to__isnull=True) | Q(valid_to__gt=first))


COLLECTIONS: Final[tuple[Collection, ...]] = (Appeals(), Districts(), ServiceAreas())


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
    return {declared.name: query.get(declared.name, "") for declared in FILTERS if declared.name != "bbox"}


def _in_force() -> list[tuple[int, dt.date, dt.date]]:
    """Key of each published revision that ever came into force, the first day and the one after the last."""
    published = BoundaryRevision.objects.in_force(dt.date.max).values_list("pk", "effective_from")
    spans, ends = [], dt.date.max
    for key, begins in published:
        if begins < ends:
            spans.append((key, begins, ends))
            ends = begins
    return spans


def _joined(number: str, *codes: str) -> Combinable:
    # A code holds no full stop.
    parts: list[Any] = [Cast(F(number), TextField())]
    for code in codes:
        parts += [Value("."), F(code)]
    return Concat(*parts, output_field=TextField())


def _parts(feature: str) -> list[str]:
    """Number of the revision, then codes; what is no such id gives one that is nowhere."""
    known = re.fullmatch(r"[1-9][0-9]{0,8}(?:\.[-\w]{1,80}){1,2}", feature, re.ASCII)
    return feature.split(".") if known else ["0", ""]
