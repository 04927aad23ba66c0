"""The scoreboard of the services: how long, how reliably and how well they answer, in figures that nobody can polish.

Of everything that came in within a period, hidden or not, open or not: what is open counts with all the time that it has
waited (``geo.survival``), each service answers for its own time with an appeal (``desk.stays``), a reopened appeal has one
more legal term to be kept.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    BigIntegerField,
    Case,
    DateField,
    DateTimeField,
    F,
    Func,
    Q,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from accounts.models import User
from accounts.roles import Role
from appeals.deadlines import LegalClock, NoLegalTerm
from appeals.filters import AppealFilter
from appeals.models import Appeal, Event
from appeals.vocabulary import LEGAL_KINDS, OPEN_STATUSES, Clock, Input, Status, Verb
from appeals.workflow import VERBS
from desk.stays import NEVER, Appeals, Events, Ints, Stays, Terms, TermState, What, stays_of, terms_of
from desk.working_hours import DAY_S, WorkingHours
from districts.models import Category, District, Service
from geo.refusals import ValueRefused
from geo.shares import LEAST_CASES, wilson
from geo.survival import Survival, by_group, kaplan_meier

#: A figure of fewer cases is chance: the number of cases is said instead.
ENOUGH: Final = LEAST_CASES
#: As many appeals are counted at once; a longer period is refused.
MOST: Final = 250_000
#: Working days since an appeal came in; a band ends with its number.
AGE_BANDS: Final = (5, 10, 20, 60)

_EPOCH = dt.date(1970, 1, 1)


class By(enum.StrEnum):
    """What the rows of the table are."""

    SERVICE = "service"
    DISTRICT = "district"
    CATEGORY = "category"
    MONTH = "month"

    @property
    def label(self) -> str | Promise:
        """Name of the rows in the reader's language."""
        return _ROWS[self]

    @classmethod
    def parse(cls, text: str) -> By:
        """The rows of that name; services where none is named. Raises ``ValueRefused``."""
        try:
            return cls(text or cls.SERVICE)
        except ValueError:
            raise ValueRefused(_("The scoreboard has no such rows.")) from None


_ROWS: Final[Mapping[By, str | Promise]] = {
    By.SERVICE: gettext_lazy("Services"),
    By.DISTRICT: gettext_lazy("Districts"),
    By.CATEGORY: gettext_lazy("Categories"),
    By.MONTH: gettext_lazy("Months"),
}


class TooManyAppeals(Exception):
    """The question is about more appeals than are counted at once."""


@dataclass(frozen=True)
class Hours:
    """Working hours within which it happened to a share of the cases; of ``n`` cases it happened to ``happened``.

    ``value`` is None where it has not happened to so many of them yet: it takes longer than ``watched``.
    """

    value: float | None
    watched: float
    n: int
    happened: int

    @property
    def enough(self) -> bool:
        """True when there are cases enough for a figure."""
        return self.n >= ENOUGH

    @property
    def sortable(self) -> float | None:
        """For a column that is sorted; what has not happened yet is longer than anything."""
        if not self.enough:
            return None
        return self.value if self.value is not None else float("inf")


@dataclass(frozen=True)
class Share:
    """``part`` of ``n``."""

    part: int
    n: int

    @property
    def enough(self) -> bool:
        """True when there are cases enough for a figure."""
        return self.n >= ENOUGH

    @property
    def percent(self) -> float | None:
        """Of a hundred; None where there are too few."""
        return 100 * self.part / self.n if self.enough else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Percent between which the true share lies 95 times of 100 (Wilson 1927); None where there are too few."""
        if not self.enough:
            return None
        low, high = wilson(self.part, self.n)
        return 100 * low, 100 * high


@dataclass(frozen=True)
class Score:
    """A row of the table. ``n`` appeals came in, or came to the service; ``oldest`` is in working days.

    ``kept`` are the terms of all, ``kept_reports`` the service levels among them, ``kept_legal`` the terms of the law.
    ``satisfied`` is of the authors who rated the answer.
    """

    code: str
    name: str
    n: int
    answer_half: Hours
    answer_most: Hours
    closing_half: Hours
    closing_most: Hours
    kept: Share
    kept_reports: Share
    kept_legal: Share
    satisfied: Share
    reopened: Share
    solved: Share
    moved_on: int
    open: int
    oldest: int | None
    ages: tuple[int, ...]


@dataclass(frozen=True)
class Answering:
    """Working hours to the first answer: of half of the cases, and of nine of ten."""

    half: Hours
    most: Hours


@dataclass(frozen=True)
class ServiceByDistrict:
    """How long one service takes to answer, in each district (in the order of the table; None where it had nothing) and in all."""

    code: str
    name: str
    districts: tuple[Answering | None, ...]
    whole: Answering

    @property
    def extremes(self) -> tuple[int, int] | None:
        """The districts that wait the least and the most, by half of the cases; None with fewer than two that have cases enough."""
        known = [
            (one.half.sortable, place) for place, one in enumerate(self.districts) if one and one.half.enough
        ]
        if len(known) < 2:
            return None
        return min(known)[1], max(known, key=lambda one: (one[0], -one[1]))[1]

    @property
    def times(self) -> float | None:
        """How many times longer half of the cases wait in the slowest district than in the fastest; None where that is not known."""
        if self.extremes is None:
            return None
        fast, slow = (self.districts[place].half.value for place in self.extremes)  # type: ignore[union-attr]
        return slow / fast if fast and slow is not None else None


@dataclass(frozen=True)
class Equity:
    """Whether each service answers alike in all districts: ``districts`` are their names, ``services`` the rows, the most unequal first."""

    districts: tuple[str, ...]
    services: tuple[ServiceByDistrict, ...]

    @property
    def compared(self) -> list[tuple[ServiceByDistrict, str, Answering, str, Answering]]:
        """The services whose districts can be compared, with the fastest district and the slowest one."""
        found = []
        for row in self.services:
            if row.extremes:
                fast, slow = row.extremes
                pair = row.districts[fast], row.districts[slow]
                if pair[0] and pair[1]:
                    found.append((row, self.districts[fast], pair[0], self.districts[slow], pair[1]))
        return found


@dataclass(frozen=True)
class Scoreboard:
    """The table, its row for all of it, and what its shares leave out.

    ``running`` terms are not over, ``dropped`` ones ended without an answer and before their last day, ``elsewhere`` ones in
    another system with an answer that is not known here; of ``silent`` answered appeals the author said nothing.
    """

    by: By
    rows: tuple[Score, ...]
    whole: Score
    running: int
    dropped: int
    elsewhere: int
    silent: int
    day_hours: float
    equity: Equity | None = None


def score(
    user: User | AnonymousUser, wanted: AppealFilter, by: By, at: dt.datetime | None = None
) -> Scoreboard:
    """The scoreboard of the appeals that the user may see and the filter leaves, as of the moment (now by default).

    A service in the filter keeps the stays with it, whoever has the appeal now. Raises ``TooManyAppeals``.
    """
    at = at or timezone.now()
    clock = LegalClock.read()
    found = _Found.read(user, replace(wanted, service=""), clock)
    hours = _hours(clock, found.appeals, at)
    whole = _facts(found, hours, at, by_service=bool(wanted.service))
    rows = _facts(found, hours, at, by_service=bool(wanted.service) or by is By.SERVICE)
    if wanted.service:
        service = Service.objects.filter(code=wanted.service).values_list("pk", flat=True).first() or 0
        whole = rows = whole.of(np.flatnonzero(whole.stays.service == service))
    names = _names(by, rows.groups(by, found))
    scores = [
        rows.of(positions).score(*names.get(group, ("", _("none"))))
        for group, positions in by_group(rows.groups(by, found))
    ]
    scores.sort(key=lambda one: one.code if by is By.MONTH else one.name)
    return Scoreboard(
        by=by,
        rows=tuple(scores),
        whole=whole.score("", _("Together")),
        running=whole.terms.count(TermState.RUNNING),
        dropped=whole.terms.count(TermState.DROPPED),
        elsewhere=whole.terms.count(TermState.ELSEWHERE),
        silent=int(np.count_nonzero((whole.stays.answered != NEVER) & (whole.stays.said < 0))),
        day_hours=hours.day_hours,
        equity=_equity(rows, found, names) if by is By.SERVICE else None,
    )


def _equity(rows: _Facts, found: _Found, services: Mapping[int, tuple[str, str]]) -> Equity:
    district = found.district[rows.stays.appeal]
    names = _names(By.DISTRICT, district)
    # Those in no district come last.
    order = sorted({int(one) for one in np.unique(district)}, key=lambda pk: (not pk, names[pk][1], pk))
    made = []
    for service, positions in by_group(rows.stays.service):
        parts = dict(by_group(district[positions]))
        made.append(
            ServiceByDistrict(
                *services.get(service, ("", _("none"))),
                districts=tuple(
                    rows.of(positions[parts[pk]]).answering_times() if pk in parts else None for pk in order
                ),
                whole=rows.of(positions).answering_times(),
            )
        )
    made.sort(key=lambda one: (-(one.times or 0.0), one.name))
    return Equity(tuple(names[pk][1] for pk in order), tuple(made))


# --- Reading: two statements for any number of appeals.


@dataclass(frozen=True)
class _Found:
    appeals: Appeals
    events: Events
    district: Ints
    category: Ints
    legal: NDArray[np.bool_]

    @classmethod
    def read(cls, user: User | AnonymousUser, wanted: AppealFilter, clock: LegalClock) -> _Found:
        rows = Appeal.objects.visible_to(user).filtered(wanted).order_by()
        if rows[MOST : MOST + 1].exists():
            raise TooManyAppeals
        number, submitted, service, district, category, is_open, due, closed, legal = _columns(
            rows.values_list(
                "number",
                _local("submitted_at"),
                "service_id",
                Coalesce("district_id", 0),
                "category_id",
                Case(When(status__in=OPEN_STATUSES, then=1), default=0),
                _day("due_on"),
                Case(When(status=Status.CLOSED, then=_local("closed_at")), default=None),
                Case(When(kind__in=LEGAL_KINDS, then=1), default=0),
            ),
            9,
        )
        order = np.argsort(number)
        number, submitted, due = number[order], submitted[order], due[order]
        events, first_due = _events(rows, number, submitted, due, clock)
        appeals = Appeals(submitted, service[order], is_open[order] > 0, due, first_due, closed[order])
        return cls(appeals, events, district[order], category[order], legal[order] > 0)


def _events(rows: Any, number: Ints, submitted: Ints, due: Ints, clock: LegalClock) -> tuple[Events, Ints]:
    """Events that mean something here, and the first due day of each appeal, right for those that were reopened."""
    telling = Q(verb__in=[verb.code for verb in VERBS.values() if _meaning(verb)])
    known = Event.objects.filter(appeal__in=rows).filter(
        telling | Q(to_service__isnull=False) | Q(details__has_key="due")
    )
    codes = list(VERBS)
    appeal, version, at, verb, author, service, to_service, new_due, kind, category, satisfied = _columns(
        known.order_by().values_list(
            "appeal__number",
            "version",
            _local("at"),
            Case(*[When(verb=code, then=n) for n, code in enumerate(codes)], default=-1),
            Case(When(actor_role=Role.RESIDENT, then=1), default=0),
            "service_id",
            Coalesce("to_service_id", 0),
            _day(Cast(KT("details__due"), DateField())),
            Case(*[When(appeal__kind=code, then=n) for n, code in enumerate(_KINDS)], default=-1),
            "appeal__category_id",
            Case(When(details__satisfied="yes", then=1), default=0),
        ),
        11,
    )
    # An appeal that was taken in since its columns were read is left out with its events.
    place = np.searchsorted(number, appeal)
    place = np.minimum(place, max(number.size - 1, 0))
    inside = number[place] == appeal if number.size else np.zeros(appeal.size, dtype=np.bool_)
    order = np.lexsort((version, place))
    order = order[inside[order]]
    place, version, at, verb, author, service, to_service, new_due, kind, category, satisfied = (
        column[order]
        for column in (
            place, version, at, verb, author, service, to_service, new_due, kind, category, satisfied,
        )
    )  # fmt: skip
    meanings = np.array([*(int(_meaning(each)) for each in VERBS.values()), 0], dtype=np.int64)
    what = meanings[verb]
    what |= np.where((to_service > 0) & (to_service != service), int(What.MOVE), 0)
    what |= np.where(new_due != NEVER, int(What.DUE), 0)
    what |= np.where(author > 0, int(What.AUTHOR), 0)
    what |= np.where(satisfied > 0, int(What.SATISFIED), 0)
    first_due = due.copy()
    counted: dict[tuple[int, int, int], int] = {}

    def term_from(n: int, moment: int) -> int:
        key = int(kind[n]), int(category[n]), moment // DAY_S
        if key not in counted:
            try:
                began = _EPOCH + dt.timedelta(days=key[2])
                ends = clock.due_after(_KINDS[key[0]], began, category=key[1])
                counted[key] = (ends - _EPOCH).days
            except NoLegalTerm:
                counted[key] = NEVER
        return counted[key]

    for n in np.flatnonzero(what & What.REOPEN):
        new_due[n] = term_from(int(n), int(at[n]))
        first_due[place[n]] = term_from(int(n), int(submitted[place[n]]))
    return Events(place, version, at, what, service, to_service, new_due), first_due


_KINDS: Final = [choice for choice, _label in Appeal._meta.get_field("kind").choices or []]


def _meaning(verb: Verb) -> What:
    meaning = What(0)
    if verb.answers:
        meaning |= What.ANSWER
    # A report that becomes an appeal under the law has another due date, and was not reopened.
    if verb.clock is Clock.START and not verb.begins and not verb.names_author:
        meaning |= What.REOPEN
    if verb.target is Status.CLOSED:
        meaning |= What.CLOSE
    if verb.clock is Clock.END:
        meaning |= What.END
    if verb.clock is Clock.ELSEWHERE:
        meaning |= What.ELSEWHERE
    if any(ask.input is Input.VERDICT for ask in verb.asks):
        meaning |= What.RATED
    return meaning


def _columns(rows: Iterable[tuple[int | None, ...]], count: int) -> list[Ints]:
    """The rows' columns; ``NEVER`` for what is NULL."""
    columns = list(zip(*rows, strict=True)) or [()] * count
    return [
        np.array(
            [NEVER if value is None else value for value in column] if None in column else column,
            dtype=np.int64,
        )
        for column in columns
    ]


def _local(moment: str) -> Func:
    """Seconds since 1970-01-01 00:00 of the city's own clock."""
    clock = Func(Value(settings.TIME_ZONE), F(moment), function="timezone", output_field=DateTimeField())
    return Func(
        clock, template="floor(extract(epoch FROM %(expressions)s))::bigint", output_field=BigIntegerField()
    )


def _day(day: Any) -> Func:
    """Days since 1970-01-01."""
    return Func(day, template="(%(expressions)s - DATE '1970-01-01')", output_field=BigIntegerField())


# --- Counting.


@dataclass(frozen=True)
class _Facts:
    """Stays and terms with what their figures are made of: ``answering`` and ``closing`` in hours, ``age`` in days.

    ``legal`` says of each stay whether its appeal is one under the law.
    """

    stays: Stays
    terms: Terms
    answering: NDArray[np.float64]
    closing: NDArray[np.float64]
    age: Ints
    legal: NDArray[np.bool_]

    def groups(self, by: By, found: _Found) -> Ints:
        match by:
            case By.SERVICE:
                return self.stays.service
            case By.DISTRICT:
                return found.district[self.stays.appeal]
            case By.CATEGORY:
                return found.category[self.stays.appeal]
            case By.MONTH:
                months = (found.appeals.submitted[self.stays.appeal] // DAY_S).astype("datetime64[D]")
                numbers: Ints = months.astype("datetime64[M]").astype(np.int64)
                return numbers

    def of(self, positions: NDArray[np.intp]) -> _Facts:
        """The facts of those stays."""
        stays = Stays(**{name: column[positions] for name, column in vars(self.stays).items()})
        place = np.full(self.stays.start.size, -1)
        place[positions] = np.arange(positions.size)
        counted = np.flatnonzero(place[self.terms.stay] >= 0)
        terms = Terms(place[self.terms.stay[counted]], self.terms.state[counted])
        return _Facts(
            stays,
            terms,
            self.answering[positions],
            self.closing[positions],
            self.age[positions],
            self.legal[positions],
        )

    def answering_times(self) -> Answering:
        answering = kaplan_meier(self.answering, self.stays.answered != NEVER)
        return Answering(_hours_of(answering, 0.5), _hours_of(answering, 0.9))

    def score(self, code: str, name: str) -> Score:
        stays = self.stays
        answered, closed = stays.answered != NEVER, stays.closed != NEVER
        answering, closing = self.answering_times(), kaplan_meier(self.closing, closed)
        ages = self.age[stays.open]
        bands = np.bincount(np.searchsorted(AGE_BANDS, ages), minlength=len(AGE_BANDS) + 1)

        return Score(
            code=code,
            name=name,
            n=int(stays.start.size),
            answer_half=answering.half,
            answer_most=answering.most,
            closing_half=_hours_of(closing, 0.5),
            closing_most=_hours_of(closing, 0.9),
            kept=_kept(self.terms),
            kept_reports=_kept(self.terms, ~self.legal),
            kept_legal=_kept(self.terms, self.legal),
            satisfied=Share(int(np.count_nonzero(stays.rated == 1)), int(np.count_nonzero(stays.rated >= 0))),
            reopened=Share(int(np.count_nonzero(stays.reopened)), int(np.count_nonzero(answered))),
            solved=Share(int(np.count_nonzero(stays.said == 1)), int(np.count_nonzero(stays.said >= 0))),
            moved_on=int(np.count_nonzero(stays.moved_on)),
            open=int(np.count_nonzero(stays.open)),
            oldest=int(ages.max()) if ages.size else None,
            ages=tuple(int(band) for band in bands),
        )


def _kept(terms: Terms, of_stays: NDArray[np.bool_] | None = None) -> Share:
    """The terms that were kept, of those that have ended; of some stays alone."""
    counted = (
        terms if of_stays is None else Terms(terms.stay, np.where(of_stays[terms.stay], terms.state, -1))
    )
    return Share(counted.count(TermState.KEPT), counted.count(TermState.KEPT, TermState.BROKEN))


def _hours_of(survival: Survival, share: float) -> Hours:
    return Hours(survival.quantile(share), survival.watched, survival.n, survival.happened)


def _facts(found: _Found, hours: WorkingHours, at: dt.datetime, *, by_service: bool) -> _Facts:
    now = np.int64(_seconds(at))
    stays = stays_of(found.appeals, found.events, by_service=by_service)
    terms = terms_of(found.appeals, found.events, stays, int(now // DAY_S))
    submitted = found.appeals.submitted[stays.appeal]
    return _Facts(
        stays,
        terms,
        hours.between(stays.start, np.minimum(np.minimum(stays.answered, stays.left), now)),
        hours.between(
            stays.start,
            np.minimum(np.where(stays.closed != NEVER, stays.closed, stays.left), now),
        ),
        hours.days_before(np.full(stays.start.size, now)) - hours.days_before(submitted),
        found.legal[stays.appeal],
    )


def _hours(clock: LegalClock, appeals: Appeals, at: dt.datetime) -> WorkingHours:
    last = (_EPOCH + dt.timedelta(seconds=_seconds(at))) + dt.timedelta(days=1)
    first = (
        _EPOCH + dt.timedelta(days=int(appeals.submitted.min() // DAY_S)) if appeals.submitted.size else last
    )
    return WorkingHours.over(clock.calendar.is_working, settings.OFFICE_HOURS, min(first, last), last)


def _seconds(moment: dt.datetime) -> int:
    local = timezone.make_naive(moment, timezone.get_default_timezone())
    return int((local - dt.datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001


def _names(by: By, groups: Ints) -> dict[int, tuple[str, str]]:
    """Code and name of each group; one query, none for months."""
    keys = [int(key) for key in np.unique(groups)]
    match by:
        case By.SERVICE:
            return {one.pk: (one.code, one.short) for one in Service.objects.filter(pk__in=keys)}
        case By.DISTRICT:
            known = District.objects.filter(pk__in=keys)
            return {0: ("", _("in no district")), **{one.pk: (one.code, one.name) for one in known}}
        case By.CATEGORY:
            return {one.pk: (one.code, one.name) for one in Category.objects.filter(pk__in=keys)}
        case By.MONTH:
            firsts = {key: dt.date(1970 + key // 12, key % 12 + 1, 1) for key in keys}
            return {
                key: (f"{day:%Y-%m}", date_format(day, "YEAR_MONTH_FORMAT")) for key, day in firsts.items()
            }
