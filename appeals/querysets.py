"""Questions about appeals. Whatever shows appeals begins with ``visible_to`` and can show nothing else."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import IntegerField, Q, Subquery

from accounts.models import User
from accounts.roles import standing_of
from appeals.filters import FILTERS, AppealFilter
from appeals.workflow import OPEN_STATUSES
from geo.paging import Order
from media.refusal import Refusal

if TYPE_CHECKING:
    from appeals.models import Appeal, Attachment  # noqa: F401

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


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User | AnonymousUser) -> AttachmentQuerySet:
        """Files that an appeal has taken and the user may see: those of visible appeals.

        What came with a step that only staff see is for the staff who work on the appeal. An upload that no appeal has
        taken yet is visible to nobody here.
        """
        appeals = cast(AppealQuerySet, self.model.appeal.field.related_model._default_manager.all())
        seen = self.filter(appeal__in=appeals.visible_to(user))
        standing = standing_of(user)
        if standing.office:
            return seen
        return seen.filter(
            Q(event__isnull=True) | Q(event__public=True) | Q(appeal__service__in=standing.service_ids)
        )

    def public(self) -> AttachmentQuerySet:
        """Files that anyone may see."""
        return self.visible_to(AnonymousUser())

    def given_up(self) -> AttachmentQuerySet:
        """Videos that could not be prepared through no fault of theirs; the original is there for another try."""
        return self.filter(state=self.model.State.FAILED, error=Refusal.VIDEO_NOT_PREPARED).exclude(
            original=""
        )

    def waiting(self) -> AttachmentQuerySet:
        """Uploads that no appeal has taken yet."""
        return self.filter(appeal__isnull=True)
