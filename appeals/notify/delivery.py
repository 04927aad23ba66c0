"""Sends the outbox: at least once, retried with growing pauses, parked and shown if it cannot be sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from appeals.models import Message
from appeals.notify.letters import letter

log = structlog.get_logger()

PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))


@dataclass(frozen=True)
class Delivery:
    """Result of one round."""

    sent: int
    failed: int


def deliver_due(now: dt.datetime | None = None) -> Delivery:
    """Sends every queued message that is due, one per transaction; two workers never take the same one."""
    now = now or timezone.now()
    sent = failed = 0
    while (outcome := _deliver_one(now)) is not None:
        sent, failed = sent + outcome, failed + (not outcome)
    return Delivery(sent, failed)


def _deliver_one(now: dt.datetime) -> bool | None:
    # The row stays locked during sending: if the process dies before the commit, the message is sent again,
    # as promised (at least once).
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=Message.State.QUEUED, next_attempt_at__lte=now)
            .select_related("event__appeal__service", "event__appeal__category", "event__to_service")
            .order_by("next_attempt_at", "pk")
            .first()
        )
        if message is None:
            return None
        message.attempts += 1
        try:
            # A savepoint: a database error while composing must not undo what is recorded about the attempt.
            with transaction.atomic():
                _SENDERS[Message.Channel(message.channel)](message)
        except Exception as error:
            # Whatever the mail library raises (refusals, time-outs, bad addresses) is recorded in the row.
            message.error = f"{type(error).__name__}: {error}"[:300]
            if message.attempts > len(PAUSES):
                message.state = Message.State.PARKED
            else:
                message.next_attempt_at = now + PAUSES[message.attempts - 1]
            log.warning(
                "message not sent", message=message.pk, attempts=message.attempts, error=message.error
            )
        else:
            message.state, message.sent_at, message.error = Message.State.SENT, now, ""
        message.save(update_fields=["state", "attempts", "next_attempt_at", "sent_at", "error"])
        return message.state == Message.State.SENT


def _send_email(message: Message) -> None:
    words = letter(message)
    EmailMessage(
        subject=words.subject,
        body=words.body,
        to=[message.recipient],
        # The Message-ID depends on the event and recipient, so that a mailbox shows a repeated delivery once.
        headers={"Message-ID": words.message_id, "Auto-Submitted": "auto-generated"},
    ).send()


_SENDERS: dict[Message.Channel, Callable[[Message], None]] = {Message.Channel.EMAIL: _send_email}
