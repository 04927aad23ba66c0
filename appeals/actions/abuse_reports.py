"""What residents report of an appeal's content: received here, closed by what a moderator does, deleted after a time."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from appeals.errors import Invalid, NotAllowed
from appeals.identity import clean_text
from appeals.limits import ABUSE_REPORT_DAYS, ABUSE_REPORTS_MAX, ABUSE_WORDS_MAX
from appeals.models import AbuseReport, Appeal, Attachment, Event
from appeals.timeline import title_of
from geo.refusals import ValueRefused
from rates.senders import place_of
from rates.taking import ABUSE_REPORT, take

#: Code of the words of the appeal itself.
TEXT_PART = "text"


@dataclass(frozen=True)
class Part:
    """What of an appeal can be reported: its ``code``, in words, and which photo, video or step it is, if it is one."""

    code: str
    words: str
    attachment: UUID | None = None
    event: int | None = None


class Received(enum.Enum):
    """What became of a report; ``words`` are for whoever sent it."""

    STORED = "stored"
    BEFORE = "before"  #: this person has reported it
    ENOUGH = "enough"  #: as many as a moderator reads have

    @property
    def words(self) -> str:
        """In the reader's language."""
        match self:
            case Received.STORED:
                return _(
                    "Thank you. The Mayor's Office will look at it and hide what must not be public. Nobody else sees your report."
                )
            case Received.BEFORE:
                return _("You have reported this already; nothing more needs to be sent.")
            case Received.ENOUGH:
                return _(
                    "Many people have reported this already, and the Mayor's Office will look at it; nothing more needs to be sent."
                )


def parts_to_report(appeal: Appeal) -> list[Part]:
    """What the public reads and sees of the appeal, its text first; two queries."""
    parts = [Part(TEXT_PART, _("The text of the appeal"))]
    files = Attachment.objects.public().filter(appeal=appeal).values_list("pk", "kind")
    for n, (pk, kind) in enumerate(files, 1):
        name = _("Photo %(n)d") if kind == Attachment.Kind.PHOTO else _("Video %(n)d")
        parts.append(Part(f"file-{pk}", name % {"n": n}, attachment=pk))
    said = Event.objects.filter(appeal=appeal, public=True).exclude(text="").order_by("version")
    for event in said.select_related("service", "to_service"):
        words = f"{title_of(event)}, {date_format(timezone.localtime(event.at), 'SHORT_DATE_FORMAT')}"
        parts.append(Part(f"step-{event.version}", words, event=event.pk))
    return parts


def report_abuse(
    appeal: Appeal, *, reason: object, part: object = TEXT_PART, words: object = "", person: str, sender: str
) -> Received:
    """What became of the report, committed.

    ``person`` is the secret of the browser that it comes from, empty where there is none: then the sender counts as one.
    Raises ``NotAllowed`` for an appeal that the public does not see, ``Invalid`` for what is no reason, no part of it, or too
    long, ``TooMany`` when the ``sender`` (``rates.senders``) has reported too much.
    """
    errors = dict[str, list[str]]()
    if reason not in AbuseReport.Reason.values:
        errors["reason"] = [_("Choose what is wrong.")]
    chosen = next((each for each in parts_to_report(appeal) if each.code == (part or TEXT_PART)), None)
    if chosen is None:
        errors["part"] = [
            _("The appeal has no such part, or it is not public any more. Choose one of those shown.")
        ]
    said = ""
    try:
        said = clean_text(words, ABUSE_WORDS_MAX)
    except ValueRefused as refusal:
        errors["words"] = [str(refusal)]
    take(ABUSE_REPORT, sender)
    if errors or chosen is None:
        raise Invalid(errors)
    who = _digest(person or sender)
    with transaction.atomic():
        # Whoever hides it meanwhile comes before or after: nothing is reported that nobody sees any more.
        if not Appeal.objects.public().select_for_update(no_key=True).filter(pk=appeal.pk):
            raise NotAllowed
        reports = AbuseReport.objects.filter(appeal=appeal)
        same_part = Q(attachment=chosen.attachment, event=chosen.event)
        if reports.filter(Q(closed_by__isnull=True) | same_part, person=who).exists():
            return Received.BEFORE
        if reports.open().count() >= ABUSE_REPORTS_MAX:
            return Received.ENOUGH
        AbuseReport.objects.create(
            appeal=appeal,
            attachment_id=chosen.attachment,
            event_id=chosen.event,
            reason=str(reason),
            words=said,
            person=who,
            place=_digest(place_of(sender)),
        )
    return Received.STORED


def close_reports(event: Event, keys: Collection[int] | None) -> int:
    """How many open reports of the event's appeal are closed by it: those with these keys, all for None.

    Inside the caller's transaction, which holds the appeal.
    """
    reports = AbuseReport.objects.open().filter(appeal=event.appeal_id)
    if keys is not None:
        reports = reports.filter(pk__in=keys)
    return reports.update(closed_by=event)


def forget_abuse_reports(now: dt.datetime | None = None) -> int:
    """Deletes what was closed more than ``ABUSE_REPORT_DAYS`` ago; how many."""
    before = (now or timezone.now()) - dt.timedelta(days=ABUSE_REPORT_DAYS)
    return AbuseReport.objects.filter(closed_by__at__lt=before).delete()[0]


def _digest(said: str) -> str:
    return salted_hmac("abuse report", said, algorithm="sha256").hexdigest()
