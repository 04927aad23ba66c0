"""Who is told of an event: outbox rows written in the event's own transaction, sent by the worker afterwards."""

from __future__ import annotations

from django.conf import settings

from appeals.models import Event, Message
from appeals.workflow import Verb

#: Events that the author is told of, beside the receipt.
_FOR_AUTHOR = frozenset({Verb.SUBMIT, Verb.ACCEPT, Verb.ANSWER, Verb.FORWARD, Verb.REOPEN, Verb.CLOSE})
#: Events that put an appeal on a service's desk.
_FOR_SERVICE = frozenset({Verb.SUBMIT, Verb.FORWARD, Verb.REOPEN})


def queue_messages(event: Event) -> None:
    """Queues the event's messages. Nothing is sent here.

    Two look-ups (contact, service) where the event's appeal does not hold them already, and one insert.
    """
    messages: list[Message] = []
    if event.verb in _FOR_AUTHOR:
        # Imported appeals have no contact; the error of the missing relation is an AttributeError too.
        contact = getattr(event.appeal, "contact", None)
        if contact and contact.email:
            messages.append(
                Message(
                    event=event,
                    recipient=contact.email,
                    audience="author",
                    language=event.appeal.language,
                    next_attempt_at=event.at,
                )
            )
    if event.verb in _FOR_SERVICE:
        email = event.appeal.service.email
        if email and all(message.recipient != email for message in messages):
            messages.append(
                Message(
                    event=event,
                    recipient=email,
                    audience="service",
                    language=settings.LANGUAGE_CODE,
                    next_attempt_at=event.at,
                )
            )
    if messages:
        Message.objects.bulk_create(messages)
