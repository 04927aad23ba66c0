"""The queue of a desk: tabs, their counts, pages by key, and what comes next."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import Standing
from appeals.deadlines import WorkingCalendar
from appeals.due import SOON_DAYS
from appeals.filters import AppealFilter
from appeals.models import Appeal
from appeals.querysets import AppealQuerySet
from appeals.workflow import Status
from geo.paging import Order, Page, PageOfRows, parse_page

PAGE_SIZE = 25
#: Counting stops here, so that a tab costs the same after ten years.
COUNT_MAX = 1_000

_DUE: Mapping[str, type] = {"due_on": dt.date, "number": int}
_MOST_URGENT, _LATEST = Order(_DUE), Order(_DUE, descending=True)


class Tab(enum.StrEnum):
    """A part of the queue; the first three await an answer."""

    OPEN = "open"
    SOON = "soon"
    OVERDUE = "overdue"
    ANSWERED = "answered"
    CLOSED = "closed"

    @property
    def label(self) -> str | Promise:
        """Name of the tab in the reader's language."""
        return _LABELS[self]

    @classmethod
    def parse(cls, text: str) -> Tab:
        """The tab of that name; the first one for anything else."""
        return next((tab for tab in cls if tab.value == text), cls.OPEN)

    @property
    def is_done(self) -> bool:
        """True for the tabs whose appeals await no answer."""
        return self in {Tab.ANSWERED, Tab.CLOSED}

    @property
    def order(self) -> Order:
        """The most urgent appeal comes first; of what is done with, the latest."""
        return _LATEST if self.is_done else _MOST_URGENT

    def page_asked(self, query: Mapping[str, str]) -> Page:
        """Page of the tab read from the parameter ``after``. Raises ``Refused``."""
        return parse_page(query, self.order, size=PAGE_SIZE)


_LABELS: dict[Tab, str | Promise] = {
    Tab.OPEN: _("All open"),
    Tab.SOON: _("Due soon"),
    Tab.OVERDUE: _("Overdue"),
    Tab.ANSWERED: _("Answered"),
    Tab.CLOSED: _("Closed"),
}


@dataclass(frozen=True)
class Queue:
    """The appeals of a person's desk, as narrowed by the filter, on one day of the city's clock."""

    standing: Standing
    wanted: AppealFilter
    calendar: WorkingCalendar
    today: dt.date

    def appeals(self, tab: Tab) -> AppealQuerySet:
        """Appeals of the tab, unordered."""
        mine = (
            Appeal.objects.all()
            if self.standing.office
            else Appeal.objects.with_service(self.standing.service_ids)
        )
        mine = mine.filtered(self.wanted)
        match tab:
            case Tab.OPEN:
                return mine.open()
            case Tab.SOON:
                until = self.calendar.add_working_days(self.today, SOON_DAYS)
                return mine.open().filter(due_on__gte=self.today, due_on__lte=until)
            case Tab.OVERDUE:
                return mine.overdue(self.today)
            case Tab.ANSWERED:
                return mine.filter(status=Status.ANSWERED)
            case Tab.CLOSED:
                return mine.filter(status=Status.CLOSED)

    def counts(self) -> dict[Tab, int]:
        """How many each tab holds, up to ``COUNT_MAX``; one query a tab."""
        return {tab: self.appeals(tab)[:COUNT_MAX].count() for tab in Tab}

    def page(self, tab: Tab, page: Page) -> PageOfRows[Appeal]:
        """Appeals of a page of the tab; one query.

        An appeal that is answered meanwhile leaves the queue and shifts no other across the border of a page.
        """
        return tab.order.page(self.appeals(tab).with_names(), page)

    def next_open(self, current: Appeal) -> Appeal | None:
        """The most urgent open appeal other than the current one; one query."""
        waiting = self.appeals(Tab.OPEN).exclude(pk=current.pk)
        return waiting.with_names().order_by(*Tab.OPEN.order.names).first()
