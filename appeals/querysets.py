"""Questions about appeals. Whatever shows appeals begins with ``visible_to`` and can show nothing else."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import IntegerField, Q, Subquery

from accounts.models import User
from accounts.roles import standing_of
from appeals.filters import FILTERS, AppealFilter
from appeals.workflow import OPEN_STATUSES
from geo.paging import Order

if TYPE_CHECKING:
    from appeals.models import Appeal  # noqa: F401

#: Public order of lists: the index ``appeal_newest``.
NEWEST_FIRST: Final = Order({"submitted_at": dt.datetime, "number": int}, descending=True)


class HowMany(Subquery):
    """How many rows the queryset has, up to a number at which counting ends; read beside the rows of any statement.

    So a page's list and all its counts are one statement, and each costs the same after ten years.
    """

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0

    def __init__(self, rows: models.QuerySet[Any], *, most: int) -> None:
        super().__init__(rows.order_by().values("pk")[:most])


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
        for declared in FILTERS:
            if value := getattr(wanted, declared.member):
                narrowed = narrowed.filter(declared.condition(value))
        return narrowed

    def with_service(self, service_ids: frozenset[int]) -> AppealQuerySet:
        """Appeals that are with one of the services now."""
        return self.filter(service__in=service_ids)

    def open(self) -> AppealQuerySet:
        """Appeals that await an answer."""
        return self.filter(status__in=OPEN_STATUSES)

    def overdue(self, on: dt.date) -> AppealQuerySet:
        """Open appeals whose legal term ended before that day."""
        return self.open().filter(due_on__lt=on)

    def newest_first(self) -> AppealQuerySet:
        """In the public order of lists, stable under paging."""
        return self.order_by(*NEWEST_FIRST.names)

    def with_names(self) -> AppealQuerySet:
        """With what a list row names, in the same statement."""
        return self.select_related("category", "service", "district")
