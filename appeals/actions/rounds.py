"""Steps that the platform takes by itself: each in its own transaction, and never a flood of letters."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from appeals.actions.perform import perform
from appeals.actors import PLATFORM
from appeals.errors import NotAllowed
from appeals.querysets import AppealQuerySet
from appeals.vocabulary import Audience, Verb

#: Steps in one round, so that a backlog does not hold the schedule up; the next round goes on.
ROUND = 200

#: Whoever would get more letters from one round gets a digest instead.
LETTERS_MAX = 10


@dataclass(frozen=True)
class Step:
    """A step that is due for an appeal, which is with that service."""

    appeal_id: UUID
    service_id: int
    verb: Verb

    def recipients(self) -> dict[Audience, tuple[Audience, int]]:
        """Of the staff who get a letter, by audience; there is one Mayor's Office, and a service for each appeal."""
        return {
            audience: (audience, self.service_id if audience is Audience.SERVICE else 0)
            for audience in self.verb.letters
            if audience in {Audience.SERVICE, Audience.OFFICE}
        }


def due_steps(appeals: AppealQuerySet, verb: Verb) -> Iterator[Step]:
    """The verb for each of the appeals, in their order, as many as one round takes."""
    return (Step(key, service, verb) for key, service in appeals.values_list("pk", "service")[:ROUND])


def take_round(due: Iterable[Step], now: dt.datetime) -> int:
    """Number of steps that were taken, of the first ``ROUND``; one that the workflow's table refuses meanwhile is left out."""
    steps = list(islice(due, ROUND))
    letters = Counter(recipient for step in steps for recipient in step.recipients().values())
    taken = 0
    for step in steps:
        flooded = [
            audience for audience, recipient in step.recipients().items() if letters[recipient] > LETTERS_MAX
        ]
        try:
            perform(step.appeal_id, step.verb, PLATFORM, version=None, at=now, digest=flooded)
        except NotAllowed:
            continue
        taken += 1
    return taken
