"""What becomes of a question that the author does not reply to: a reminder half-way, and then the term goes on."""

from __future__ import annotations

import datetime as dt

import structlog
from django.utils import timezone

from appeals.actions.perform import perform
from appeals.actors import PLATFORM
from appeals.deadlines import city_day
from appeals.errors import NotAllowed
from appeals.models import Appeal
from appeals.querysets import AppealQuerySet
from appeals.workflow import LAPSE, REMIND, Verb

log = structlog.get_logger()

#: In one round, so that many questions do not hold the schedule up; the next round goes on.
ROUND = 200


def follow_questions(now: dt.datetime | None = None) -> int:
    """Number of appeals whose author was reminded, or whose term goes on without a reply; each in its own transaction.

    What is replied to or answered meanwhile is left alone: the workflow's table refuses it.
    """
    now = now or timezone.now()
    today = city_day(now)
    lapsed = _each(Appeal.objects.without_reply(today), LAPSE, now)
    reminded = _each(Appeal.objects.to_remind(today), REMIND, now)
    if lapsed or reminded:
        log.info("questions to authors", reminded=reminded, without_reply=lapsed)
    return lapsed + reminded


def _each(appeals: AppealQuerySet, verb: Verb, now: dt.datetime) -> int:
    done = 0
    for appeal_id in appeals.order_by("reply_by", "number").values_list("pk", flat=True)[:ROUND]:
        try:
            perform(appeal_id, verb, PLATFORM, version=None, at=now)
        except NotAllowed:
            continue
        done += 1
    return done
