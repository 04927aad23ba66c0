"""What becomes of a question that the author does not reply to: a reminder half-way, and then the term goes on."""

from __future__ import annotations

import datetime as dt

import structlog
from django.utils import timezone

from appeals.actions.rounds import due_steps, take_round
from appeals.deadlines import city_day
from appeals.models import Appeal
from appeals.workflow import LAPSE, REMIND

log = structlog.get_logger()


def follow_questions(now: dt.datetime | None = None) -> int:
    """Number of appeals whose author was reminded, or whose term goes on without a reply; each in its own transaction.

    What is replied to or answered meanwhile is left alone: the workflow's table refuses it.
    """
    now = now or timezone.now()
    today = city_day(now)
    appeals = Appeal.objects.order_by("reply_by", "number")
    lapsed = take_round(due_steps(appeals.without_reply(today), LAPSE), now)
    reminded = take_round(due_steps(appeals.to_remind(today), REMIND), now)
    if lapsed or reminded:
        log.info("questions to authors", reminded=reminded, without_reply=lapsed)
    return lapsed + reminded
