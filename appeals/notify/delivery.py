"""Sends the outbox: at least once, retried with growing pauses, parked and shown if it cannot be sent.

A server that is away or silent is asked once in a while, however many messages wait for it, and that is held against none
of them, nor against those of another channel; what it refuses for good is parked at once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from appeals.models import Message
from appeals.notify.bounces import why_dead
from appeals.notify.carriers import Carrier, Outcome, carriers
from appeals.notify.letters import letter
from appeals.notify.wishes import is_wanted, waits_until

log = structlog.get_logger()

PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
#: A server that is away is asked again after this pause.
AWAY = dt.timedelta(minutes=1)
#: For this long a letter waits for a server that is away (RFC 5321, 4.5.4.1: at least four to five days).
WAITS_AT_MOST = dt.timedelta(days=5)


@dataclass(frozen=True)
class Delivery:
    """Result of one round."""

    sent: int = 0
    failed: int = 0


def deliver_due(now: dt.datetime | None = None) -> Delivery:
    """Sends every queued message that is due, one per transaction; two workers never take the same one.

    The round has one connection a channel and ends with it: what is due then waits for ``AWAY``.
    """
    now = now or timezone.now()
    sent = failed = 0
    for channel, carrier_of in carriers():
        if _due(channel, now).exists():
            by_it = _deliver_by(channel, carrier_of(), now)
            sent, failed = sent + by_it.sent, failed + by_it.failed
    return Delivery(sent, failed)


def _deliver_by(channel: Message.Channel, carrier: Carrier, now: dt.datetime) -> Delivery:
    try:
        carrier.open()
    except OSError as error:  # the errors of smtplib are among them
        _wait(channel, now, error)
        return Delivery()
    sent = failed = 0
    try:
        while (outcome := _deliver_one(channel, carrier, now)) is not None:
            sent += outcome is Outcome.SENT
            failed += outcome not in {Outcome.SENT, Outcome.LEFT}
            if outcome is Outcome.AWAY:
                break
    finally:
        with contextlib.suppress(OSError):
            carrier.close()
    return Delivery(sent, failed)


def _due(channel: Message.Channel, now: dt.datetime) -> QuerySet[Message]:
    return Message.objects.filter(state=Message.State.QUEUED, channel=channel, next_attempt_at__lte=now)


def _in_turn(channel: Message.Channel, now: dt.datetime) -> QuerySet[Message]:
    due = _due(channel, now)
    # The letters of the day go out together, with the first of them: whoever has locked that one has them all.
    same = Q(person=OuterRef("person")) | Q(alert=OuterRef("alert"))
    earlier = due.filter(same, daily=True, pk__lt=OuterRef("pk"))
    return due.exclude(Q(daily=True) & Exists(earlier)).order_by("next_attempt_at", "pk")


def _taken(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those that no other worker has, locked, with all that their letters are made of."""
    return messages.select_for_update(skip_locked=True, of=("self",)).select_related(
        "event__appeal__service",
        "event__appeal__category",
        "event__service",
        "event__to_service",
        "contact",
        "person",
        "alert",
        "follower__appeal__category",
    )


def _wait(channel: Message.Channel, now: dt.datetime, error: Exception) -> None:
    """All that is due waits, and what has waited for days is parked."""
    said = _in_words(error)
    old = _due(channel, now).filter(queued_at__lt=now - WAITS_AT_MOST)
    parked = old.update(state=Message.State.PARKED, error=said)
    waiting = _due(channel, now).update(next_attempt_at=now + AWAY, error=said)
    log.warning("server away", channel=str(channel), waiting=waiting, parked=parked, error=said)


def _deliver_one(channel: Message.Channel, carrier: Carrier, now: dt.datetime) -> Outcome | None:
    # The row stays locked during sending: if the process dies before the commit, the message is sent again,
    # as promised (at least once).
    with transaction.atomic():
        message = _taken(_in_turn(channel, now)).first()
        if message is None:
            return None
        together = [message]
        outcome = Outcome.SENT
        failure: Exception | None = None
        try:
            # A savepoint: a database error while composing must not undo what is recorded about the attempt.
            with transaction.atomic():
                if _left(message, now):
                    return Outcome.LEFT
                together = _together(message, now)
                words = letter(together)
        except Exception as error:
            # What cannot be composed, of whatever kind, is recorded in its row and holds up no other.
            outcome, failure = Outcome.LATER, error
        else:
            try:
                carrier.send(words, message.recipient)
            except Exception as error:
                # So is whatever the carrier's library raises: refusals, time-outs, bad addresses.
                outcome, failure = carrier.outcome(error), error
        message.attempts += 1
        if failure is None:
            message.state, message.sent_at, message.error = Message.State.SENT, now, ""
        else:
            message.error = _in_words(failure)
            if outcome is Outcome.NEVER or message.attempts > len(PAUSES):
                message.state = Message.State.PARKED
            else:
                message.next_attempt_at = now + PAUSES[message.attempts - 1]
            log.warning(
                "message not sent", message=message.pk, attempts=message.attempts, error=message.error
            )
        fate = {name: getattr(message, name) for name in _FATE}
        Message.objects.filter(pk__in=[each.pk for each in together]).update(**fate)
    if failure is not None and outcome is Outcome.AWAY:
        _wait(channel, now, failure)
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
    """The message, and of its letters of the day all that are due, oldest first."""
    if not message.daily:
        return [message]
    others = _due(Message.Channel(message.channel), now).filter(message.of_its_day).exclude(pk=message.pk)
    return [message, *(each for each in _taken(others).order_by("pk") if is_wanted(each))]


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
