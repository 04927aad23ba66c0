"""Services are warned before a term is over: at half of it, at four fifths, and on its last day, once each."""

from __future__ import annotations

import datetime as dt

import structlog
from django.utils import timezone

from appeals.actions.rounds import ROUND, Step, take_round
from appeals.deadlines import LegalClock, city_day
from appeals.models import Appeal
from appeals.workflow import WARNINGS

log = structlog.get_logger()


def warn_services(now: dt.datetime | None = None) -> int:
    """Number of warnings, each in its own transaction, the most urgent first; a stage that was missed is skipped."""
    now = now or timezone.now()
    clock, today = LegalClock.read(), city_day(now)
    candidates = Appeal.objects.to_warn(today, clock.last_days(today)).order_by("due_on", "number")
    due = (
        Step(appeal.pk, appeal.service_id, WARNINGS[stage])
        for appeal in candidates.iterator(chunk_size=ROUND)
        if (stage := clock.stage(appeal, today)) > appeal.warned
    )
    warned = take_round(due, now)
    if warned:
        log.info("services warned of terms that pass", appeals=warned)
    return warned
