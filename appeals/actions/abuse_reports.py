"""What residents report of an appeal's content: received here, closed by what a moderator does, deleted after a time."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from appeals.errors import Invalid, NotAllowed
from appeals.identity import clean_text
from appeals.limits import ABUSE_REPORT_DAYS, ABUSE_REPORTS_MAX, ABUSE_WORDS_MAX
from appeals.models import AbuseReport, Appeal, Attachment, Comment, Event
from appeals.notify.reported import tell_if_many
from appeals.querysets import CommentQuerySet
from appeals.timeline import title_of
from appeals.vocabulary import Settles
from geo.numbers import key_or_0
from geo.refusals import ValueRefused
from rates.senders import place_of
from rates.taking import ABUSE_REPORT, take

#: Code of the words of the appeal itself.
TEXT_PART = "text"


#: Before the key of a comment in its code.
_COMMENT: Final = "comment-"


@dataclass(frozen=True)
class Part:
    """What of an appeal can be reported: its ``code``, in words, and which photo, video, step or comment it is, if it is one."""

    code: str
    words: str
    attachment: UUID | None = None
    event: int | None = None
    comment: Comment | None = None


class Received(enum.Enum):
    """What became of a report; ``words`` are for whoever sent it."""

    STORED = "stored"
    BEFORE = "before"  #: this person has reported it
    ENOUGH = "enough"  #: as many as a moderator reads have

    @property
    def title(self) -> str:
        """The same in a few words, in the reader's language."""
        return _("Your report is sent") if self is Received.STORED else _("This has been reported already")

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
    """What the public reads and sees of the appeal, its text first; two queries.

    Not its comments, which are many: each is named by itself (``part_named``).
    """
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


def part_named(appeal: Appeal, code: object) -> Part | None:
    """What of the appeal has that code, the text where it is empty; None for what the public does not see (any more)."""
    code = TEXT_PART if code is None or code == "" else code
    if not isinstance(code, str) or not code.startswith(_COMMENT):
        return next((part for part in parts_to_report(appeal) if part.code == code), None)
    comments = Comment.objects.public().filter(appeal=appeal)
    comment = comments.filter(pk=key_or_0(code.removeprefix(_COMMENT))).first()
    return Part(code, comment.text, comment=comment) if comment else None


def not_reported_by(person: str, appeal: Appeal, parts: Sequence[Part]) -> list[Part]:
    """Those of the parts that the person may report; one query.

    A moderator looks at all that is the appeal's own, whichever part of it a report names, but at the comments that are named alone.
    So nobody reports the appeal's own twice before a moderator has decided, nor ever the same part of it, nor the same comment.
    """
    reports = AbuseReport.objects.filter(appeal=appeal, person=_digest(person))
    before: list[tuple[Any, ...]] = list(reports.values_list("attachment", "event", "comment", "closed_by"))
    waits = any(comment is None and closed is None for _file, _step, comment, closed in before)
    said = {(file, step, comment) for file, step, comment, _closed in before}
    return [
        part
        for part in parts
        if (part.attachment, part.event, part.comment and part.comment.pk) not in said
        and (part.comment is not None or not waits)
    ]


def report_abuse(
    appeal: Appeal,
    *,
    reason: object,
    part: object = TEXT_PART,
    words: object = "",
    person: str,
    sender: str,
    baited: bool = False,
) -> Received:
    """What became of the report, committed.

    ``person`` is the secret of the browser that it comes from, empty where there is none: then the sender counts as one. One that is
    ``baited`` (``oddities.is_baited``) is kept for whoever looks at the appeal, and nobody is told to look.
    Raises ``NotAllowed`` for an appeal that the public does not see, ``Invalid`` for what is no reason, no part of it, or too
    long, ``TooMany`` when the ``sender`` (``rates.senders``) has reported too much.
    """
    errors = dict[str, list[str]]()
    if reason not in AbuseReport.Reason.values:
        errors["reason"] = [_("Choose what is wrong.")]
    chosen = part_named(appeal, part)
    if chosen is None:
        errors["part"] = [no_such_part()]
    said = ""
    try:
        said = clean_text(words, ABUSE_WORDS_MAX)
    except ValueRefused as refusal:
        errors["words"] = [str(refusal)]
    take(ABUSE_REPORT, sender)
    if errors or chosen is None:
        raise Invalid(errors)
    who = person or sender
    with transaction.atomic():
        # Whoever hides it meanwhile comes before or after: nothing is reported that nobody sees any more.
        if not Appeal.objects.public().select_for_update(no_key=True).filter(pk=appeal.pk):
            raise NotAllowed
        if chosen.comment is not None and not Comment.objects.shown().filter(pk=chosen.comment.pk).lock():
            raise Invalid({"part": [no_such_part()]})
        if not not_reported_by(who, appeal, [chosen]):
            return Received.BEFORE
        # What programs fill in takes no room from what people say, nor what is said of the appeal from what is of a comment.
        alike = AbuseReport.objects.open().filter(appeal=appeal, comment=chosen.comment, baited=baited)
        if alike.count() >= ABUSE_REPORTS_MAX:
            return Received.ENOUGH
        AbuseReport.objects.create(
            appeal=appeal,
            attachment_id=chosen.attachment,
            event_id=chosen.event,
            comment=chosen.comment,
            reason=str(reason),
            words=said,
            person=_digest(who),
            place=_digest(place_of(sender)),
            baited=baited,
        )
        if not baited:
            tell_if_many(appeal)
    return Received.STORED


def no_such_part() -> str:
    """What is said of a code that no part of the appeal has, in the reader's language."""
    return _("The appeal has no such part, or it is not public any more. Choose one of those shown.")


def close_reports(
    event: Event, settles: Settles, *, read: Collection[int] | None, comment: Comment | None
) -> int:
    """How many open reports of the event's appeal are closed by it.

    ``read`` are the keys of those that its actor has read, None for all; ``comment`` is the one that it hides. Inside the caller's
    transaction, which holds the appeal.
    """
    reports = AbuseReport.objects.open().filter(appeal=event.appeal_id)
    if settles is Settles.COMMENT:
        reports = reports.filter(comment=comment)
    elif settles is not Settles.ALL and read is not None:
        reports = reports.filter(pk__in=read)
    if settles is Settles.READ_OF_APPEAL:
        reports = reports.filter(comment__isnull=True)
    return AbuseReport.objects.filter(pk__in=reports.lock()).update(closed_by=event)


def delete_comments(comments: CommentQuerySet) -> int:
    """How many of them there were, which are no more, nor is what was reported of them; inside the caller's transaction."""
    keys = comments.lock()
    AbuseReport.objects.filter(comment__in=keys).lock()
    Comment.objects.filter(pk__in=keys).delete()
    return len(keys)


def forget_abuse_reports(now: dt.datetime | None = None) -> int:
    """Deletes what was closed more than ``ABUSE_REPORT_DAYS`` ago, and what is baited and came before that; how many."""
    before = (now or timezone.now()) - dt.timedelta(days=ABUSE_REPORT_DAYS)
    closed = AbuseReport.objects.filter(closed_by__at__lt=before).delete()[0]
    return closed + AbuseReport.objects.open().filter(baited=True, at__lt=before).delete()[0]


def _digest(said: str) -> str:
    return salted_hmac("abuse report", said, algorithm="sha256").hexdigest()
