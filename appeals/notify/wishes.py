"""Whether a letter that is due is still wanted by who gets it, and whether it may come now."""

from __future__ import annotations

import datetime as dt

from accounts.letters import choice_of, held_until, who_want_letters
from appeals.models import Message
from appeals.notify.occasions import kind_of
from appeals.vocabulary import Audience
from districts.models import Service


def is_wanted(message: Message) -> bool:
    """False for whoever has said no since it was queued, has left the service, or may not be written to any more.

    Raises ``LookupError`` for a kind that no room declares.
    """
    if message.event is None:
        return kind_of(message).is_wanted(message)
    if message.contact is not None:
        return not message.contact.unsubscribed
    # A service that has lost the appeal meanwhile is not sent to it, nor is anybody there.
    if message.audience == Audience.SERVICE and message.about.given_to != message.about.appeal.service:
        return False
    if message.person_id is None:
        return True
    service = Service.objects.office() if message.audience == Audience.OFFICE else message.about.given_to
    return service is not None and who_want_letters(service).filter(user=message.person_id).exists()


def waits_until(message: Message, now: dt.datetime) -> dt.datetime | None:
    """The end of its reader's quiet hours, which are on now; None when it may be sent."""
    choice = choice_of(message.person) if message.person is not None else None
    return held_until(choice, now) if choice is not None else None
