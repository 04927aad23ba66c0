"""The one way in which an appeal changes: lock the row, check, change, append the event, queue its messages."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from appeals.actions.abuse_reports import close_reports
from appeals.actions.attachments import attach
from appeals.actions.cover import cover
from appeals.actions.inputs import Given, checked, in_every_language
from appeals.actions.redact import replace
from appeals.actions.split import split_off
from appeals.actions.submit import stored_decision
from appeals.actors import Actor
from appeals.deadlines import LegalClock, city_day
from appeals.errors import Invalid, NotAllowed, Stale
from appeals.gathering import Thresholds, count_supporters
from appeals.guards import Question, barred, goes_to_office, nothing_reported, why_not
from appeals.identifiers import new_secret
from appeals.models import Appeal, AppealContact, Attachment, Comment, Event, Redaction
from appeals.notify.queue import queue_messages
from appeals.oddities import ODD, oddities_in_words, oddities_of_more
from appeals.vocabulary import OPEN_STATUSES, Audience, Clock, Guard, Held, Kind, Status, Verb
from appeals.workflow import LINK, REJOIN, UNLINK, VERBS, Cause, Reason
from districts.models import Service


def perform(
    appeal_id: UUID,
    verb: Verb,
    actor: Actor,
    *,
    version: int | None,
    at: dt.datetime | None = None,
    digest: Collection[Audience] = (),
    reports: Collection[int] | None = None,
    sender: str | None = None,
    **given: object,
) -> Appeal:
    """The appeal after the verb, committed with its event and messages.

    ``version`` is the one that the actor saw; None skips the check and is meant for the platform itself. The same step of the
    same actor with the same words, sent again with the version that it was sent with, is that step. ``given`` is
    what the verb asks for, by name. ``at`` is the moment, now by default. Those of
    ``digest`` get one letter about all that needs attention instead of one about this step. ``reports`` are the keys of the
    reports of abuse that the actor has read, of which a verb that ``settles`` those closes the open ones; None: all. What an author
    says is refused where a new appeal of that ``sender`` (``rates.senders``) would be held for it; None: the platform's own work. Nothing is written when it raises:
    ``Appeal.DoesNotExist``; ``Stale`` when somebody was faster; ``NotAllowed`` when the table has no such step for the
    actor; ``Invalid`` for wrong input.
    """
    at = at or timezone.now()
    with transaction.atomic():
        appeal = Appeal.objects.select_for_update().get(pk=appeal_id)
        unseen = _unseen_by(appeal, verb, version)
        clock = LegalClock.held() if verb.reads_clock(appeal.status) else None
        repeated = appeal.duplicate_of_id
        change = _change(appeal, verb, actor, at, given, clock)
        if any(change.repeats(event) for event in unseen):
            return appeal
        if verb.amends and any(VERBS[event.verb].amends for event in unseen):
            raise Stale(appeal, unseen)
        change.refuse_nothing()
        if sender is not None and change.role is Role.RESIDENT and not appeal.hidden:
            change.refuse_odd(sender)
        event, inputs = change.apply(appeal, clock), change.given
        appeal.save(update_fields=[*CHANGED_FIELDS, *(CORRECTED_FIELDS if inputs.route else ())])
        if inputs.route:
            stored_decision(appeal.pk, inputs.route, at).save(force_update=True)
        other = inputs.other
        if inputs.second_category is not None:
            other = split_off(appeal, inputs.second_category, inputs.text, at, clock or LegalClock.held())
        if other is not None:
            event.details |= {"other": other.number}
        event.save(force_insert=True)
        if inputs.comment is not None:
            Comment.objects.filter(pk=inputs.comment.pk).update(hidden=not inputs.comment.hidden)
        if verb.settles and not close_reports(event, verb.settles, read=reports, comment=inputs.comment):
            _refuse_unread(verb)
        if inputs.identity:
            _name_author(appeal, inputs.identity)
        if other is not None and verb.links is not None:
            _relate(change, appeal, other, linked=verb.links)
            queue_messages(_step_of_other(change, appeal, other), digest=digest)
        replace(appeal, event, inputs.replaced)
        attach(inputs.uploads, appeal=appeal, event=event, holders=actor.holders, beside_others=verb.adds)
        if inputs.file is not None:
            # This column alone: the worker may be writing what it has made of a film.
            Attachment.objects.filter(pk=inputs.file.pk).update(hidden=not inputs.file.hidden)
        if inputs.photo is not None:
            cover(inputs.photo, inputs.areas)
        queue_messages(event, digest=digest)
        if repeated != appeal.duplicate_of_id:
            # Whom a repetition concerns, what it repeats concerns.
            count_supporters(repeated)
            count_supporters(appeal.duplicate_of_id)
    return appeal


def foresee(
    appeal: Appeal,
    verb: Verb,
    actor: Actor,
    *,
    version: int,
    clock: LegalClock,
    at: dt.datetime | None = None,
    **given: object,
) -> Appeal:
    """The appeal as ``perform`` would leave it now, by that clock; raises what it would. Nothing is written or locked."""
    _unseen_by(appeal, verb, version)
    at, after = at or timezone.now(), copy.copy(appeal)
    _change(appeal, verb, actor, at, given, clock).apply(after, clock)
    return after


def _unseen_by(appeal: Appeal, verb: Verb, version: int | None) -> list[Event]:
    """What was done since that version; raises ``Stale`` when the form of the verb rests on what it has changed."""
    if version is None or version == appeal.version:
        return []
    unseen = _unseen(appeal, version)
    if version > appeal.version or any(_disturbs(VERBS[event.verb], verb) for event in unseen):
        raise Stale(appeal, unseen)
    return unseen


def _change(
    appeal: Appeal,
    verb: Verb,
    actor: Actor,
    at: dt.datetime,
    given: Mapping[str, object],
    clock: LegalClock | None,
) -> Change:
    """The verb ready to be applied. Raises ``NotAllowed`` and ``Invalid``."""
    role = actor.role_towards(appeal)
    if not verb.allows(
        appeal.status,
        role,
        hidden=appeal.hidden,
        held=appeal.is_held,
        barred=barred(appeal, [verb], at, clock),
    ):
        raise NotAllowed(why_not(appeal, verb, role, at))
    inputs = checked(verb, appeal, given, at)
    if goes_to_office(appeal, verb, role):
        _turn_to_office(inputs)
    if verb.carries:
        office = Service.objects.office()
        inputs.to_service = office if office is not None and office.pk != appeal.service_id else None
        threshold = Thresholds.read().of(appeal.district_id).voices
        inputs.details |= {"supporters": appeal.supporters, "threshold": threshold}
    return Change(verb, role, actor.user, at, inputs)


def _refuse_unread(verb: Verb) -> None:
    """Raises ``NotAllowed`` for a decision about reports of which none is open any more."""
    if verb.guard is Guard.REPORTED:
        raise NotAllowed(nothing_reported())


def _turn_to_office(given: Given) -> None:
    """The Mayor's Office gets the appeal in the place of the chosen service, which stays among the details."""
    chosen, office = given.to_service, Service.objects.office()
    if chosen is None or office is None or chosen.is_office:
        return
    given.to_service = office
    given.details |= {"chosen": {"code": chosen.code, **in_every_language(chosen, "short")}}


def _name_author(appeal: Appeal, identity: Mapping[str, str]) -> None:
    """Keeps who the author is, and how to reach them, beside the appeal."""
    contact = getattr(appeal, "contact", None) or AppealContact(appeal=appeal, secret=new_secret())
    if contact.email != identity["email"]:
        contact.email_proven = False
    for name, value in identity.items():
        setattr(contact, name, value)
    contact.save()


def _relate(change: Change, appeal: Appeal, other: Appeal, *, linked: bool) -> None:
    """The appeal and the other one, whose row is locked, belong together from now on, or do not any more."""
    if linked:
        appeal.linked.add(other)
    else:
        appeal.linked.remove(other)


def _step_of_other(change: Change, appeal: Appeal, other: Appeal) -> Event:
    """What the step is in the history of the other appeal, saved: that of a link, or its end as a part of its own."""
    verb, given = LINK if change.verb.links else UNLINK, Given(details={"other": appeal.number})
    if change.verb.rejoins:
        verb, given.original = REJOIN, appeal
        given.details["original"] = appeal.number
    event = Change(verb, change.role, change.user, change.at, given).apply(other)
    other.save(update_fields=CHANGED_FIELDS)
    event.save(force_insert=True)
    return event


#: The fields of an appeal that ``Change`` may set.
CHANGED_FIELDS = (
    "version",
    "kind",
    "status",
    "outcome",
    "duplicate_of",
    "service",
    "assignee",
    "hidden",
    "held",
    "term_began_at",
    "extended_days",
    "pauses",
    "reply_by",
    "remind_on",
    "planned_on",
    "due_on",
    "escalated_at",
    "warned",
    "supported_at",
    "threshold",
    "answered_at",
    "closed_at",
)


#: Those that are set when category or place are put right.
CORRECTED_FIELDS = ("category", "point", "district")


@dataclass(frozen=True)
class Change:
    """A verb about to be applied, everything checked."""

    verb: Verb
    role: Role
    user: User | None
    at: dt.datetime
    given: Given

    def repeats(self, event: Event) -> bool:
        """True when the event is this very step, which was sent again."""
        if self.verb.amends:
            # What it changes stands so already.
            return event.verb == self.verb.code and self.changes_nothing
        said = (event.verb, event.actor_id, event.text, event.details)
        by = self.user.pk if self.user else None
        return said == (self.verb.code, by, self.given.text, self.given.details) and not self.given.uploads

    @property
    def changes_nothing(self) -> bool:
        """True for a correction of what stands so, and for an addition of what is there."""
        if self.verb.amends:
            return self.given.route is None and not self.given.replaced
        return self.verb.adds and not self.given.text and not self.given.uploads

    def refuse_nothing(self) -> None:
        """Raises ``Invalid`` where it changes nothing."""
        if self.changes_nothing:
            field, words = (
                ("text", _("Nothing has been changed yet."))
                if self.verb.amends
                else ("uploads", _("The appeal has these photos and videos already."))
            )
            raise Invalid({field: [words]})

    def refuse_odd(self, sender: str) -> None:
        """Raises ``Invalid`` for words that would be public at once, and of which a new appeal would be held."""
        own = [one.after for one in self.given.replaced if one.field == Redaction.Field.TEXT]
        for words, replaces in [*((text, True) for text in own), (self.given.text, False)]:
            if odd := oddities_of_more(words, sender=sender, replaces=replaces):
                told = {"why": " ".join(oddities_in_words({ODD: odd}))}
                raise Invalid({"text": [_("It cannot be published in these words: %(why)s.") % told]})

    def apply(self, appeal: Appeal, clock: LegalClock | None = None) -> Event:
        """The event, not saved; the appeal in memory becomes its next version.

        ``clock`` spares reading terms and calendar again when many changes are made at once.
        """
        before, after = appeal.status, self.verb.target or appeal.status
        if self.given.before is not None:
            after = self.given.before.status
        event = Event(
            appeal=appeal,
            version=appeal.version + 1,
            verb=self.verb.code,
            at=self.at,
            actor=self.user,
            actor_role=self.role.speaks_as,
            from_status=before,
            to_status=after,
            service_id=appeal.service_id,
            to_service=self.given.to_service,
            text=self.given.text,
            details=self.given.details,
            public=self.verb.public,
        )
        appeal.version, appeal.status = event.version, event.to_status
        if self.given.to_service is not None:
            appeal.service, appeal.assignee = self.given.to_service, None
        if self.verb.assigns:
            appeal.assignee = self.given.assignee
            event.details |= {"assignee": str(self.given.assignee or "—")}
        if self.given.route is not None and self.given.category is not None and self.given.point is not None:
            appeal.category, appeal.point = self.given.category, self.given.point
            appeal.district_id = self.given.route.district_id
            if appeal.kind == Kind.REPORT:
                self._count_corrected(appeal, event, clock)
        if self.given.kind:
            appeal.kind = self.given.kind
        if self.verb.hides is not None:
            appeal.hidden, appeal.held = self.verb.hides, self._held_after(appeal)
        if self.verb.returns and appeal.duplicate_of is not None:
            event.details |= {"original": appeal.duplicate_of.number}
        if self.verb.target is not None:
            day = self.given.details.get("planned_on")
            appeal.planned_on = dt.date.fromisoformat(day) if day else None
            if self.given.before is not None:
                appeal.planned_on = self.given.before.planned_on
            appeal.outcome = self.verb.outcome or ""
            appeal.duplicate_of = self.given.original
        if self.verb.target is Status.CLOSED:
            appeal.closed_at = self.at
        if self.verb.escalates:
            appeal.escalated_at = self.at
        if self.verb.carries:
            appeal.supported_at, appeal.threshold = self.at, self.given.details["threshold"]
        if self.verb.warns is not None:
            appeal.warned = self.verb.warns
        if self.verb.reminds and appeal.reply_by:
            appeal.remind_on = None
            event.details |= {"until": appeal.reply_by.isoformat()}
        if self.verb.resumes(before):
            self._resume(appeal, event, clock)
        match self.verb.clock:
            case Clock.STOP:
                appeal.answered_at = self.at
            case Clock.START:
                if before in OPEN_STATUSES and appeal.due_on < city_day(self.at):
                    event.details |= {"missed": appeal.due_on.isoformat()}
                appeal.term_began_at, appeal.extended_days, appeal.pauses = self.at, 0, []
                appeal.warned = 0
                appeal.answered_at = appeal.closed_at = appeal.escalated_at = None
                _count(appeal, clock)
                if before in OPEN_STATUSES or self.verb.carries:
                    event.details |= {"due": appeal.due_on.isoformat()}
            case Clock.PAUSE:
                self._pause(appeal, event, clock)
            case Clock.EXTEND | Clock.RECOUNT:
                clock, was = clock or LegalClock.read(), appeal.due_on
                if self.verb.clock is Clock.EXTEND:
                    appeal.extended_days = clock.term_of(appeal).extension_days
                elif self.role is Role.SYSTEM:
                    event.details |= Cause(Reason.CALENDAR).details
                _count(appeal, clock)
                event.details |= {"was": was.isoformat(), "due": appeal.due_on.isoformat()}
            case Clock.GO_ON:
                appeal.closed_at = None
                if self.given.before is not None and self.given.before.question is not None:
                    self._ask_on(appeal, self.given.before.question, clock)
                _count(appeal, clock)
                event.details |= {"due": appeal.due_on.isoformat()}
            case Clock.KEEP | Clock.END | Clock.ELSEWHERE:
                pass
        return event

    def _held_after(self, appeal: Appeal) -> str:
        if self.verb.holds:
            return Held.WAITS
        return Held.REJECTED if self.verb.hides and appeal.held else ""

    def _count_corrected(self, appeal: Appeal, event: Event, clock: LegalClock | None) -> None:
        """The service level of the right category, from the beginning of the term."""
        was = appeal.due_on
        _count(appeal, clock)
        if appeal.due_on != was:
            event.details |= {"due": appeal.due_on.isoformat()}

    def _pause(self, appeal: Appeal, event: Event, clock: LegalClock | None) -> None:
        """The clock stands still as if the reply came on the last day for it: so the due date holds whatever comes."""
        clock, today = clock or LegalClock.read(), city_day(self.at)
        days = clock.term_of(appeal).reply_days
        appeal.reply_by = clock.calendar.add_working_days(today, days)
        appeal.remind_on = clock.calendar.add_working_days(today, days // 2) if days > 1 else None
        appeal.pauses = [*appeal.pauses, today, appeal.reply_by]
        _count(appeal, clock)
        event.details |= {"until": appeal.reply_by.isoformat(), "due": appeal.due_on.isoformat()}

    def _ask_on(self, appeal: Appeal, question: Question, clock: LegalClock | None) -> None:
        """The clock stands still as before: from the question to the last day for the reply."""
        clock, former = clock or LegalClock.read(), appeal.pauses
        if former[-2:-1] == [question.asked_on]:
            former = former[:-2]
        appeal.pauses, appeal.reply_by = [*former, question.asked_on, question.reply_by], question.reply_by
        days = clock.term_of(appeal).reply_days
        if days > 1 and not question.reminded:
            appeal.remind_on = clock.calendar.add_working_days(question.asked_on, days // 2)

    def _resume(self, appeal: Appeal, event: Event, clock: LegalClock | None) -> None:
        """The days after the question, up to that of the reply, do not count."""
        *former, asked, until = appeal.pauses
        ended = min(until, city_day(self.at))
        appeal.pauses = [*former, asked, ended] if asked < ended else former
        appeal.reply_by = appeal.remind_on = None
        _count(appeal, clock)
        event.details |= {"due": appeal.due_on.isoformat()}


def _count(appeal: Appeal, clock: LegalClock | None) -> None:
    """Sets the due date of the appeal's present term."""
    clock = clock or LegalClock.read()
    appeal.due_on = clock.due_on(
        appeal.kind,
        appeal.term_began,
        extended_days=appeal.extended_days,
        pauses=appeal.pauses,
        category=appeal.category_id,
    )


def _disturbs(unseen: Verb, verb: Verb) -> bool:
    """True when a form of ``verb`` is stale after the step: a quiet one changes what another of its kind rests on."""
    if unseen.amends and verb.amends:
        # Decided when it is known what is corrected: the same once more is the same correction.
        return False
    return not unseen.quiet or (unseen.assigns and verb.assigns)


def _unseen(appeal: Appeal, version: int) -> list[Event]:
    events = Event.objects.filter(appeal=appeal, version__gt=version)
    return list(events.select_related("actor", "service", "to_service").order_by("version"))
