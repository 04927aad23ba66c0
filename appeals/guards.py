"""What of the workflow's table depends on more of an appeal than its state: guards, and whom it goes to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BigIntegerField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.roles import Role
from appeals.deadlines import LegalClock, city_day
from appeals.gathering import has_gathered
from appeals.limits import ADDITIONS_MAX, CORRECTION_MINUTES, CORRECTIONS_MAX, RATING_DAYS
from appeals.models import AbuseReport, Appeal, Attachment, Comment, Event
from appeals.querysets import AppealQuerySet
from appeals.redactions import is_redacted
from appeals.vocabulary import OPEN_STATUSES, Guard, Status, Verb
from appeals.workflow import ADD, AMEND, ASK, CLEAR, HIDE, PLAN, REMIND, SHOW, SPLIT


def barred(
    appeal: Appeal, verbs: Iterable[Verb], at: dt.datetime, clock: LegalClock | None = None
) -> frozenset[Guard]:
    """The guards of these verbs that are not true of the appeal at that moment.

    One query each for photos and videos, for comments, for words that were taken out and for links, where a verb asks about them, and
    one for each of its links' kinds where there are any; and those of the clock, unless it was read before.
    """
    asked = frozenset(verb.guard for verb in verbs if verb.guard is not None)
    met: set[Guard] = set()
    if any(guard.of_the_clock for guard in asked):
        met |= (clock or LegalClock.read()).met(appeal, at)
    if Guard.REDACTED in asked and is_redacted(appeal):
        met.add(Guard.REDACTED)
    if (
        Guard.REPORTED in asked
        and not appeal.hidden
        and AbuseReport.objects.open().filter(appeal=appeal).exists()
    ):
        met.add(Guard.REPORTED)
    if any(guard.of_files for guard in asked):
        files = Attachment.objects.filter(appeal=appeal).order_by().values_list("hidden", "kind", "covered")
        for hidden, kind, covered in files.distinct():
            met.add(Guard.FILE_HIDDEN if hidden else Guard.FILE_SHOWN)
            if kind == Attachment.Kind.PHOTO:
                met.add(Guard.PHOTO_THERE)
            if covered:
                met.add(Guard.PHOTO_COVERED)
    if any(guard.of_comments for guard in asked):
        comments = Comment.objects.filter(appeal=appeal).order_by()
        for hidden in comments.values_list("hidden", flat=True).distinct():
            met.add(Guard.COMMENT_HIDDEN if hidden else Guard.COMMENT_SHOWN)
    if appeal.duplicate_of_id is not None:
        met.add(Guard.REPEATS)
    of_links = asked & {Guard.LINKED, Guard.SPLIT_OFF, Guard.HAS_PART}
    if of_links and appeal.linked.exists():
        met.add(Guard.LINKED)
        if Guard.SPLIT_OFF in asked and split_off_from(appeal) is not None:
            met.add(Guard.SPLIT_OFF)
        if Guard.HAS_PART in asked and parts_of(appeal).exists():
            met.add(Guard.HAS_PART)
    met.add(Guard.LEGAL if appeal.is_legal else Guard.CIVIC)
    if Guard.GATHERED in asked and has_gathered(appeal, at):
        met.add(Guard.GATHERED)
    if appeal.answered_at is not None and (
        appeal.closed_at is None or at <= appeal.closed_at + dt.timedelta(days=RATING_DAYS)
    ):
        met.add(Guard.RATEABLE)
    if Guard.CORRECTABLE in asked and not why_not_correctable(appeal, at):
        met.add(Guard.CORRECTABLE)
    if (
        Guard.EXTENSIBLE in asked
        and Event.objects.filter(appeal=appeal, verb=ADD.code).count() < ADDITIONS_MAX
    ):
        met.add(Guard.EXTENSIBLE)
    return asked - met


def correctable_until(appeal: Appeal) -> dt.datetime:
    """The moment until which its author may correct it, if nobody acts on it before."""
    return appeal.submitted_at + dt.timedelta(minutes=CORRECTION_MINUTES)


def why_not_correctable(appeal: Appeal, at: dt.datetime) -> str:
    """Why its author may not correct it at that moment, whatever its state; empty while they may. One query of what was done since.

    What others have acted on, or have said that it concerns them too, is not made another matter under their hands.
    """
    if at > correctable_until(appeal):
        words = _("An appeal can be corrected within %(n)d minutes of sending it.")
        return words % {"n": CORRECTION_MINUTES}
    if appeal.hidden and not appeal.is_held:
        return _("The Mayor's Office has hidden it: it cannot be corrected now.")
    if appeal.supporters:
        return _("Others have said that it concerns them too: it stays as they have read it.")
    since = Event.objects.filter(appeal=appeal, version__gt=1) if appeal.version > 1 else Event.objects.none()
    done = list(since.values_list("verb", "actor_role"))
    # Whoever decides who may read it has not begun with it.
    moderated = {HIDE.code, SHOW.code, CLEAR.code}
    if any(role not in {Role.RESIDENT, Role.SYSTEM} and verb not in moderated for verb, role in done):
        return _("Its consideration has begun: it cannot be corrected any more.")
    if [verb for verb, _role in done].count(AMEND.code) >= CORRECTIONS_MAX:
        words = _("It has been corrected %(n)d times, which is as often as it may be.")
        return words % {"n": CORRECTIONS_MAX}
    return ""


def split_off_from(appeal: Appeal) -> Appeal | None:
    """The appeal whose second matter this one is, while nobody has begun with it and that one is open; at most one query."""
    if appeal.status != Status.NEW:
        return None
    split = Event.objects.filter(
        verb=SPLIT.code, details__other=appeal.number, appeal__in=appeal.linked.open()
    ).select_related("appeal")
    found = split.first()
    return found.appeal if found else None


def parts_of(appeal: Appeal) -> AppealQuerySet:
    """What was split off the appeal and nobody has begun with, whichever service it is with, by number."""
    split = Event.objects.filter(appeal=appeal, verb=SPLIT.code)
    numbers = split.values_list(Cast(KeyTextTransform("other", "details"), BigIntegerField()))
    return appeal.linked.filter(status=Status.NEW, number__in=numbers).order_by("number")


def nothing_reported() -> str:
    """What a moderator is told whose decision comes second."""
    return _("None of the reports that you saw is open any more: somebody has decided already.")


def why_not(appeal: Appeal, verb: Verb, role: Role, at: dt.datetime) -> str:
    """Why somebody in that role may not do the verb to the appeal at that moment, where that can be said; else empty."""
    if role not in verb.roles:
        return _("This is not among what you may do with this appeal.")
    if appeal.status not in verb.sources:
        words = _("Its status is “%(status)s”; this can be done only where it is: %(sources)s.")
        sources = ", ".join(str(source.label) for source in verb.sources)
        return words % {"status": appeal.get_status_display(), "sources": sources}
    if verb.leaves(hidden=appeal.hidden, held=appeal.is_held):
        return _("It is hidden already.") if appeal.hidden else _("The public sees it already.")
    if verb.guard is Guard.REPORTED:
        return nothing_reported()
    if verb.guard is Guard.CORRECTABLE:
        return why_not_correctable(appeal, at)
    if verb.guard is Guard.EXTENSIBLE:
        words = _("It has been added to %(n)d times, which is as often as it may be.")
        return words % {"n": ADDITIONS_MAX}
    return ""


@dataclass(frozen=True)
class Question:
    """What the author was asked and has not replied to: when, and until when a reply may come."""

    asked_on: dt.date
    reply_by: dt.date
    reminded: bool


@dataclass(frozen=True)
class Before:
    """How an open appeal stood at some moment: its state, and the days that belong to it."""

    status: Status
    planned_on: dt.date | None = None
    question: Question | None = None


def before_the_merge(appeal: Appeal, at: dt.datetime) -> Before | None:
    """How it stood when it was taken for a repetition, by its history; None when that cannot be any more."""
    events = Event.objects.filter(appeal=appeal)
    closings = events.filter(to_status=Status.CLOSED).exclude(from_status=Status.CLOSED)
    merge = closings.order_by("-version").first()
    if merge is None or merge.from_status not in OPEN_STATUSES:
        return None
    status = Status(merge.from_status)
    if status not in {Status.PLANNED, Status.WAITING}:
        return Before(status)
    since = events.filter(version__lt=merge.version).order_by("-version")
    began = since.filter(verb=PLAN.code if status is Status.PLANNED else ASK.code).first()
    if began is None:
        return None
    if status is Status.PLANNED:
        return Before(status, planned_on=dt.date.fromisoformat(began.details["planned_on"]))
    until = dt.date.fromisoformat(began.details["until"])
    if until < city_day(at):
        return None
    reminded = since.filter(verb=REMIND.code, version__gt=began.version).exists()
    return Before(status, question=Question(city_day(began.at), until, reminded))


def goes_to_office(appeal: Appeal, verb: Verb, role: Role) -> bool:
    """True when services have done the verb to the appeal as often as they may, so that the Mayor's Office gets it next.

    What the Mayor's Office does itself neither counts nor is turned. One query for a verb that is counted.
    """
    if verb.passes_max is None or role.speaks_as is not Role.SERVICE:
        return False
    passes = Event.objects.filter(appeal=appeal, verb=verb.code, actor_role=Role.SERVICE)
    return passes.count() >= verb.passes_max
