"""Due dates follow the terms and the calendar: all open appeals are counted again in the transaction of the change."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from appeals.deadlines import LegalClock
from appeals.models import Appeal, LegalTerm
from appeals.querysets import TermGroup
from appeals.workflow import Cause, Reason


def count_again(cause: Cause | None = None, *, at: dt.datetime | None = None) -> int:
    """Number of open appeals whose due date was another one than the clock says, each with its event; one transaction.

    The cost is that of the distinct days on which terms began, and of the appeals that move. While it runs, appeals
    come in; only the last look at them makes others wait. Also called regularly, for what was changed behind the
    models' back. Raises ``NoLegalTerm`` when an open appeal would have no term, and then nothing is changed.
    """
    cause, at = cause or Cause(Reason.CALENDAR), at or timezone.now()
    with transaction.atomic():
        moved = _count_again(cause, at)
        # Those that were coming in meanwhile have read the clock as it was before.
        LegalTerm.objects.wait_for_writers()
        return moved + _count_again(cause, at)


@dataclass(frozen=True)
class Move:
    """An open appeal that would be due on another day."""

    number: int
    was: dt.date
    due_on: dt.date


def foresee_moves() -> list[Move]:
    """What ``count_again`` would change by the terms and the calendar as this transaction has them; by number.

    Nothing is locked or written. Raises ``NoLegalTerm``.
    """
    clock, due_dates = LegalClock.read(), dict[TermGroup, dt.date]()
    moves = []
    for number, group, was in Appeal.objects.terms():
        if group not in due_dates:
            due_dates[group] = clock.due_after(*group)
        if due_dates[group] != was:
            moves.append(Move(number, was, due_dates[group]))
    return moves


def _count_again(cause: Cause, at: dt.datetime) -> int:
    clock = LegalClock.read()
    wrong = {}
    for group, due_on in Appeal.objects.term_groups():
        counted = clock.due_after(*group)
        if counted != due_on:
            wrong[group] = counted
    return Appeal.objects.count_again(wrong, cause, at)
