"""The collections of borders: districts and service areas, of any day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter

from districts.models import CODE_MAX, BoundaryRevision, DistrictBoundary, ServiceArea
from geo.paging import Order
from geo.refusals import Refusals
from opendata.layers import DISTRICTS, SERVICE_AREAS
from opendata.ogc.collection import Collection, Reader
from opendata.ogc.parameters import datetime_parameter
from opendata.ogc.period import Period
from opendata.ogc.sorting import Sortables
from opendata.parameters import CODES
from opendata.properties import DISTRICT, SERVICE_AREA, Properties, Property
from web.api.answers import SETTLED_S
from web.api.openapi import AREA, DAY, TEXT, WHOLE


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
        code = refusals.read(CODES["code"], query.get("code", ""), "", name="code")
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
            refusals.read(CODES[name], query.get(name, ""), "", name=name) for name in ("service", "category")
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
