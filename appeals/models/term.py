"""Legal terms and calendar days, with dates. Whatever changes them has every open appeal counted again."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _

from appeals.limits import REPLY_DAYS, TERM_DAYS_MAX
from appeals.querysets import ClockQuerySet
from appeals.vocabulary import Kind
from appeals.workflow import Cause, Reason
from districts.models import Category
from history.recording import recorded

#: Sent with ``cause``, a ``workflow.Cause``, in the transaction that changes terms or calendar, after the change. A
#: receiver returns the number of due dates that it has moved.
clock_changed = Signal()


@dataclass
class ClockChange:
    """What is being changed, and after the change: how many appeals have another due date."""

    causes: list[Cause] = field(default_factory=list)
    moved: int = 0


_current: ContextVar[ClockChange | None] = ContextVar("current", default=None)


@contextmanager
def changing_the_clock(*causes: Cause) -> Iterator[ClockChange]:
    """A transaction around changes of terms and calendar, however many: ``clock_changed`` is sent once, at its end."""
    outer = _current.get()
    if outer is not None:
        yield outer
        outer.causes.extend(causes)
        return
    change = ClockChange()
    token = _current.set(change)
    try:
        with transaction.atomic():
            yield change
            change.causes.extend(causes)
            if change.causes:
                replies = clock_changed.send(sender=None, cause=_together(change.causes))
                change.moved = sum(int(moved or 0) for _receiver, moved in replies)
    finally:
        _current.reset(token)


@contextmanager
def trying_the_clock() -> Iterator[None]:
    """A transaction in which terms and calendar may be changed, and no appeal is; all of it is undone at its end."""
    token = _current.set(ClockChange())
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        _current.reset(token)


def _together(causes: list[Cause]) -> Cause:
    if len(set(causes)) == 1:
        return causes[0]
    reasons = {cause.reason for cause in causes}
    return Cause(Reason.TERM if reasons == {Reason.TERM} else Reason.CALENDAR)


_Method = TypeVar("_Method", bound=Callable[..., Any])


def _announced(method: _Method) -> _Method:
    """The queryset's method, after which appeals are counted again."""

    @functools.wraps(method)
    def announced(self: _ClockRows, *args: Any, **kwargs: Any) -> Any:
        rows = args[0] if args and method.__name__ == "bulk_create" else None
        with changing_the_clock(*self.model.causes(rows)):
            return method(self, *args, **kwargs)

    return announced  # type: ignore[return-value]


class _ClockRows(ClockQuerySet):
    """Rows that the legal clock is read from: no way of changing them leaves a due date behind."""

    bulk_create = _announced(ClockQuerySet.bulk_create)
    bulk_update = _announced(ClockQuerySet.bulk_update)
    update = _announced(ClockQuerySet.update)
    delete = _announced(ClockQuerySet.delete)


class _ClockRow(models.Model):
    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with changing_the_clock(*self.causes([self])):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with changing_the_clock(self.removal):
            return super().delete(*args, **kwargs)

    @classmethod
    def causes(cls, rows: Iterable[Any] | None) -> list[Cause]:
        """Why appeals are counted again after these rows, or rows that nobody named, have changed."""
        raise NotImplementedError

    @property
    def removal(self) -> Cause:
        """Why appeals are counted again after this row has gone."""
        raise NotImplementedError


class LegalTerm(_ClockRow):
    """Working days within which to answer an appeal, for appeals submitted from ``valid_from`` on.

    A row of civic reports is the city's service level, for one category, a group of them or all; ``law`` is what it rests on.
    """

    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind,
        blank=True,
        help_text=_(
            "Empty: every kind. Of civic reports it is the city's service level, which no law knows."
        ),
    )
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("category"),
        help_text=_(
            "Of civic reports alone: a category or a group of them, which goes before the service level of all. Empty: every"
            " category."
        ),
    )
    working_days = models.PositiveSmallIntegerField(
        _("working days"), validators=[MinValueValidator(1), MaxValueValidator(TERM_DAYS_MAX)]
    )
    extension_days = models.PositiveSmallIntegerField(
        _("extension, working days"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(TERM_DAYS_MAX)],
        help_text=_("By how much a service may extend the term, once and with a reason. 0: not at all."),
    )
    reply_days = models.PositiveSmallIntegerField(
        _("days for the author's reply, working days"),
        default=REPLY_DAYS,
        db_default=REPLY_DAYS,
        validators=[MaxValueValidator(TERM_DAYS_MAX)],
        help_text=_(
            "For so long at most the term stands still while the author is asked; half-way the author is reminded."
            " 0: the author cannot be asked."
        ),
    )
    valid_from = models.DateField(
        _("valid from"), help_text=_("Appeals submitted before this day keep the term that they have.")
    )
    law = models.CharField(_("law"), max_length=300)

    objects = _ClockRows.as_manager()

    class Meta:
        verbose_name = _("legal term")
        verbose_name_plural = _("legal terms")
        ordering = ["-valid_from", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "category", "valid_from"],
                name="one_term_a_kind_and_date",
                nulls_distinct=False,
                violation_error_message=_("Another term of this kind and category begins on this day."),
            ),
            models.CheckConstraint(
                condition=models.Q(category=None) | models.Q(kind=Kind.REPORT),
                name="only_a_service_level_has_a_category",
                violation_error_message=_("The terms of the law are the same for every category."),
            ),
        ]
        triggers = [recorded()]

    def __str__(self) -> str:
        return f"{self.working_days} ({self.valid_from})"

    @classmethod
    def causes(cls, rows: Iterable[Any] | None) -> list[Cause]:
        return [Cause(Reason.TERM)]

    @property
    def removal(self) -> Cause:
        return Cause(Reason.TERM)


class CalendarDay(_ClockRow):
    """A day that differs from the country's calendar: a moved holiday or a make-up working day."""

    date = models.DateField(_("date"), primary_key=True)
    working = models.BooleanField(_("working day"))
    name = models.CharField(_("name"), max_length=200)

    objects = _ClockRows.as_manager()

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["date"]
        triggers = [recorded(key="date")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"

    @classmethod
    def causes(cls, rows: Iterable[Any] | None) -> list[Cause]:
        if rows is None:
            return [Cause(Reason.CALENDAR)]
        return [Cause(Reason.WORKING_DAY if row.working else Reason.DAY_OFF, row.date) for row in rows]

    @property
    def removal(self) -> Cause:
        return Cause(Reason.ORDINARY_DAY, self.date)
