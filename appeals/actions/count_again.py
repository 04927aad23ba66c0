"""Due dates follow the terms and the calendar: all open appeals are counted again in the transaction of the change."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appeals.deadlines import LegalClock, NoLegalTerm
from appeals.models import Appeal, CalendarDay, LegalTerm, trying_the_clock
from appeals.querysets import TermGroup
from appeals.workflow import Cause, Reason

#: Names the field of a form whose sender has been shown which due dates move: the ``mark`` of a ``Question``.
SEEN: Final = "moves_seen"
#: Appeals that are named.
_EXAMPLES: Final = 20


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


def foresee(change: Callable[[], object]) -> list[Move]:
    """What a change of the calendar or the terms would move, by number; the change is undone. Raises what it raises."""
    with trying_the_clock():
        change()
        return foresee_moves()


@dataclass(frozen=True)
class Question:
    """Whether a change is meant that would move ``count`` due dates: ``web/_moves.html`` asks it, with the first ``moves``.

    A form that is sent with the ``mark`` as its ``field`` says yes; ``is_new`` where something else had been shown before.
    """

    count: int
    moves: Sequence[Move]
    mark: str
    is_new: bool
    field: str = SEEN


def question_of(moves: Sequence[Move], seen: str | None) -> Question | None:
    """What is to be asked before a change is made; None where nothing would move, or just what the sender has ``seen``.

    ``seen`` is what the form has in ``SEEN``; None for a form that nothing was shown for.
    """
    if not moves and seen is None:
        return None
    mark = _mark(moves)
    return None if seen == mark else Question(len(moves), moves[:_EXAMPLES], mark, is_new=seen is not None)


def _mark(moves: Sequence[Move]) -> str:
    """Other moves or another calendar have another one."""
    days = CalendarDay.objects.order_by("date").values_list("date", "working", "name")
    shown = repr((moves, list(days)))
    return hashlib.sha256(shown.encode()).hexdigest()


def moved_in_words(moved: int) -> str:
    """The sentence about due dates that have moved."""
    said = ngettext(
        "The due date of %(n)d open appeal has moved; its history says why.",
        "The due dates of %(n)d open appeals have moved; their histories say why.",
        moved,
    )
    return said % {"n": moved}


def no_term_in_words(refusal: NoLegalTerm) -> str:
    """Why the calendar or the terms could not be changed."""
    words = _(
        "Nothing was changed. No legal term would be in force on %(day)s, when the term of an open appeal began."
    )
    return words % {"day": date_format(refusal.day)}


def _count_again(cause: Cause, at: dt.datetime) -> int:
    clock = LegalClock.read()
    wrong = {}
    for group, due_on in Appeal.objects.term_groups():
        counted = clock.due_after(*group)
        if counted != due_on:
            wrong[group] = counted
    return Appeal.objects.count_again(wrong, cause, at)
