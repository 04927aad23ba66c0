"""What every verb does alike: lock the row, check, change, append the event, queue the messages; one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role, standing_of
from appeals.deadlines import LegalClock
from appeals.errors import Invalid, NotAllowed, Stale
from appeals.limits import TEXT_MAX
from appeals.models import Appeal, Event
from appeals.notify.queue import queue_messages
from appeals.workflow import Clock, Transition, Verb, transition
from districts.models import Service


@dataclass(frozen=True)
class Actor:
    """Who acts, and in which role; ``user`` is None for residents and for the platform itself."""

    role: Role
    user: User | None = None


@dataclass
class Change:
    """An appeal under lock, about to become its next version. Verbs fill in what is theirs."""

    appeal: Appeal
    actor: Actor
    step: Transition
    at: dt.datetime
    text: str = ""
    to_service: Service | None = None
    public: bool = True
    event: Event | None = None

    def apply(self, clock: LegalClock | None = None) -> Event:
        """The event of the change, not saved; the appeal in memory becomes its next version by the workflow row.

        ``clock`` spares reading terms and calendar again when many changes are made at once.
        """
        appeal, before = self.appeal, self.appeal.status
        event = Event(
            appeal=appeal,
            version=appeal.version + 1,
            verb=self.step.verb,
            at=self.at,
            actor=self.actor.user,
            actor_role=self.actor.role,
            from_status=before,
            to_status=self.step.target or before,
            service_id=appeal.service_id,
            to_service=self.to_service,
            text=self.text,
            public=self.public,
        )
        appeal.version = event.version
        appeal.status = event.to_status
        if self.to_service is not None:
            appeal.service = self.to_service
        if self.step.hides is not None:
            appeal.hidden = self.step.hides
        if self.step.verb is Verb.CLOSE:
            appeal.closed_at = self.at
        match self.step.clock:
            case Clock.STOP:
                appeal.answered_at = self.at
            case Clock.START:
                appeal.due_on = (clock or LegalClock.read()).due_on(appeal.kind, self.at)
                appeal.answered_at = appeal.closed_at = None
            case Clock.KEEP:
                pass
        return event

    def append_event(self) -> Event:
        """Applies the change, saves the appeal and appends the event; called once by ``changing``."""
        event = self.apply()
        self.appeal.save(
            update_fields=["version", "status", "service", "hidden", "due_on", "answered_at", "closed_at"]
        )
        event.save(force_insert=True)
        self.event = event
        return event


@contextmanager
def changing(
    appeal_id: UUID, verb: Verb, actor: Actor, *, version: int | None, at: dt.datetime | None = None
) -> Iterator[Change]:
    """The locked appeal as a ``Change``; on leaving, the event is appended and its messages are queued.

    ``version`` is the one that the actor saw; None skips the check and is meant for the platform itself. ``at`` is
    the moment, now by default. Raises ``Appeal.DoesNotExist``, ``Stale`` or ``NotAllowed`` before anything is written.
    """
    with transaction.atomic():
        appeal = Appeal.objects.select_for_update().get(pk=appeal_id)
        if version is not None and version != appeal.version:
            unseen = Event.objects.filter(appeal=appeal, version__gt=version).select_related(
                "actor", "service"
            )
            raise Stale(appeal, list(unseen.order_by("version")))
        if (
            actor.user is not None
            and standing_of(actor.user).role_towards(appeal.service_id) is not actor.role
        ):
            # The role was found before the lock: the appeal may have gone to another service since.
            raise NotAllowed
        step = transition(verb)
        if not step.allows(appeal.status, actor.role, hidden=appeal.hidden):
            raise NotAllowed
        change = Change(appeal, actor, step, at or timezone.now())
        yield change
        queue_messages(change.append_event())


def required_text(text: str, *, field: str = "text") -> str:
    """The text without surrounding space. Raises ``Invalid`` when empty, too long or holding NUL."""
    cleaned = text.strip()
    if not cleaned:
        raise Invalid({field: [_("Write a few words.")]})
    if len(cleaned) > TEXT_MAX:
        raise Invalid(
            {field: [_("At most %(n)d characters; there are %(m)d.") % {"n": TEXT_MAX, "m": len(cleaned)}]}
        )
    if "\x00" in cleaned:
        raise Invalid({field: [_("The text holds a character that cannot be kept.")]})
    return cleaned
