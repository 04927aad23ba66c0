"""The text of a message, in the recipient's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signing import Signer
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from appeals.models import AppealContact, Message
from appeals.notify.digest import digest_of
from appeals.notify.occasions import File, Words, kind_of
from appeals.notify.proof import own_page
from appeals.notify.subscriptions import address_of, subscription_to
from appeals.timeline import title_of
from appeals.vocabulary import Audience
from appeals.workflow import FOLLOWER_LETTER, VERBS

#: Steps that a letter of the day names; the desk shows all of them.
LINES_MAX = 100

#: Signs the ids of letters: whoever says that one of them came back has seen it.
MESSAGE_IDS: Final = Signer(salt="appeals.notify.letters")


@dataclass(frozen=True)
class Letter:
    """A message as it is sent, in plain text; ``message_id`` is the same each time it is composed.

    ``unsubscribe`` is the address at which its reader wants no more of them; empty where nobody subscribes. ``link`` and
    ``files`` are those of ``Words``.
    """

    subject: str
    body: str
    message_id: str
    language: str
    unsubscribe: str = ""
    link: str = ""
    files: tuple[File, ...] = ()


def letter(together: Sequence[Message]) -> Letter:
    """The message as a letter; of several that go out together one letter about all of them. Raises what a kind raises.

    The text of a hidden appeal is not repeated in letters; the author's letter has the secret link, the
    service's links to its desk. To an address that has not been proven it holds nothing that the sender has written.
    """
    message = together[0]
    with translation.override(message.language):
        subscription = subscription_to(message)
        unsubscribe = address_of(subscription) if subscription is not None else ""
        words = _words(together)
        body = words.body.strip()
        # The first letter to an address is the last unless its link is opened: there is one link in it, that one.
        if subscription is not None and (message.contact is None or message.contact.email_proven):
            body = f"{body}\n\n{subscription.stop_line}\n{unsubscribe}"
    return Letter(
        words.subject,
        body + "\n",
        message_id_of(message),
        message.language,
        unsubscribe,
        words.link,
        words.files,
    )


def _words(together: Sequence[Message]) -> Words:
    message = together[0]
    if message.event is None:
        return kind_of(message).compose(together)
    if message.daily:
        return Words(*_of_the_day(together))
    if message.digest:
        return Words(*digest_of(message, timezone.now()))
    return Words(*_of_the_event(message))


def message_id_of(message: Message) -> str:
    """The letter's Message-ID, by which a mail server says that it came back; the same each time."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<message-{message.pk}.{MESSAGE_IDS.signature(str(message.pk))}@{host}>"


def _of_the_event(message: Message) -> tuple[str, str]:
    """Subject and text of a letter about one event."""
    event = message.about
    appeal = event.appeal
    audience = Audience(message.audience)
    template = str(audience)
    if audience is Audience.FOLLOWER:
        link = appeal.get_absolute_url()
    elif audience is Audience.AUTHOR:
        contact = AppealContact.objects.get(appeal=appeal)
        link = own_page(contact)
        if not contact.email_proven:
            template = "first"
    else:
        link = reverse("desk:appeal", args=[appeal.number])
    subject = _subject_of(message)
    body = render_to_string(
        f"appeals/notify/{template}.txt",
        {
            "event": event,
            "appeal": appeal,
            "subject": subject,
            # Who answered is not always the service that the appeal is with.
            "step": title_of(event)
            if event.details or VERBS[event.verb].speaks or audience is Audience.FOLLOWER
            else "",
            "invites_rating": VERBS[event.verb].answers,
            "link": f"{settings.PUBLIC_URL}{link}",
            "city": settings.CITY_NAME.get(message.language, ""),
        },
    )
    return subject, body


def _of_the_day(together: Sequence[Message]) -> tuple[str, str]:
    """Subject and text of a letter with a line for each event, which a hidden appeal's words are no part of."""
    subject = ngettext(
        "News of %(n)d step at your desk", "News of %(n)d steps at your desk", len(together)
    ) % {"n": len(together)}
    lines = [
        {
            "subject": _subject_of(each),
            "category": each.about.appeal.category.name,
            "link": settings.PUBLIC_URL + reverse("desk:appeal", args=[each.about.appeal.number]),
        }
        for each in together[:LINES_MAX]
    ]
    body = render_to_string(
        "appeals/notify/day.txt",
        {
            "subject": subject,
            "lines": lines,
            "more": len(together) - len(lines),
            "link": settings.PUBLIC_URL + reverse("desk:queue"),
            "city": settings.CITY_NAME.get(together[0].language, ""),
        },
    )
    return subject, body


def _subject_of(message: Message) -> str:
    event = message.about
    subjects = {Audience.FOLLOWER: FOLLOWER_LETTER, **VERBS[event.verb].letters}
    return str(subjects[Audience(message.audience)]) % {"number": event.appeal.number}
