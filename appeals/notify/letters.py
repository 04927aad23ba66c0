"""The words of a message, in the recipient's language."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from appeals.models import Appeal, AppealContact, Message
from appeals.workflow import Verb


@dataclass(frozen=True)
class Letter:
    """Plain text of an e-mail; ``message_id`` is the same each time that the message is composed."""

    subject: str
    body: str
    message_id: str


def letter(message: Message) -> Letter:
    """The message put into words.

    A hidden appeal's text is not repeated in letters; the author's letter holds the secret link, the service's the
    address of its desk.
    """
    event = message.event
    appeal = event.appeal
    to_author = message.audience == "author"
    with translation.override(message.language):
        if to_author:
            secret = AppealContact.objects.values_list("secret", flat=True).get(appeal=appeal)
            link = reverse("public:follow", args=[secret])
        else:
            link = reverse("desk:appeal", args=[appeal.number])
        subject = (_author_subject if to_author else _service_subject)(Verb(event.verb), appeal)
        body = render_to_string(
            f"appeals/notify/{message.audience}.txt",
            {
                "event": event,
                "appeal": appeal,
                "subject": subject,
                "link": f"{settings.PUBLIC_URL}{link}",
                "city": settings.CITY_NAME.get(message.language, ""),
            },
        )
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return Letter(subject, body.strip() + "\n", f"<message-{message.pk}@{host}>")


def _author_subject(verb: Verb, appeal: Appeal) -> str:
    number = {"number": appeal.number}
    match verb:
        case Verb.SUBMIT:
            return _("Your appeal No. %(number)d has been received") % number
        case Verb.ACCEPT:
            return _("Your appeal No. %(number)d is in progress") % number
        case Verb.ANSWER:
            return _("Your appeal No. %(number)d has been answered") % number
        case Verb.FORWARD:
            return _("Your appeal No. %(number)d is with another service now") % number
        case Verb.REOPEN:
            return _("Your appeal No. %(number)d has been reopened") % number
        case _:
            return _("Your appeal No. %(number)d has been closed") % number


def _service_subject(verb: Verb, appeal: Appeal) -> str:
    number = {"number": appeal.number}
    match verb:
        case Verb.FORWARD:
            return _("Appeal No. %(number)d has been forwarded to you") % number
        case Verb.REOPEN:
            return _("Appeal No. %(number)d has been reopened") % number
        case _:
            return _("New appeal No. %(number)d") % number
