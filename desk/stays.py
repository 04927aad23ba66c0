"""What became of many appeals, as arrays: their stays with services, their legal terms, and what authors said.

A stay is an appeal's time with one service, from its coming there to its being passed on, so that nobody improves his own
figures by passing on what is late, or spoils those of whoever takes it. Counted as a whole, an appeal has one stay from its
coming in. No database here; moments are seconds of the city's own clock, days are counted from 1970-01-01.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desk.working_hours import DAY_S

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: A moment or day that has not come.
NEVER = np.iinfo(np.int64).max // 4

#: Versions of one appeal, and seconds since 1970, are fewer.
_WIDTH = 1 << 32


class What(enum.IntFlag):
    """What an event means here."""

    ANSWER = 1
    REOPEN = 2
    CLOSE = 4
    END = 8  #: nothing is due any more, though nobody answered
    MOVE = 16  #: to another service
    DUE = 32  #: the due date became another one
    AUTHOR = 64  #: it was the author who did it
    ELSEWHERE = 128  #: it was answered in another system, in words not known here
    RATED = 256  #: the author said whether the answer satisfies
    SATISFIED = 512  #: it does


@dataclass(frozen=True)
class Appeals:
    """Columns of the appeals. ``closed`` is ``NEVER`` unless it is closed now.

    ``due`` is the due day of the present term, ``first_due`` the one that the first term had at first, which matters for
    those that were reopened alone.
    """

    submitted: Ints
    service: Ints
    open: Flags
    due: Ints
    first_due: Ints
    closed: Ints


@dataclass(frozen=True)
class Events:
    """Columns of their events, by appeal and then in the order in which they happened.

    ``appeal`` is the position among the appeals; ``service`` and ``to_service`` are 0 where there is none; ``due`` is the new
    due day of ``DUE``, and of ``REOPEN`` the one that the new term had at first.
    """

    appeal: Ints
    version: Ints
    at: Ints
    what: Ints
    service: Ints
    to_service: Ints
    due: Ints

    def are(self, what: What) -> Flags:
        """Which of them mean that."""
        which: Flags = (self.what & what) != 0
        return which


@dataclass(frozen=True)
class Stays:
    """Columns of the stays, by appeal and then in order.

    ``answered`` is the first answer within the stay, ``closed`` the closing that stands, ``left`` when the stay or the waiting
    ended otherwise; each is ``NEVER`` where that did not happen. ``said`` is what the author said last of the stay's answers:
    1 solved, 0 not solved, -1 nothing; ``rated`` likewise, whether they are satisfied with the answer: one rating an appeal and
    stay, the last one since its last answer. ``open`` is true of the last stay of an open appeal.
    """

    appeal: Ints
    service: Ints
    start: Ints
    answered: Ints
    closed: Ints
    left: Ints
    reopened: Flags
    said: Ints
    rated: Ints
    open: Flags
    moved_on: Flags


class TermState(enum.IntEnum):
    """What became of a legal term."""

    BROKEN = 0
    KEPT = 1
    RUNNING = 2
    DROPPED = 3  #: it ended early, without an answer
    ELSEWHERE = 4  #: it ended in another system, with an answer that nobody here can judge


@dataclass(frozen=True)
class Terms:
    """Columns of the legal terms: the ``TermState`` of each, and the stay that it counts for.

    One that was kept counts for whoever answered, any other for whoever had the appeal on its last day.
    """

    stay: NDArray[np.intp]
    state: Ints

    def count(self, *states: TermState) -> int:
        """How many terms have one of these states."""
        return int(np.count_nonzero(np.isin(self.state, states)))


def stays_of(appeals: Appeals, events: Events, *, by_service: bool) -> Stays:
    """The stays of the appeals; one for each appeal unless they are told apart ``by_service``."""
    count = appeals.submitted.size
    moves = np.flatnonzero(events.are(What.MOVE)) if by_service else np.empty(0, dtype=np.intp)
    first_service = appeals.service.copy()
    # Written backwards, so that the first move stays: it says whom the appeal was with before.
    first_service[events.appeal[moves[::-1]]] = events.service[moves[::-1]]
    appeal = np.concatenate([np.arange(count), events.appeal[moves]])
    version = np.concatenate([np.zeros(count, dtype=np.int64), events.version[moves]])
    order = np.lexsort((version, appeal))
    appeal, version = appeal[order], version[order]
    start = np.concatenate([appeals.submitted, events.at[moves]])[order]
    service = np.concatenate([first_service, events.to_service[moves]])[order]
    followed = np.append(appeal[1:] == appeal[:-1], False) if count else np.empty(0, dtype=np.bool_)
    left = np.where(followed, np.append(start[1:], 0), NEVER) if count else start
    stay_of_event = (
        np.searchsorted(appeal * _WIDTH + version, events.appeal * _WIDTH + events.version, "right") - 1
    )

    answered = _first(stay_of_event, events.at, events.are(What.ANSWER), start.size)
    ended = _first(stay_of_event, events.at, _standing_ends(events, count), start.size)
    elsewhere = _first(stay_of_event, events.at, events.are(What.ELSEWHERE), start.size)
    # Such an appeal has been watched up to the answer that is not known; what was said later is not the first one.
    answered = np.where(elsewhere < answered, NEVER, answered)
    last = ~followed
    # What ended without an answer was put away, not closed as done: nobody is faster for it.
    closed = np.where(last & (ended == NEVER), appeals.closed[appeal], NEVER)
    # What was closed without an answer has been watched no longer than that.
    ended = np.where((answered == NEVER) & (closed != NEVER), np.minimum(ended, closed), ended)
    ended = np.minimum(ended, elsewhere)

    reopened = np.zeros(start.size, dtype=np.bool_)
    reopened[stay_of_event[events.are(What.REOPEN)]] = True
    said = np.full(start.size, -1)
    verdicts = np.flatnonzero(
        events.are(What.AUTHOR) & events.are(What.CLOSE | What.REOPEN) & ~events.are(What.END)
    )
    # Of those with the same place the last is kept: NumPy assigns in order.
    said[stay_of_event[verdicts]] = events.are(What.CLOSE)[verdicts]
    rated = np.full(start.size, -1)
    # A rating counts for whoever gave the answer, wherever the appeal is by then; a new answer has none yet.
    of_answer = np.full(events.at.size, -1)
    answers = np.flatnonzero(events.are(What.ANSWER))
    before = np.searchsorted(answers, np.arange(events.at.size), "right") - 1
    known = before >= 0
    of_answer[known] = answers[before[known]]
    telling = np.flatnonzero(events.are(What.ANSWER | What.RATED) & (of_answer >= 0))
    telling = telling[events.appeal[of_answer[telling]] == events.appeal[telling]]
    rated[stay_of_event[of_answer[telling]]] = np.where(
        events.are(What.RATED)[telling], events.are(What.SATISFIED)[telling], -1
    )
    return Stays(
        appeal, service, start, answered, closed, np.minimum(left, ended), reopened, said, rated,
        appeals.open[appeal] & last, followed,
    )  # fmt: skip


def terms_of(appeals: Appeals, events: Events, stays: Stays, today: int) -> Terms:
    """The legal terms of the appeals, as seen on that day."""
    count = appeals.submitted.size
    begins = np.flatnonzero(events.are(What.REOPEN))
    appeal = np.concatenate([np.arange(count), events.appeal[begins]])
    version = np.concatenate([np.zeros(count, dtype=np.int64), events.version[begins]])
    order = np.lexsort((version, appeal))
    appeal, version = appeal[order], version[order]
    last = np.append(appeal[1:] != appeal[:-1], True) if count else np.empty(0, dtype=np.bool_)
    term_of_event = (
        np.searchsorted(appeal * _WIDTH + version, events.appeal * _WIDTH + events.version, "right") - 1
    )

    # The due day of a former term is the last one that was written; of the present one it is the appeal's own.
    due = appeals.first_due[appeal]
    written = np.flatnonzero(events.are(What.DUE | What.REOPEN))
    due[term_of_event[written]] = events.due[written]
    due = np.where(last, appeals.due[appeal], due)

    answers = events.are(What.ANSWER)
    answered = _first(term_of_event, events.at, answers, appeal.size)
    ended = _first(term_of_event, events.at, events.are(What.END), appeal.size)
    ended = np.where(last, np.minimum(ended, appeals.closed[appeal]), ended)
    is_open = appeals.open[appeal] & last
    over = np.minimum(answered, np.where(answered == NEVER, ended, NEVER))
    over_day = np.where(over == NEVER, np.where(is_open, today, NEVER), np.floor_divide(over, DAY_S))
    kept = (answered != NEVER) & (over_day <= due)
    broken = (over_day > due) & ((over != NEVER) | is_open)
    elsewhere = _first(term_of_event, events.at, events.are(What.ELSEWHERE), appeal.size) != NEVER
    state = np.select(
        [elsewhere, kept, broken, is_open],
        [TermState.ELSEWHERE, TermState.KEPT, TermState.BROKEN, TermState.RUNNING],
        TermState.DROPPED,
    )

    by_moment = stays.appeal * _WIDTH + np.maximum(stays.start, 0)
    moment = np.where(kept, answered, (due + 1) * DAY_S - 1)
    at = np.searchsorted(by_moment, appeal * _WIDTH + np.clip(moment, 0, _WIDTH - 1), "right") - 1
    # A stay that began later than the term's last day, in an appeal that came in late itself, is still its own appeal's.
    at = np.maximum(at, np.searchsorted(stays.appeal, appeal, "left"))
    return Terms(at, state)


def _standing_ends(events: Events, count: int) -> Flags:
    """Which events ended the waiting without an answer, and were not undone by a reopening."""
    reopening = np.flatnonzero(events.are(What.REOPEN))
    last_reopening = np.full(count, -1)
    last_reopening[events.appeal[reopening]] = reopening
    stands: Flags = events.are(What.END) & (np.arange(events.at.size) > last_reopening[events.appeal])
    return stands


def _first(place: NDArray[np.intp], at: Ints, which: Flags, size: int) -> Ints:
    """The earliest moment of the events of each place; ``NEVER`` where there is none."""
    found = np.full(size, NEVER)
    np.minimum.at(found, place[which], at[which])
    return found
