"""Everything a page shows about one appeal, read in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from appeals.deadlines import LegalClock, city_day
from appeals.due import Due, due_of
from appeals.due_explanation import DueExplanation, explain_due
from appeals.gathering import Gathering, Thresholds, gathering_of
from appeals.models import Appeal, Attachment, Event, RoutingDecision
from appeals.replies import Place, Share, Tally, tallies_of
from appeals.routing_decision import Explanation, explain
from appeals.timeline import Step, steps_of
from appeals.vocabulary import Outcome, Status
from appeals.workflow import ASK, HIDE, RATE


@dataclass(frozen=True)
class Dossier:
    """One appeal with all related data. ``attachments`` are the resident's; each step has its own.

    ``internal`` with what only staff may see.
    """

    appeal: Appeal
    due: Due
    due_explanation: DueExplanation
    clock: LegalClock
    today: dt.date
    attachments: tuple[Attachment, ...]
    steps: tuple[Step, ...]
    explanation: Explanation | None
    reader: User | AnonymousUser
    internal: bool

    @cached_property
    def said_before(self) -> dict[str, dict[str, str]]:
        """What the author's form of a verb starts from, by verb: a rating is changed from what it was."""
        if self.rating is None:
            return {}
        event = self.rating.event
        return {RATE.code: {"satisfied": event.details["satisfied"], "text": event.text}}

    @cached_property
    def repetitions(self) -> tuple[Appeal, ...]:
        """What repeats it, of what the reader may see; read when it is asked for."""
        return tuple(
            Appeal.objects.visible_to(self.reader)
            .repeating(self.appeal)
            .exclude(outcome=Outcome.JOINED)
            .only("number", "hidden")
        )

    @cached_property
    def linked(self) -> tuple[Appeal, ...]:
        """What belongs together with it, of what the reader may see, by number; read when it is asked for."""
        others = Appeal.objects.visible_to(self.reader).filter(linked=self.appeal)
        return tuple(others.only("number", "hidden").order_by("number"))

    @cached_property
    def gathering(self) -> Gathering | None:
        """What a proposal has gathered; None of another appeal. Read when it is asked for: one query for a proposal."""
        if not self.appeal.is_proposal:
            return None
        return gathering_of(self.appeal, Thresholds.read(), self.today)

    @cached_property
    def tallies(self) -> tuple[Tally, ...]:
        """What the supporters of a proposal are asked and answer; read when it is asked for, by at most four queries."""
        return tallies_of(self.appeal)

    @cached_property
    def marked(self) -> str:
        """The places that they mark, as JSON: lists of [lon, lat] by the mark of their answer; empty without any."""
        places: dict[int, list[Place]] = {}
        for share in self.marked_shares:
            places.setdefault(share.mark, []).extend(share.places)
        return json.dumps(places) if places else ""

    @cached_property
    def marked_shares(self) -> list[Share]:
        """The answers that have places on the map."""
        return [share for tally in self.tallies for share in tally.shares if share.places]

    @cached_property
    def answers(self) -> list[Step]:
        """The answers, the newest first, each followed by what was added to it."""
        groups: list[list[Step]] = []
        for step in filter(lambda step: step.is_answer, self.steps):
            if step.supplements and groups:
                groups[-1].append(step)
            else:
                groups.append([step])
        return [step for group in reversed(groups) for step in group]

    @property
    def standing_answer(self) -> Step | None:
        """The answer that no later one has replaced."""
        return next((step for step in self.answers if not step.supplements), None)

    @cached_property
    def rating(self) -> Step | None:
        """What the author says of the standing answer, for the author and the staff alone; read when it is asked for."""
        answer = self.standing_answer
        if answer is None:
            return None
        ratings = Event.objects.filter(appeal=self.appeal, verb=RATE.code, version__gt=answer.event.version)
        said = ratings.select_related("service", "to_service").order_by("-version").first()
        return steps_of([said])[0] if said else None

    @property
    def missed(self) -> dt.date | None:
        """The last day of a term that had passed without an answer when the present one began; None of most appeals."""
        days = [step.event.details["missed"] for step in self.steps if "missed" in step.event.details]
        return dt.date.fromisoformat(days[-1]) if days else None

    @property
    def passes(self) -> list[Step]:
        """The steps by which the appeal went from one service to another, in their order."""
        return [step for step in self.steps if step.event.to_service_id is not None]

    @property
    def question(self) -> Step | None:
        """The question that waits for the author's reply."""
        if self.appeal.status != Status.WAITING:
            return None
        return next((step for step in reversed(self.steps) if step.event.verb == ASK.code), None)


def reason_hidden(number: int) -> str:
    """Why the hidden appeal of that number was hidden, in the words meant for the public; empty when none were given."""
    hidden = Event.objects.filter(appeal__number=number, appeal__hidden=True, verb=HIDE.code)
    last = hidden.order_by("-version").first()
    return last.text if last is not None and last.public else ""


def dossier_of(
    appeal: Appeal, reader: User | AnonymousUser, *, internal: bool, now: dt.datetime | None = None
) -> Dossier:
    """The appeal's dossier; at most six queries, and one for who the reader is.

    ``internal`` adds events only staff may see. Photos and videos are those that the reader may see. Expects the appeal to be
    loaded ``with_names``.
    """
    events = Event.objects.filter(appeal=appeal).select_related("service", "to_service").order_by("version")
    events = events.select_related("actor") if internal else events.filter(public=True)
    attachments = list(Attachment.objects.visible_to(reader).filter(appeal=appeal))
    decision = (
        RoutingDecision.objects.filter(appeal=appeal).select_related("service", "area", "revision").first()
    )
    clock, today = LegalClock.read(), city_day(now or timezone.now())
    return Dossier(
        appeal=appeal,
        due=due_of(appeal, clock.calendar, today),
        due_explanation=explain_due(appeal, clock),
        clock=clock,
        today=today,
        attachments=tuple(attachment for attachment in attachments if attachment.event_id is None),
        steps=tuple(steps_of(events, attachments)),
        explanation=explain(decision) if decision else None,
        reader=reader,
        internal=internal,
    )
