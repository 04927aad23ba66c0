"""Who is told of an event: outbox rows written in the event's own transaction, sent by the worker afterwards."""

from __future__ import annotations

from django.conf import settings

from appeals.models import AppealContact, Event, Message
from appeals.workflow import Verb
from districts.models import Service

#: Events that the author is told of, beside the receipt.
_FOR_AUTHOR = frozenset({Verb.SUBMIT, Verb.ACCEPT, Verb.ANSWER, Verb.FORWARD, Verb.REOPEN, Verb.CLOSE})
#: Events that put an appeal on a service's desk.
_FOR_SERVICE = frozenset({Verb.SUBMIT, Verb.FORWARD, Verb.REOPEN})


def queue_messages(event: Event) -> None:
    """Queues the event's messages; at most three statements. Nothing is sent here."""
    messages: list[Message] = []
    if event.verb in _FOR_AUTHOR:
        email = AppealContact.objects.filter(appeal=event.appeal_id).values_list("email", flat=True).first()
        if email:
            messages.append(
                Message(
                    event=event,
                    recipient=email,
                    audience="author",
                    language=event.appeal.language,
                    next_attempt_at=event.at,
                )
            )
    if event.verb in _FOR_SERVICE:
        service_id = event.to_service_id or event.service_id
        email = Service.objects.filter(pk=service_id).values_list("email", flat=True).first()
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
