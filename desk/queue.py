"""The queue of a desk: tabs, their counts, columns to sort by, pages by key, and what comes next."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Standing, standing_of
from appeals.deadlines import WorkingCalendar, city_day
from appeals.due import SOON_DAYS
from appeals.filters import AppealFilter, Keys, holding, keys_of, parse_filter
from appeals.models import Appeal, AppealContact, Draft
from appeals.querysets import AppealQuerySet, Counts, ListedAppeal, how_many
from appeals.search import mailbox, telephone
from appeals.vocabulary import Status
from districts.models import Service
from geo.paging import AFTER, BEFORE, Order, PageOfRows, PageRequest, parse_page
from geo.refusals import Errors, Refusals, ValueRefused
from geo.word_forms import holds

#: What most services have open fits on one page, where nothing is overlooked because it stands on the next.
PAGE_SIZE = 100
#: Counting stops here, so that a tab costs the same after ten years.
COUNT_MAX = 1_000
#: Of a search it stops earlier: no index counts words in a tab, each that is found has to be read.
FOUND_MAX = 100


def counted_to(wanted: AppealFilter) -> int:
    """At which number counting the filter's appeals stops."""
    return min(FOUND_MAX, COUNT_MAX) if wanted.q else COUNT_MAX


class Tab(enum.StrEnum):
    """A part of the queue; the first seven await an answer."""

    OPEN = "open"
    MINE = "mine"
    SOON = "soon"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    UNROUTED = "unrouted"
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"
    HIDDEN = "hidden"

    @property
    def label(self) -> str | Promise:
        """Name of the tab in the reader's language."""
        return _LABELS[self]

    @classmethod
    def parse(cls, text: str) -> Tab:
        """The tab of that name; the first one where none is named. Raises ``ValueRefused``."""
        try:
            return cls(text or cls.OPEN)
        except ValueError:
            words = gettext("The queue has no such part. This is: %(tab)s.")
            raise ValueRefused(words % {"tab": cls.OPEN.label}) from None

    @property
    def when_empty(self) -> tuple[str | Promise, str | Promise]:
        """What a reader of the tab without appeals is told: that there are none, and how one comes here."""
        return _EMPTY[self]

    @property
    def awaits(self) -> bool:
        """True for the tabs whose appeals await an answer."""
        return self in {
            Tab.OPEN, Tab.MINE, Tab.SOON, Tab.OVERDUE, Tab.ESCALATED, Tab.UNROUTED, Tab.WAITING,
        }  # fmt: skip

    @property
    def sort(self) -> Sort:
        """Unless another is asked for: of what awaits an answer the most urgent first, of the rest the latest."""
        return Sort.DUE if self.awaits else Sort.DUE_LAST


_LABELS: dict[Tab, str | Promise] = {
    Tab.OPEN: _("All open"),
    Tab.MINE: pgettext_lazy("appeals that I work on", "Mine"),
    Tab.SOON: pgettext_lazy("tab of the queue", "Due soon"),
    Tab.OVERDUE: pgettext_lazy("tab of the queue", "Overdue"),
    Tab.ESCALATED: pgettext_lazy("tab of the queue", "Mayor's Office"),
    Tab.UNROUTED: pgettext_lazy("tab of the queue", "No service found"),
    Tab.WAITING: pgettext_lazy("tab of the queue", "Author asked"),
    Tab.ANSWERED: pgettext_lazy("tab of the queue", "Answered"),
    Tab.CLOSED: _("Closed"),
    Tab.HIDDEN: pgettext_lazy("tab of the queue", "Hidden"),
}
_EMPTY: dict[Tab, tuple[str | Promise, str | Promise]] = {
    Tab.OPEN: (
        _("Nothing awaits an answer"),
        _("Every appeal has been answered. What comes in appears here by itself."),
    ),
    Tab.MINE: (
        _("You are working on nothing at the moment"),
        _("Open an appeal and choose “Take it myself”, or a colleague gives you one."),
    ),
    Tab.SOON: (
        _("Nothing is due soon"),
        _("An appeal comes here when three working days are left for the answer."),
    ),
    Tab.OVERDUE: (
        _("Nothing is overdue"),
        _("An appeal comes here when its term has passed without an answer; the Mayor's Office is told."),
    ),
    Tab.ESCALATED: (
        _("No service is late"),
        _(
            "An appeal comes here when its term has passed without an answer: ask the service, or answer it yourself."
        ),
    ),
    Tab.UNROUTED: (
        _("Every appeal has found its service"),
        _(
            "An appeal comes here when no service answers for its category at its place. Forward it to the right one."
        ),
    ),
    Tab.WAITING: (
        _("No author is being asked"),
        _("An appeal comes here while its author is asked something; until the reply its term stands still."),
    ),
    Tab.ANSWERED: (
        _("No answered appeal is left to be closed"),
        _("An appeal comes here with its answer, and stays until the author or you close it."),
    ),
    Tab.CLOSED: (
        _("Nothing has been closed yet"),
        _("An appeal comes here when it is closed, refused or withdrawn."),
    ),
    Tab.HIDDEN: (
        _("Nothing is hidden from the public"),
        _("An appeal comes here when the Mayor's Office hides it; its author is told the reason."),
    ),
}


class Sort(enum.StrEnum):
    """A column that the queue is sorted by; ``-`` turns it round."""

    DUE = "due"
    DUE_LAST = "-due"
    NUMBER = "number"
    NUMBER_LAST = "-number"
    RECEIVED = "received"
    RECEIVED_LAST = "-received"

    @classmethod
    def parse(cls, text: str, tab: Tab) -> Sort:
        """The sort of that name; the tab's own where none is named. Raises ``ValueRefused``."""
        try:
            return cls(text or tab.sort)
        except ValueError:
            words = gettext("The queue cannot be sorted like that; it stands in its usual order.")
            raise ValueRefused(words) from None

    @property
    def column(self) -> str:
        """Name of the column without its direction."""
        return self.value.removeprefix("-")

    @property
    def descending(self) -> bool:
        """True when the largest comes first."""
        return self.value.startswith("-")

    @property
    def turned(self) -> Sort:
        """The same column the other way round."""
        return Sort(self.column if self.descending else f"-{self.column}")

    @property
    def words(self) -> str:
        """The column's heading with an arrow: down when the largest comes first."""
        return f"{_HEADINGS[self.column]} {'↓' if self.descending else '↑'}"

    @property
    def order(self) -> Order:
        """The order of its pages."""
        return _ORDERS[self]


_COLUMNS: Mapping[str, Mapping[str, type]] = {
    "due": {"due_on": dt.date, "number": int},
    "number": {"number": int},
    "received": {"submitted_at": dt.datetime, "number": int},
}
_HEADINGS: Mapping[str, str | Promise] = {"due": _("Due"), "number": "№", "received": _("Received")}
_ORDERS = {sort: Order(_COLUMNS[sort.column], descending=sort.descending) for sort in Sort}


@dataclass(frozen=True)
class Place:
    """Where in the queue somebody is: what its address says, carried along to an appeal, to the next one and back."""

    tab: Tab = Tab.OPEN
    sort: Sort = Sort.DUE
    wanted: AppealFilter = field(default_factory=AppealFilter)
    page: PageRequest = field(default_factory=PageRequest)

    def as_query(self, **changes: str) -> str:
        """The place as a URL query without the leading ``?``, the defaults left out; ``changes`` are appended."""
        place = {
            "tab": self.tab.value,
            "sort": self.sort.value if self.sort is not self.tab.sort else "",
            AFTER: str(self.page.after) if self.page.after else "",
            BEFORE: str(self.page.before) if self.page.before else "",
        }
        return self.wanted.as_query(**{**place, **changes})

    def at(self, page: PageRequest) -> Place:
        """The same list at another page."""
        return replace(self, page=page)

    def in_tab(self, tab: Tab) -> Place:
        """The beginning of another tab, with the same filter."""
        return Place(tab, tab.sort, self.wanted, PageRequest(PAGE_SIZE))

    def sorted_by(self, sort: Sort) -> Place:
        """The beginning of the list in another order."""
        return Place(self.tab, sort, self.wanted, PageRequest(PAGE_SIZE))


def parse_place(
    query: Mapping[str, str], *, read: Callable[[Mapping[str, str]], AppealFilter] = parse_filter
) -> tuple[Place, Errors]:
    """The place that the address names, and what is wrong with it by parameter; a wrong part does not narrow.

    The tab decides the status, whatever else is asked for. Who looks up the codes of many places together says so by ``read``.
    """
    refusals = Refusals()
    tab = refusals.read(Tab.parse, query.get("tab", ""), Tab.OPEN, name="tab")
    sort = refusals.read(lambda given: Sort.parse(given, tab), query.get("sort", ""), tab.sort, name="sort")
    wanted = refusals.read(read, {**{name: query[name] for name in query}, "status": ""}, AppealFilter())
    page = refusals.read(
        lambda given: parse_page(given, sort.order, size=PAGE_SIZE, both_ways=True),
        query,
        PageRequest(PAGE_SIZE),
    )
    return Place(tab, sort, wanted, page), refusals.errors


class _AnyOf(Func):
    """The first is among the second: an array that is read once, before the rows, so that their index is used."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


@dataclass(frozen=True)
class Listed:
    """A page of the queue: its rows, how many are in each tab (up to ``most``) and before the page.

    ``drafts`` are the person's own unfinished texts. ``others`` are how many the other places hold, as they were given;
    ``keys`` those of all codes and words in the filters.
    """

    page: PageOfRows[ListedAppeal]
    counts: Mapping[Tab, int]
    ahead: int
    drafts: int
    most: int
    others: tuple[int, ...]
    keys: Keys


@dataclass(frozen=True)
class Queue:
    """The appeals of a person's desk on one day of the city's clock."""

    user: User
    standing: Standing
    calendar: WorkingCalendar = field(compare=False)
    today: dt.date
    #: The last day of what is due soon.
    soon: dt.date

    @classmethod
    def of(cls, user: User, calendar: WorkingCalendar) -> Queue:
        """The person's desk now."""
        today = city_day(timezone.now())
        return cls(user, standing_of(user), calendar, today, calendar.add_working_days(today, SOON_DAYS))

    def appeals(self, wanted: AppealFilter, keys: Keys | None = None) -> AppealQuerySet:
        """All appeals of the desk that the filter leaves; one small query for its codes and words, unless ``keys`` has them."""
        mine = (
            Appeal.objects.all()
            if self.standing.office
            else Appeal.objects.with_service(self.standing.service_ids)
        )
        if not wanted.q:
            return mine.filtered(wanted, keys)
        # Whoever works on an appeal sees who sent it, and may look for them. No public list knows these names.
        sent_by = AppealContact.objects.filter(
            holds(wanted.q, "name") | telephone(wanted.q, "phone") | mailbox(wanted.q, "email")
        )
        found = Q(_AnyOf(F("pk"), ArraySubquery(sent_by.values("pk"))))
        keys = keys_of([wanted]) if keys is None else keys
        return mine.filtered(replace(wanted, q=""), keys).filter(holding(wanted.q, keys) | found)

    @property
    def tabs(self) -> list[Tab]:
        """The parts of the person's queue: escalations, and what found no service, are the Mayor's Office's."""
        of_office = {Tab.ESCALATED, Tab.UNROUTED}
        return [tab for tab in Tab if tab not in of_office or self.standing.office]

    def in_tab(self, rows: AppealQuerySet, tab: Tab) -> AppealQuerySet:
        """Those of the appeals that the tab holds."""
        match tab:
            case Tab.OPEN:
                return rows.open()
            case Tab.MINE:
                return rows.open().filter(assignee=self.user)
            case Tab.SOON:
                return rows.running().filter(due_on__gte=self.today, due_on__lte=self.soon)
            case Tab.OVERDUE:
                return rows.overdue(self.today)
            case Tab.ESCALATED:
                return rows.escalated()
            case Tab.UNROUTED:
                return rows.unrouted()
            case Tab.WAITING:
                return rows.waiting()
            case Tab.ANSWERED:
                return rows.filter(status=Status.ANSWERED)
            case Tab.CLOSED:
                return rows.filter(status=Status.CLOSED)
            case Tab.HIDDEN:
                return rows.filter(hidden=True)

    def listed(self, place: Place, others: Sequence[Place] = ()) -> Listed:
        """The page of the place with all counts, those of ``others`` too; one statement, two for a list without rows.

        One more for all codes and words in the filters.

        An appeal that is answered meanwhile leaves the queue and shifts no other across the border of a page. Where
        nothing is left of a page, the first one is given.
        """
        order, page = place.sort.order, place.page
        keys = keys_of(each.wanted for each in (place, *others))
        mine = self.appeals(place.wanted, keys)
        rows = self.in_tab(mine, place.tab)
        most = counted_to(place.wanted)
        shown = tuple(tab for tab in Tab if tab in {*self.tabs, place.tab})
        narrowed = place.wanted != AppealFilter()
        of_tabs = self._of_tabs(mine, shown, most) if narrowed else self._of_all(shown, most)
        counted: list[tuple[QuerySet[Any], int]] = [
            (self.in_tab(self.appeals(other.wanted, keys), other.tab), counted_to(other.wanted))
            for other in others
        ]
        if page.before is not None:
            counted.append((order.turned.beyond(rows, page.before), most))
        elif page.after is not None:
            counted.append((order.until(rows, page.after), most))
        counts = of_tabs.followed_by(how_many(counted))
        found = order.page(rows.as_rows(counts), page)
        if not found.rows and (page.after or page.before):
            return self.listed(place.at(PageRequest(PAGE_SIZE)), others)
        # Where there is no row, the counts stand beside one of any other table.
        beside = Counts.read(
            found.rows[0].counts
            if found.rows
            else Service.objects.order_by("pk").values_list(counts, flat=True)[0]
        )
        in_tabs, (drafts, *of_others) = beside[: len(shown)], beside[len(shown) :]
        ahead = of_others[-1] if page.after or page.before else 0
        if page.before is not None:
            ahead = max(ahead - len(found.rows), 0)
        return Listed(
            found,
            dict(zip(shown, in_tabs, strict=True)),
            ahead,
            drafts,
            most,
            tuple(of_others[: len(others)]),
            keys,
        )

    def _of_tabs(self, mine: AppealQuerySet, tabs: Iterable[Tab], most: int) -> Counts:
        """How many of the appeals each tab holds, and at the end how many drafts the person has."""
        drafts = (Draft.objects.filter(user=self.user), COUNT_MAX)
        return how_many([*((self.in_tab(mine, tab), most) for tab in tabs), drafts])

    def _of_all(self, tabs: tuple[Tab, ...], most: int) -> Counts:
        """The same of the whole desk."""
        # Of the person the key alone: what is kept must not hold a request.
        return _compiled(replace(self, user=User(pk=self.user.pk)), tabs, most)

    def beside(self, place: Place, current: Appeal) -> tuple[Appeal | None, Appeal | None]:
        """The appeals after and before the current one in the list of the place.

        From the end on the first one follows; nothing comes before the first. Two or three queries, which read what is
        shown of the two: category, number and due date of the first, the other's number.
        """
        order = place.sort.order
        others = self.in_tab(self.appeals(place.wanted), place.tab).exclude(pk=current.pk)
        here, back = order.cursor_at(current), order.turned
        rising = others.order_by(*order.names).select_related("category").only("number", "due_on", "category")
        return (
            order.beyond(rising, here).first() or rising.first(),
            back.beyond(others.order_by(*back.names), here).only("number").first(),
        )


# Building ten querysets was a tenth of the work of a page that people load all day long; of a person and a day they are
# the same.
@lru_cache(maxsize=256)
def _compiled(queue: Queue, tabs: tuple[Tab, ...], most: int) -> Counts:
    return queue._of_tabs(queue.appeals(AppealFilter()), tabs, most)
