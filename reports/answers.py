"""The report of answers: how long districts wait for each service, and whether that differs from what the service does elsewhere."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from django.conf import settings
from django.db.models import Case, Count, DateField, F, Func, IntegerField, Q, Value, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone
from numpy.typing import NDArray

from appeals.filters import AppealFilter
from appeals.querysets import AppealQuerySet
from appeals.vocabulary import Status
from districts.models import District, Service
from geo.hotspots import q_values
from geo.shares import LEAST_CASES, Difference, difference, wilson
from geo.survival import kaplan_meier
from reports.counted import CountsDays
from reports.ground import DistrictGround, district_grounds, past_district_grounds
from reports.inputs import digest
from reports.tallies import Borders, counted_appeals, days_of

#: A figure of fewer appeals would be chance, and a comparison an accusation.
ENOUGH: Final = LEAST_CASES
#: What is as unlikely as this by chance, among all that is compared, is called different.
LEVEL: Final = 0.05


@dataclass(frozen=True)
class Compared:
    """The share within the term less that of the same service and category elsewhere; ``q`` is its false discovery rate."""

    value: float
    low: float
    high: float
    q: float

    @property
    def level(self) -> int:
        """1 for clearly more within the term, -1 for clearly fewer, 0 for no clear difference."""
        if self.q >= LEVEL:
            return 0
        return 1 if self.value > 0 else -1


@dataclass(frozen=True)
class Answers:
    """How a group of ``n`` appeals is answered, of which ``waiting`` have no answer yet.

    ``half_days`` and ``most_days`` are the whole days within which half and nine of ten were answered (Kaplan and Meier), None where so
    many have not been answered yet, though some were watched for ``watched_days``. Of ``over`` terms that are over ``kept`` were
    kept. ``enough`` is False where there are too few appeals for figures, ``judged`` where there are too few terms for a share.
    """

    n: int
    waiting: int
    half_days: int | None
    most_days: int | None
    watched_days: int
    kept: int
    over: int
    compared: Compared | None = None

    @property
    def enough(self) -> bool:
        return self.n >= _enough()

    @property
    def judged(self) -> bool:
        return self.over >= _enough()

    @property
    def share(self) -> float | None:
        """Of the terms that are over, those that were kept; None of too few."""
        return self.kept / self.over if self.judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between which the share lies 95 times of 100 (Wilson); None of too few."""
        return wilson(self.kept, self.over) if self.judged else None


@dataclass(frozen=True)
class ByService:
    """One service: its answers in all districts together, and in each that it had appeals in, in the order of the report."""

    code: str
    name: str
    whole: Answers
    districts: tuple[Answers | None, ...]


@dataclass(frozen=True)
class AnswersReport(CountsDays):
    """The report as a value.

    ``total`` appeals match, which came in from ``first_on`` to ``last_on``; ``elsewhere`` of them were answered in another system on
    a day that is not known here, and are left out. ``districts`` are the columns with the ``answers`` of all services together;
    ``services`` are the rows, by name. ``input_sha256`` is that of the counts (``reports.inputs``).
    """

    wanted: AppealFilter
    borders: Borders
    total: int
    first_on: dt.date | None
    last_on: dt.date | None
    elsewhere: int
    whole: Answers
    districts: tuple[DistrictGround, ...]
    answers: tuple[Answers, ...]
    services: tuple[ByService, ...]
    input_sha256: str

    @property
    def compared(self) -> list[tuple[ByService, DistrictGround, Answers]]:
        """Where a service could be compared with what it keeps elsewhere, the fewest terms first."""
        found = [
            (service, district, one)
            for service in self.services
            for district, one in zip(self.districts, service.districts, strict=True)
            if one and one.compared
        ]
        return sorted(found, key=lambda row: row[2].compared.value if row[2].compared else 0.0)

    @property
    def differing(self) -> list[tuple[ByService, DistrictGround, Answers]]:
        """Where a service clearly keeps fewer or more terms than elsewhere, the fewest first."""
        return [row for row in self.compared if row[2].compared and row[2].compared.level]

    @property
    def slowest_districts(self) -> list[tuple[DistrictGround, Answers]]:
        """The districts by how long half of their appeals wait, the longest first; those without figures last."""
        return sorted(zip(self.districts, self.answers, strict=True), key=lambda row: _slowest_first(row[1]))

    @property
    def slowest_services(self) -> list[ByService]:
        """The services in the same order."""
        return sorted(self.services, key=lambda one: _slowest_first(one.whole))


def _slowest_first(one: Answers) -> tuple[bool, float, float]:
    half, most = (-(math.inf if days is None else days) for days in (one.half_days, one.most_days))
    return not one.enough, half, most


#: How a term ended: it runs or is of no matter, it was broken, it was kept.
_OPEN, _BROKEN, _KEPT = range(3)


@dataclass(frozen=True)
class _Counted:
    """Appeals that have all of it in common, as columns: ``n`` of them. Keys of rows, 0 for no district; whole days."""

    service: NDArray[np.int64]
    district: NDArray[np.int64]
    category: NDArray[np.int64]
    days: NDArray[np.int64]
    answered: NDArray[np.int64]
    term: NDArray[np.int64]
    n: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_]) -> _Counted:
        return _Counted(**{name: column[rows] for name, column in vars(self).items()})


def find_answers(wanted: AppealFilter, borders: Borders = Borders.TODAY) -> AnswersReport:
    """How long public appeals that match the filter wait for the answer that stands, by the service that has them and the district.

    Days are those of the city's calendar, from the one on which an appeal came in; what has no answer counts with the days
    that it has waited, until it was closed or until today. Terms are judged when their last day is over, whether answered earlier or
    not: of those that still run only the fast ones have an answer. What was closed without one has no term. A
    district is compared with the rest of the city within the same service and category. Status and district of the filter are no
    matter here: answered ones alone would have no waiting. Four statements.
    """
    wanted = replace(wanted, district="", status=())
    today = timezone.localdate()
    known = district_grounds(today) if borders is Borders.TODAY else past_district_grounds()
    grounds = tuple(one for one in known if one.kind != District.Kind.CITY)
    appeals = counted_appeals(wanted, borders)
    total, first_on, last_on = days_of(appeals)
    counted = _counted(appeals, borders, today)
    services = Service.objects.filter(pk__in=np.unique(counted.service).tolist())
    parts = {one.pk: counted.of(counted.service == one.pk) for one in services}
    cells = _compared(
        {
            (pk, ground.id): part.district == ground.id
            for pk, part in parts.items()
            for ground in grounds
            if (part.district == ground.id).any()
        },
        parts,
    )
    together = _compared({(0, ground.id): counted.district == ground.id for ground in grounds}, {0: counted})
    return AnswersReport(
        wanted=wanted,
        borders=borders,
        total=total,
        first_on=first_on,
        last_on=last_on,
        elsewhere=total - int(counted.n.sum()),
        whole=_answers(counted),
        districts=grounds,
        answers=tuple(together[0, ground.id] for ground in grounds),
        services=tuple(
            ByService(
                one.code,
                one.short,
                _answers(parts[one.pk]),
                tuple(cells.get((one.pk, ground.id)) for ground in grounds),
            )
            for one in sorted(services, key=lambda one: (one.short, one.code))
        ),
        input_sha256=digest(
            counts={
                tuple(row): n
                for *row, n in zip(*(column.tolist() for column in vars(counted).values()), strict=True)
            }
        ),
    )


def _counted(appeals: AppealQuerySet, borders: Borders, today: dt.date) -> _Counted:
    """The appeals whose answer's day is known or that have none; one grouped statement."""
    city = timezone.get_default_timezone()
    came, answered, closed = (
        TruncDate(moment, tzinfo=city) for moment in ("submitted_at", "answered_at", "closed_at")
    )
    # What was closed for another reason than an answer says so.
    elsewhere = Q(answered_at=None) & (Q(status=Status.ANSWERED) | Q(status=Status.CLOSED, outcome=""))
    end = Coalesce(answered, closed, Value(today), output_field=DateField())
    days = Func(end, came, template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField())
    term = Case(
        When(answered_at=None, closed_at__isnull=False, then=_OPEN),
        When(due_on__gte=today, then=_OPEN),
        When(answered_day__lte=F("due_on"), then=_KEPT),
        default=_BROKEN,
        output_field=IntegerField(),
    )
    columns = {
        "by_service": F("service_id"),
        "by_district": Coalesce(F(f"{borders.district}_id"), 0),
        "by_category": F("category_id"),
        "by_days": days,
        "by_answered": Case(When(answered_at=None, then=0), default=1, output_field=IntegerField()),
        "by_term": term,
    }
    rows = (
        appeals.exclude(elsewhere)
        .annotate(answered_day=answered)
        .order_by()
        .values(**columns)
        .annotate(by_n=Count("*"))
        .values_list(*columns, "by_n")
    )
    found = np.array(sorted(rows), dtype=np.int64).reshape(-1, len(columns) + 1)
    return _Counted(*found.T)


def _answers(rows: _Counted) -> Answers:
    # Whoever was answered before an import says it came in has waited no day.
    days = np.repeat(np.maximum(rows.days, 0), rows.n).astype(float)
    survival = kaplan_meier(days, np.repeat(rows.answered > 0, rows.n))
    kept, broken = (int(rows.n[rows.term == ended].sum()) for ended in (_KEPT, _BROKEN))
    half, most = (survival.quantile(share) for share in (0.5, 0.9))
    return Answers(
        n=survival.n,
        waiting=survival.n - survival.happened,
        half_days=None if half is None else int(half),
        most_days=None if most is None else int(most),
        watched_days=int(survival.watched),
        kept=kept,
        over=kept + broken,
    )


def _compared(
    groups: Mapping[tuple[int, int], NDArray[np.bool_]], wholes: Mapping[int, _Counted]
) -> dict[tuple[int, int], Answers]:
    """The answers of each group, which is some rows of its whole, compared with the other rows where both have terms enough."""
    found = {key: _answers(wholes[key[0]].of(here)) for key, here in groups.items()}
    differences = {
        key: different
        for key, here in groups.items()
        if found[key].judged and (different := _difference(wholes[key[0]], here))
    }
    q = q_values(np.array([one.p for one in differences.values()]))
    for (key, one), rate in zip(differences.items(), q.tolist(), strict=True):
        found[key] = replace(found[key], compared=Compared(one.value, one.low, one.high, rate))
    return found


def _difference(rows: _Counted, here: NDArray[np.bool_]) -> Difference | None:
    """The share of terms kept here less that of the other districts, within the same service and category; None of too few there."""
    over = rows.term != _OPEN
    _kinds, stratum = np.unique(np.stack([rows.service, rows.category]), axis=1, return_inverse=True)
    stratum = stratum.ravel()

    size = int(stratum.max()) + 1

    def tallied(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(stratum[chosen], rows.n[chosen], size).astype(float)

    kept = rows.term == _KEPT
    part, n = tallied(here & kept), tallied(here & over)
    other_part, other_n = tallied(~here & kept), tallied(~here & over)
    if other_n[n > 0].sum() < _enough() or n[other_n > 0].sum() < _enough():
        return None
    return difference(part, n, other_part, other_n)


def _enough() -> int:
    return max(ENOUGH, settings.REPORT_MIN_COUNT)
