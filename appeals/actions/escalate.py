"""What is overdue goes to the Mayor's Office, once in a term."""

from __future__ import annotations

import datetime as dt

import structlog
from django.utils import timezone

from appeals.actions.perform import perform
from appeals.actors import PLATFORM
from appeals.deadlines import city_day
from appeals.errors import NotAllowed
from appeals.models import Appeal
from appeals.workflow import ESCALATE

log = structlog.get_logger()

#: In one round, so that a backlog does not hold the schedule up; the next round goes on.
ROUND = 200


def escalate_overdue(now: dt.datetime | None = None) -> int:
    """Number of overdue appeals that were passed to the Mayor's Office, each in its own transaction, oldest first.

    What somebody answers, extends or escalates meanwhile is left alone: the workflow's table refuses it.
    """
    now = now or timezone.now()
    waiting = Appeal.objects.to_escalate(city_day(now)).order_by("due_on", "number")
    escalated = 0
    for appeal_id in waiting.values_list("pk", flat=True)[:ROUND]:
        try:
            perform(appeal_id, ESCALATE, PLATFORM, version=None, at=now)
        except NotAllowed:
            continue
        escalated += 1
    if escalated:
        log.info("overdue appeals passed to the Mayor's Office", appeals=escalated)
    return escalated
