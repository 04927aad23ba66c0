"""Sends the outbox: at least once, retried with growing pauses, parked and shown if it cannot be sent.

A mail server that is away or silent is asked once in a while, however many letters wait for it, and that is held
against none of them; what it refuses for good is parked at once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from smtplib import (
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from appeals.models import Message
from appeals.notify.bounces import why_dead
from appeals.notify.letters import letter
from appeals.notify.subscriptions import ONE_CLICK
from appeals.notify.wishes import is_wanted, waits_until

log = structlog.get_logger()

PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
#: A server that is away is asked again after this pause.
AWAY = dt.timedelta(minutes=1)
#: For this long a letter waits for a server that is away (RFC 5321, 4.5.4.1: at least four to five days).
WAITS_AT_MOST = dt.timedelta(days=5)
#: "Service not available, closing transmission channel" (RFC 5321, 4.2.3).
_CLOSING = 421


@dataclass(frozen=True)
class Delivery:
    """Result of one round."""

    sent: int = 0
    failed: int = 0


class _Outcome(enum.Enum):
    SENT = enum.auto()
    LATER = enum.auto()  #: this letter is tried again
    NEVER = enum.auto()  #: this letter is refused for good
    AWAY = enum.auto()  #: the server is not there: nothing more can be sent in this round
    LEFT = enum.auto()  #: nothing was sent, as its reader wishes


def deliver_due(now: dt.datetime | None = None) -> Delivery:
    """Sends every queued message that is due, one per transaction; two workers never take the same one.

    The round has one connection and ends with it: what is due then waits for ``AWAY``.
    """
    now = now or timezone.now()
    if not _due(now).exists():
        return Delivery()
    mailer = get_connection()
    try:
        mailer.open()
    except OSError as error:  # the errors of smtplib are among them
        _wait(now, error)
        return Delivery()
    sent = failed = 0
    try:
        while (outcome := _deliver_one(now, mailer)) is not None:
            sent += outcome is _Outcome.SENT
            failed += outcome not in {_Outcome.SENT, _Outcome.LEFT}
            if outcome is _Outcome.AWAY:
                break
    finally:
        with contextlib.suppress(OSError):
            mailer.close()
    return Delivery(sent, failed)


def _due(now: dt.datetime) -> QuerySet[Message]:
    return Message.objects.filter(state=Message.State.QUEUED, next_attempt_at__lte=now)


def _in_turn(now: dt.datetime) -> QuerySet[Message]:
    due = _due(now)
    # The letters of the day go out together, with the first of them: whoever has locked that one has them all.
    earlier = due.filter(daily=True, person=OuterRef("person"), pk__lt=OuterRef("pk"))
    return due.exclude(Q(daily=True) & Exists(earlier))


def _taken(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those that no other worker has, locked, with all that their letters are made of."""
    return messages.select_for_update(skip_locked=True, of=("self",)).select_related(
        "event__appeal__service",
        "event__appeal__category",
        "event__service",
        "event__to_service",
        "contact",
        "person",
        "invitation__person",
    )


def _wait(now: dt.datetime, error: Exception) -> None:
    """All that is due waits, and what has waited for days is parked."""
    said = _in_words(error)
    old = _due(now).annotate(since=Coalesce("event__at", "invitation__at"))
    old = old.filter(since__lt=now - WAITS_AT_MOST)
    parked = old.update(state=Message.State.PARKED, error=said)
    waiting = _due(now).update(next_attempt_at=now + AWAY, error=said)
    log.warning("mail server away", waiting=waiting, parked=parked, error=said)


def _deliver_one(now: dt.datetime, mailer: BaseEmailBackend) -> _Outcome | None:
    # The row stays locked during sending: if the process dies before the commit, the message is sent again,
    # as promised (at least once).
    with transaction.atomic():
        message = _taken(_in_turn(now)).order_by("next_attempt_at", "pk").first()
        if message is None:
            return None
        if _left(message, now):
            return _Outcome.LEFT
        together = _together(message, now)
        message.attempts += 1
        failure: Exception | None = None
        try:
            # A savepoint: a database error while composing must not undo what is recorded about the attempt.
            with transaction.atomic():
                _SENDERS[Message.Channel(message.channel)](together, mailer)
        except Exception as error:
            # Whatever the mail library raises (refusals, time-outs, bad addresses) is recorded in the row.
            failure = error
        outcome = _outcome(failure)
        if failure is None:
            message.state, message.sent_at, message.error = Message.State.SENT, now, ""
        else:
            message.error = _in_words(failure)
            if outcome is _Outcome.NEVER or message.attempts > len(PAUSES):
                message.state = Message.State.PARKED
            else:
                message.next_attempt_at = now + PAUSES[message.attempts - 1]
            log.warning(
                "message not sent", message=message.pk, attempts=message.attempts, error=message.error
            )
        fate = {name: getattr(message, name) for name in _FATE}
        Message.objects.filter(pk__in=[each.pk for each in together]).update(**fate)
    if failure is not None and outcome is _Outcome.AWAY:
        _wait(now, failure)
    return outcome


#: What becomes of all letters that go out together.
_FATE = ("state", "attempts", "next_attempt_at", "sent_at", "error")


def _left(message: Message, now: dt.datetime) -> bool:
    """True when it is not sent now: it is not wanted any more, its address takes no mail, or its reader has quiet hours."""
    if not is_wanted(message):
        message.state = Message.State.UNWANTED
    elif until := waits_until(message, now):
        message.next_attempt_at = until
    elif dead := why_dead(message.recipient):
        message.state = Message.State.PARKED
        message.error, message.dead_since = dead.error, dead.dead_since
    else:
        return False
    message.save(update_fields=["state", "next_attempt_at", "error", "dead_since"])
    return True


def _together(message: Message, now: dt.datetime) -> list[Message]:
    """The message, and of a person's letters of the day all that are due, oldest first."""
    if not message.daily:
        return [message]
    others = _due(now).filter(daily=True, person=message.person_id).exclude(pk=message.pk)
    return [message, *(each for each in _taken(others).order_by("pk") if is_wanted(each))]


def _outcome(failure: Exception | None) -> _Outcome:
    match failure:
        case None:
            return _Outcome.SENT
        case SMTPRecipientsRefused():
            codes = [code for code, _said in failure.recipients.values()]
            return _Outcome.NEVER if codes and min(codes) >= 500 else _Outcome.LATER
        case SMTPSenderRefused():
            # It is us who are refused, whoever the letter is for.
            return _Outcome.AWAY
        case SMTPResponseException() if failure.smtp_code == _CLOSING:
            return _Outcome.AWAY
        case SMTPResponseException():
            return _Outcome.NEVER if failure.smtp_code >= 500 else _Outcome.LATER
        case SMTPServerDisconnected():
            return _Outcome.AWAY
        case SMTPException():
            return _Outcome.LATER
        case OSError():
            return _Outcome.AWAY
        case _:
            return _Outcome.LATER


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _send_email(together: Sequence[Message], mailer: BaseEmailBackend) -> None:
    words = letter(together)
    # The Message-ID depends on the event and recipient, so that a mailbox shows a repeated delivery once.
    headers = {
        "From": settings.DEFAULT_FROM_EMAIL,
        "Message-ID": words.message_id,
        "Auto-Submitted": "auto-generated",
    }
    if words.unsubscribe:
        # RFC 2369 and, for one press without opening the page, RFC 8058.
        headers |= {
            "List-Unsubscribe": f"<{words.unsubscribe}>",
            "List-Unsubscribe-Post": ONE_CLICK,
        }
    EmailMessage(
        subject=words.subject,
        body=words.body,
        # The sender of the envelope, to whom it comes back; people see and answer the other.
        from_email=settings.BOUNCES_TO or settings.DEFAULT_FROM_EMAIL,
        to=[together[0].recipient],
        headers=headers,
        connection=mailer,
    ).send()


_SENDERS = {Message.Channel.EMAIL: _send_email}
