"""Questions about appeals. Whatever shows appeals begins with ``visible_to`` and can show nothing else."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.geos import Point
from django.contrib.gis.measure import D
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.roles import standing_of
from appeals.workflow import OPEN_STATUSES
from districts.models import Category, District, Service
from geo.paging import Order

if TYPE_CHECKING:
    from appeals.filters import AppealFilter
    from appeals.models import Appeal  # noqa: F401

#: Public order of lists: the index ``appeal_newest``.
NEWEST_FIRST: Final = Order({"submitted_at": dt.datetime, "number": int}, descending=True)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, timezone.get_default_timezone())


def _ids(rows: models.QuerySet[Any]) -> list[int]:
    """Keys, read now: a planner that sees them knows how rare they are, one that sees a join takes the average."""
    return list(rows.values_list("pk", flat=True))


class AppealQuerySet(models.QuerySet["Appeal"]):
    def visible_to(self, user: User | AnonymousUser) -> AppealQuerySet:
        """Appeals that the user may see: hidden ones only for the Mayor's Office and the service they are with."""
        standing = standing_of(user)
        if standing.office:
            return self.all()
        if standing.service_ids:
            return self.filter(Q(hidden=False) | Q(service__in=standing.service_ids))
        return self.filter(hidden=False)

    def public(self) -> AppealQuerySet:
        """Appeals that anyone may see; for products without a reader, such as a report kept in a cache."""
        return self.visible_to(AnonymousUser())

    def filtered(self, wanted: AppealFilter) -> AppealQuerySet:
        """Appeals that the filter leaves; one small query for each code in the filter."""
        narrowed = self
        if wanted.kind:
            narrowed = narrowed.filter(kind=wanted.kind)
        if wanted.category:
            narrowed = narrowed.filter(category__in=_ids(Category.objects.at_or_below(wanted.category)))
        if wanted.service:
            narrowed = narrowed.filter(service__in=_ids(Service.objects.filter(code=wanted.service)))
        if wanted.district:
            narrowed = narrowed.filter(district__in=_ids(District.objects.filter(code=wanted.district)))
        if wanted.status:
            narrowed = narrowed.filter(status__in=wanted.status)
        if wanted.since:
            narrowed = narrowed.filter(submitted_at__gte=_midnight(wanted.since))
        if wanted.until:
            narrowed = narrowed.filter(submitted_at__lt=_midnight(wanted.until + dt.timedelta(days=1)))
        if wanted.q:
            narrowed = narrowed.matching(wanted.q)
        if wanted.bbox:
            narrowed = narrowed.filter(wanted.bbox.holds("point"))
        return narrowed

    def matching(self, words: str) -> AppealQuerySet:
        """Appeals whose text or address holds the words, or whose number they are (trigram indexes)."""
        condition = Q(text__icontains=words) | Q(address__icontains=words)
        number = words.lstrip("№# ").strip()
        if number.isascii() and number.isdigit() and len(number) < 19:
            condition |= Q(number=int(number))
        return self.filter(condition)

    def with_service(self, service_ids: frozenset[int]) -> AppealQuerySet:
        """Appeals that are with one of the services now."""
        return self.filter(service__in=service_ids)

    def open(self) -> AppealQuerySet:
        """Appeals that await an answer."""
        return self.filter(status__in=OPEN_STATUSES)

    def overdue(self, on: dt.date) -> AppealQuerySet:
        """Open appeals whose legal term ended before that day."""
        return self.open().filter(due_on__lt=on)

    def within_metres(self, point: Point, radius_m: float) -> AppealQuerySet:
        """Appeals within the geodesic distance of the point (EPSG:4326, lon/lat)."""
        return self.filter(point__dwithin=(point, D(m=radius_m)))

    def newest_first(self) -> AppealQuerySet:
        """In the public order of lists, stable under paging."""
        return self.order_by(*NEWEST_FIRST.names)

    def with_names(self) -> AppealQuerySet:
        """With what a list row names, in the same statement."""
        return self.select_related("category", "service", "district")
