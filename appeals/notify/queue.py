"""Outbox rows for an event, written in the event's transaction and sent later by the worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from django.conf import settings

from accounts.letters import next_daily, who_want_letters
from accounts.models import LetterChoice
from appeals.models import Appeal, Event, Message
from appeals.notify.alerts import tell_later
from appeals.notify.followers import tell_followers
from appeals.notify.proof import may_be_written_to
from appeals.vocabulary import Audience
from appeals.workflow import VERBS
from districts.models import Service

#: Another digest goes to the same recipient after this time at the earliest.
DIGEST_EVERY = dt.timedelta(hours=6)


def queue_messages(event: Event, *, digest: Collection[Audience] = ()) -> None:
    """Queues what the event's verb has told: letters, notices to those who follow the appeal, and who waits for such a one.

    Nothing is sent here. A look-up for each audience (contact; those of the service who want letters of their own), one of
    the service unless the event or its appeal has it loaded, and one insert. An address shared by two audiences gets only
    the first letter. Those of ``digest`` get one about all that needs attention, unless they were sent one some hours ago.
    """
    messages: dict[str, Message] = {}
    for message in _addressed(event):
        message.digest = message.audience in digest and not message.daily
        if message.recipient and not (message.digest and _digest_is_fresh(message.recipient, event)):
            messages.setdefault(message.recipient, message)
    if messages:
        Message.objects.bulk_create(messages.values())
    tell_followers(event)
    # A correction may bring it to a place, or a category, that somebody else waits for.
    if (VERBS[event.verb].publishes or VERBS[event.verb].amends) and not event.appeal.hidden:
        tell_later(event)


def _addressed(event: Event) -> Iterator[Message]:
    """A letter to each whom the event's verb names (an empty address: none); followers come last."""
    verb = VERBS[event.verb]
    for audience in verb.letters:
        yield from _to(audience, event)
    if verb.followed:
        yield from _to_followers(event)


def _to(audience: Audience, event: Event) -> Iterator[Message]:
    """The letters for an audience: to the author, or to the service's own address and to whoever there wants one."""
    if audience is Audience.AUTHOR:
        # Imported appeals have no contact; the error for a missing relation is also an AttributeError.
        contact, verb = getattr(event.appeal, "contact", None), VERBS[event.verb]
        if contact is not None and may_be_written_to(contact, first=verb.begins or verb.names_author):
            yield _message(event, audience, contact.email, event.appeal.language, contact=contact)
        return
    service = event.given_to if audience is Audience.SERVICE else Service.objects.office()
    if service is None:
        return
    yield _message(event, audience, service.email, settings.LANGUAGE_CODE)
    for choice in who_want_letters(service):
        # Nobody is told by letter what they have just done themselves.
        if choice.user_id != event.actor_id:
            yield _own(event, audience, choice)


def _own(event: Event, audience: Audience, choice: LetterChoice) -> Message:
    daily = choice.how == LetterChoice.How.DAILY
    message = _message(event, audience, choice.user.email, choice.language, person=choice.user, daily=daily)
    if daily:
        message.next_attempt_at = next_daily(event.at)
    return message


def _message(event: Event, audience: Audience, recipient: str, language: str, **more: object) -> Message:
    return Message(
        event=event,
        audience=audience,
        recipient=recipient,
        language=language,
        queued_at=event.at,
        next_attempt_at=event.at,
        **more,
    )


def _digest_is_fresh(recipient: str, event: Event) -> bool:
    digests = Message.objects.filter(recipient=recipient, digest=True)
    if not VERBS[event.verb].holds:
        # Whoever sends what looks odd cannot put off what is overdue.
        digests = digests.exclude(event__verb__in=[verb.code for verb in VERBS.values() if verb.holds])
    return digests.filter(event__at__gt=event.at - DIGEST_EVERY, event__at__lte=event.at).exists()


def _to_followers(event: Event) -> Iterator[Message]:
    """Letters to the authors of what repeats the appeal, or repeats a repetition of it."""
    if event.appeal.hidden:
        return
    wanted = {"contact__email_proven": True, "contact__unsubscribed": False}
    for twin in Appeal.objects.repeating(event.appeal).filter(**wanted).select_related("contact"):
        yield _message(event, Audience.FOLLOWER, twin.contact.email, twin.language, contact=twin.contact)
