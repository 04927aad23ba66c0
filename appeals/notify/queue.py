"""Outbox rows for an event, written in the event's transaction and sent later by the worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator

from django.conf import settings

from appeals.models import Appeal, Event, Message
from appeals.notify.proof import may_be_written_to
from appeals.workflow import SUBMIT, VERBS, Audience
from districts.models import Service

#: Another digest goes to the same recipient after this time at the earliest.
DIGEST_EVERY = dt.timedelta(hours=6)


def queue_messages(event: Event, *, digest: Collection[Audience] = ()) -> None:
    """Queues the letters that the event's verb names. Nothing is sent here.

    Two look-ups (contact, service) unless the event's appeal has them loaded, and one insert. An address
    shared by two audiences gets only the first letter. Those of ``digest`` get one about all that needs attention,
    unless they were sent one some hours ago.
    """
    messages: dict[str, Message] = {}
    for audience, recipient, language in _addressed(event):
        if recipient and not (audience in digest and _digest_is_fresh(recipient, event.at)):
            messages.setdefault(
                recipient,
                Message(
                    event=event,
                    recipient=recipient,
                    audience=audience,
                    digest=audience in digest,
                    language=language,
                    next_attempt_at=event.at,
                ),
            )
    if messages:
        Message.objects.bulk_create(messages.values())


def _addressed(event: Event) -> Iterator[tuple[Audience, str, str]]:
    """Whom the event's verb names, with e-mail address (empty: none) and language; followers come last."""
    verb = VERBS[event.verb]
    for audience in verb.letters:
        yield audience, *_RECIPIENTS[audience](event)
    if verb.followed:
        for recipient, language in _followers(event):
            yield Audience.FOLLOWER, recipient, language


def _digest_is_fresh(recipient: str, at: dt.datetime) -> bool:
    digests = Message.objects.filter(recipient=recipient, digest=True)
    return digests.filter(event__at__gt=at - DIGEST_EVERY, event__at__lte=at).exists()


def _author(event: Event) -> tuple[str, str]:
    # Imported appeals have no contact; the error for a missing relation is also an AttributeError.
    contact = getattr(event.appeal, "contact", None)
    if contact is None or not may_be_written_to(contact, first=event.verb == SUBMIT.code):
        return "", event.appeal.language
    return contact.email, event.appeal.language


def _service(event: Event) -> tuple[str, str]:
    return event.appeal.service.email, settings.LANGUAGE_CODE


def _office(event: Event) -> tuple[str, str]:
    office = Service.objects.filter(is_office=True, active=True).first()
    return (office.email if office else ""), settings.LANGUAGE_CODE


def _followers(event: Event) -> list[tuple[str, str]]:
    """Address and language of the authors of what repeats the appeal, or repeats a repetition of it."""
    if event.appeal.hidden:
        return []
    repeating = Appeal.objects.repeating(event.appeal).filter(contact__email_proven=True)
    return list(repeating.values_list("contact__email", "language"))


#: E-mail address (empty: none) and language for each audience of an event.
_RECIPIENTS: dict[Audience, Callable[[Event], tuple[str, str]]] = {
    Audience.AUTHOR: _author,
    Audience.SERVICE: _service,
    Audience.OFFICE: _office,
}
