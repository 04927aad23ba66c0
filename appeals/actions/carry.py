"""A proposal that enough people support goes to the Mayor's Office, which must answer it in public: once."""

from __future__ import annotations

import datetime as dt
from itertools import chain

import structlog
from django.db.models import Q
from django.utils import timezone

from appeals.actions.perform import perform
from appeals.actions.rounds import due_steps, take_round
from appeals.actors import PLATFORM
from appeals.deadlines import city_day
from appeals.gathering import NEEDED, GatheringState, Thresholds, has_gathered, in_state
from appeals.models import Appeal
from appeals.workflow import CARRY

log = structlog.get_logger()


def carry(appeal: Appeal, at: dt.datetime) -> None:
    """Takes the step where enough people support it; the caller's transaction holds the appeal's row."""
    if appeal.is_proposal and has_gathered(appeal, at):
        perform(appeal.pk, CARRY, PLATFORM, version=None, at=at)


def carry_supported(now: dt.datetime | None = None) -> int:
    """Number of proposals that have come to a threshold otherwise than by a voice: by a merge, a correction, a lower threshold."""
    now = now or timezone.now()
    thresholds, today = Thresholds.read(), city_day(now)
    gathering = in_state(GatheringState.GATHERING, thresholds, today)
    waiting = Appeal.objects.public().proposals().filter(gathering).order_by("number")
    # The index of the proposals leads to the first condition alone.
    enough = Q(supporters__gte=thresholds.least) & Q(supporters__gte=NEEDED)
    repeated = Appeal.objects.filter(supported_at__isnull=False, duplicate_of__isnull=False)
    inherited = Q(pk__in=repeated.values("duplicate_of"))
    due = chain.from_iterable(due_steps(waiting.filter(found), CARRY) for found in (enough, inherited))
    carried = take_round(due, now)
    if carried:
        log.info("proposals with enough support passed to the Mayor's Office", appeals=carried)
    return carried
