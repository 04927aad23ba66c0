"""The state of an appeal's deadline, in plain words for residents."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

from appeals.deadlines import WorkingCalendar, city_calendar, city_day
from appeals.gathering import Gathering, Thresholds, gathering_of
from appeals.models import Appeal
from appeals.querysets import ListedAppeal
from appeals.vocabulary import OPEN_STATUSES, Status

#: Working days before the due date from which an open appeal counts as due soon.
SOON_DAYS = 3


class DueState(enum.StrEnum):
    """State of the legal clock; the values are class names in the style sheet."""

    OPEN = "open"
    SOON = "soon"
    TODAY = "today"
    OVERDUE = "overdue"
    PAUSED = "paused"  #: the author is asked
    IN_TIME = "in-time"
    LATE = "late"
    ENDED = "ended"  #: closed without an answer
    ELSEWHERE = "elsewhere"  #: answered in another system, in words not known here


@dataclass(frozen=True)
class Due:
    """The state, and its length in working days: remaining, overdue, or taken to answer since the term began.

    ``anew`` when the term of the answer began after the submission: the appeal was taken up again, or people carried it.
    """

    state: DueState
    days: int
    anew: bool = False

    @property
    def words(self) -> str:
        """The state as a short sentence in the reader's language."""
        days = {"n": self.days}
        match self.state:
            case DueState.OPEN | DueState.SOON:
                return ngettext("%(n)d working day left", "%(n)d working days left", self.days) % days
            case DueState.PAUSED:
                return _("The term stands still")
            case DueState.TODAY:
                return _("Due today")
            case DueState.OVERDUE if self.days == 0:
                return _("Overdue")
            case DueState.OVERDUE:
                return (
                    ngettext("Overdue by %(n)d working day", "Overdue by %(n)d working days", self.days)
                    % days
                )
            case DueState.IN_TIME | DueState.LATE if self.anew and self.days == 0:
                return _("Answered the day the term began anew")
            case DueState.IN_TIME | DueState.LATE if self.anew:
                words = ngettext(
                    "Answered %(n)d working day after the term began anew",
                    "Answered %(n)d working days after the term began anew",
                    self.days,
                )
                return words % days
            case DueState.IN_TIME | DueState.LATE if self.days == 0:
                return _("Answered the same day")
            case DueState.IN_TIME | DueState.LATE:
                return (
                    ngettext("Answered in %(n)d working day", "Answered in %(n)d working days", self.days)
                    % days
                )
            case DueState.ENDED:
                return _("Closed")
            case DueState.ELSEWHERE:
                return _("Answered before the move, text not known")

    @property
    def brief(self) -> str:
        """The state in fewer letters, for a column of a table."""
        days = {"n": self.days}
        match self.state:
            case DueState.OPEN | DueState.SOON:
                return (
                    npgettext("narrow column", "%(n)d working day left", "%(n)d working days left", self.days)
                    % days
                )
            case DueState.OVERDUE if self.days:
                return (
                    npgettext("narrow column", "%(n)d working day late", "%(n)d working days late", self.days)
                    % days
                )
            case DueState.IN_TIME | DueState.LATE if self.days:
                return (
                    npgettext("narrow column", "took %(n)d working day", "took %(n)d working days", self.days)
                    % days
                )
        return self.words


@dataclass(frozen=True)
class AppealRow:
    """An appeal as shown in lists."""

    appeal: Appeal
    due: Due
    gathering: Gathering | None = None


def due_of(appeal: Appeal | ListedAppeal, calendar: WorkingCalendar, today: dt.date) -> Due:
    """The appeal's deadline state on that day in the city's time zone; no query."""
    if appeal.status in OPEN_STATUSES:
        left = calendar.working_days_between(today, appeal.due_on)
        if today > appeal.due_on:
            return Due(DueState.OVERDUE, -left)
        if appeal.status == Status.WAITING:
            return Due(DueState.PAUSED, left)
        if today == appeal.due_on:
            return Due(DueState.TODAY, 0)
        return Due(DueState.SOON if left <= SOON_DAYS else DueState.OPEN, left)
    if appeal.answered_at is None:
        imported = appeal.external_id and not appeal.outcome
        return Due(DueState.ELSEWHERE if imported else DueState.ENDED, 0)
    answered_on = city_day(appeal.answered_at)
    # From where the due date is counted, or what is said of the days and of the date would not agree.
    taken = calendar.working_days_between(city_day(appeal.term_began), answered_on)
    state = DueState.IN_TIME if answered_on <= appeal.due_on else DueState.LATE
    return Due(state, taken, anew=appeal.term_began_at is not None)


def rows_of(appeals: Iterable[Appeal], *, now: dt.datetime | None = None) -> list[AppealRow]:
    """The appeals as list rows, in the same order; one query (for the calendar) in total, and one more for proposals."""
    calendar, today, listed = city_calendar(), city_day(now or timezone.now()), list(appeals)
    has_proposals = any(appeal.is_proposal for appeal in listed)
    thresholds = Thresholds.read() if has_proposals else Thresholds({})
    return [
        AppealRow(appeal, due_of(appeal, calendar, today), gathering_of(appeal, thresholds, today))
        for appeal in listed
    ]
