"""Appeals with their full history, written in bulk by the same rules as single ones."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction

from accounts.roles import Role
from appeals.actions.inputs import Given
from appeals.actions.perform import CHANGED_FIELDS, Change
from appeals.actions.submit import Submission, first_event, new_appeal, stored_decision
from appeals.actors import PLATFORM, Actor
from appeals.deadlines import LegalClock, city_day
from appeals.errors import NotAllowed
from appeals.guards import barred
from appeals.importing.copying import copy_in
from appeals.models import Appeal, AppealContact, Attachment, Event, RoutingDecision
from appeals.recount import count_in_districts
from appeals.vocabulary import Verb
from districts.models import BoundaryRevision, Service, ServiceArea
from districts.routing import NotSetUp, Pin, Route, RoutingError, route_many

#: Rows of one UPDATE, whose text grows with each.
UPDATED_AT_ONCE: Final = 500


@dataclass
class Past:
    """An unsaved appeal with what has happened to it so far."""

    appeal: Appeal
    decision: RoutingDecision
    events: list[Event]
    contact: AppealContact | None = None
    attachments: list[Attachment] = field(default_factory=list)

    def then(
        self,
        verb: Verb,
        at: dt.datetime,
        *,
        actor: Actor = PLATFORM,
        text: str = "",
        to_service: Service | None = None,
        details: Mapping[str, object] | None = None,
        clock: LegalClock | None = None,
    ) -> Event:
        """Takes the next step of the workflow; its event becomes the last in ``events``. Raises as ``take_step``."""
        event = take_step(
            self.appeal, verb, at, actor=actor, text=text, to_service=to_service, details=details, clock=clock
        )
        self.events.append(event)
        return event

    def if_overdue(self, verb: Verb, now: dt.datetime) -> None:
        """Takes the step if it is open though its term has passed, by which it is with the Mayor's Office too."""
        if self.appeal.is_open and self.appeal.due_on < city_day(now):
            self.then(verb, now)


def take_step(
    appeal: Appeal,
    verb: Verb,
    at: dt.datetime,
    *,
    actor: Actor = PLATFORM,
    text: str = "",
    to_service: Service | None = None,
    details: Mapping[str, object] | None = None,
    clock: LegalClock | None = None,
) -> Event:
    """The event of a step that was taken at that moment, not saved; the appeal in memory becomes its next version.

    The platform records what others did elsewhere, so it may record any step. Raises ``NotAllowed`` if the workflow
    has no such step.
    """
    role = actor.role_towards(appeal)
    recorded = role is Role.SYSTEM and appeal.status in verb.sources
    not_met = () if recorded else barred(appeal, [verb], at, clock)
    if not recorded and not verb.allows(
        appeal.status, role, hidden=appeal.hidden, held=appeal.is_held, barred=not_met
    ):
        raise NotAllowed
    given = Given(text=text, to_service=to_service, details=dict(details or {}))
    return Change(verb, role, actor.user, at, given).apply(appeal, clock)


class DueDates:
    """The clock for many appeals: each kind, category and day is computed once."""

    def __init__(self, clock: LegalClock) -> None:
        self.clock = clock
        self._counted: dict[tuple[str, int, dt.date], dt.date] = {}

    def due_on(self, submission: Submission, start: dt.datetime) -> dt.date:
        """As ``LegalClock.due_on``."""
        kind, category = submission.kind, submission.category.pk
        key = (kind, category, city_day(start))
        if key not in self._counted:
            self._counted[key] = self.clock.due_on(kind, start, category=category)
        return self._counted[key]


def begin(submission: Submission, decision: Route, at: dt.datetime, due_on: dt.date, role: Role) -> Past:
    """The past of an appeal that was just submitted."""
    appeal = new_appeal(submission, decision, due_on, at)
    return Past(appeal, stored_decision(appeal.pk, decision, at), [first_event(appeal, role)])


def write(pasts: Sequence[Past]) -> None:
    """Inserts the appeals and all their related rows, in order; one transaction, no messages are queued.

    Appeals are numbered in this order. The events do not get their keys. Those routed by former borders are counted in
    today's districts.
    """
    applied = set(BoundaryRevision.objects.filter(applied=True).values_list("pk", flat=True))
    former = [past.appeal.pk for past in pasts if past.decision.revision_id not in applied]
    with transaction.atomic():
        copy_in([past.decision for past in pasts])
        copy_in([event for past in pasts for event in past.events])
        copy_in([past.contact for past in pasts if past.contact])
        copy_in([attachment for past in pasts for attachment in past.attachments])
        copy_in([past.appeal for past in pasts])
        count_in_districts(former)


def write_on(appeals: Sequence[Appeal], events: Sequence[Event]) -> None:
    """Stores what steps have made of known appeals, and the events of these; one transaction, no messages are queued."""
    with transaction.atomic():
        copy_in(events)
        Appeal.objects.bulk_update(appeals, CHANGED_FIELDS, batch_size=UPDATED_AT_ONCE)


@dataclass
class HistoricalRouter:
    """Routes appeals by the borders and validity dates of the day each was submitted.

    Appeals from before the first borders are routed by those, as on their first day. ``since`` are the days
    on which anything changes; all appeals between two of them go in one batch.
    """

    since: list[dt.date] = field(default_factory=list)

    @classmethod
    def read(cls) -> HistoricalRouter:
        """The router for the borders currently stored. Raises ``NotSetUp`` when none are published."""
        published = BoundaryRevision.objects.filter(state=BoundaryRevision.State.PUBLISHED)
        days = set(published.values_list("effective_from", flat=True))
        if not days:
            raise NotSetUp("no boundary revision is published")
        first = min(days)
        for pair in ServiceArea.objects.filter(revision__in=published).values_list("valid_from", "valid_to"):
            days.update(day for day in pair if day and day > first)
        return cls(sorted(days))

    def route(self, submissions: Iterable[tuple[Submission, dt.datetime]]) -> list[Route | RoutingError]:
        """Decisions and refusals in the order of the submissions."""
        pins: dict[dt.date, list[tuple[int, Pin]]] = {}
        n = 0
        for n, (submission, at) in enumerate(submissions, 1):
            pin = Pin(submission.point.x, submission.point.y, submission.category.pk)
            pins.setdefault(self._period(city_day(at)), []).append((n - 1, pin))
        found: dict[int, Route | RoutingError] = {}
        for day, numbered in pins.items():
            decisions: Iterator[Route | RoutingError] = route_many((pin for _, pin in numbered), on=day)
            found.update(zip((index for index, _ in numbered), decisions, strict=True))
        return [found[index] for index in range(n)]

    def _period(self, day: dt.date) -> dt.date:
        """First day of the period without changes that contains the day."""
        return self.since[max(bisect_right(self.since, day) - 1, 0)]
