"""What is overdue goes to the Mayor's Office, once in a term."""

from __future__ import annotations

import datetime as dt

import structlog
from django.utils import timezone

from appeals.actions.rounds import due_steps, take_round
from appeals.deadlines import city_day
from appeals.models import Appeal
from appeals.workflow import ESCALATE

log = structlog.get_logger()


def escalate_overdue(now: dt.datetime | None = None) -> int:
    """Number of overdue appeals that were passed to the Mayor's Office, each in its own transaction, oldest first.

    What somebody answers, extends or escalates meanwhile is left alone: the workflow's table refuses it.
    """
    now = now or timezone.now()
    waiting = Appeal.objects.to_escalate(city_day(now)).order_by("due_on", "number")
    escalated = take_round(due_steps(waiting, ESCALATE), now)
    if escalated:
        log.info("overdue appeals passed to the Mayor's Office", appeals=escalated)
    return escalated
