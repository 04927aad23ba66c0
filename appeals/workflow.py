"""The life of an appeal as one table: state, verb, next state, who may, what happens to the clock.

Buttons, API, tests and the diagram in the docs are read from ``TRANSITIONS``; nothing else decides what may be done.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role


class Status(models.TextChoices):
    NEW = "new", _("New")
    ACCEPTED = "accepted", _("In progress")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


class Kind(models.TextChoices):
    """What the law calls the appeal."""

    COMPLAINT = "complaint", _("Complaint")
    REQUEST = "request", _("Request")
    RECOMMENDATION = "recommendation", _("Recommendation")


#: States in which the legal clock runs.
OPEN_STATUSES = (Status.NEW, Status.ACCEPTED)


class Verb(enum.StrEnum):
    SUBMIT = "submit"
    ACCEPT = "accept"
    ANSWER = "answer"
    CLOSE = "close"
    REOPEN = "reopen"
    FORWARD = "forward"
    HIDE = "hide"
    SHOW = "show"


class Clock(enum.Enum):
    """What a transition does to the legal clock."""

    START = "start"  #: due date counted from this moment
    KEEP = "keep"
    STOP = "stop"  #: answered: nothing is due any more


@dataclass(frozen=True)
class Transition:
    """One row of the table. ``target`` None leaves the state as it is; ``hides`` None leaves the visibility."""

    verb: Verb
    sources: tuple[Status, ...]
    target: Status | None
    roles: frozenset[Role]
    clock: Clock
    hides: bool | None = None

    def allows(self, status: str, role: Role, *, hidden: bool) -> bool:
        """True when a person in that role may do it to an appeal in that state."""
        return status in self.sources and role in self.roles and (self.hides is None or self.hides != hidden)


_STAFF = frozenset({Role.SERVICE, Role.OFFICE})
_OFFICE = frozenset({Role.OFFICE})

TRANSITIONS: tuple[Transition, ...] = (
    Transition(Verb.ACCEPT, (Status.NEW,), Status.ACCEPTED, _STAFF, Clock.KEEP),
    Transition(Verb.ANSWER, OPEN_STATUSES, Status.ANSWERED, _STAFF, Clock.STOP),
    Transition(Verb.FORWARD, OPEN_STATUSES, Status.NEW, _STAFF, Clock.KEEP),
    Transition(
        Verb.CLOSE, (Status.ANSWERED,), Status.CLOSED, frozenset({Role.RESIDENT, *_STAFF}), Clock.KEEP
    ),
    Transition(
        Verb.REOPEN,
        (Status.ANSWERED, Status.CLOSED),
        Status.ACCEPTED,
        frozenset({Role.RESIDENT, Role.OFFICE}),
        Clock.START,
    ),
    Transition(Verb.HIDE, tuple(Status), None, _OFFICE, Clock.KEEP, hides=True),
    Transition(Verb.SHOW, tuple(Status), None, _OFFICE, Clock.KEEP, hides=False),
)


def transition(verb: Verb) -> Transition:
    """The table's row of the verb; ``SUBMIT`` has none, it begins the life."""
    return next(row for row in TRANSITIONS if row.verb is verb)


def verbs_for(status: str, role: Role, *, hidden: bool) -> Iterator[Verb]:
    """What a person in that role may do now, in the table's order."""
    return (row.verb for row in TRANSITIONS if row.allows(status, role, hidden=hidden))
