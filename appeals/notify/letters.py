"""The text of a message, in the recipient's language."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from appeals.models import AppealContact, Message
from appeals.notify.digest import digest_of
from appeals.notify.proof import PROOF, proof_of
from appeals.timeline import title_of
from appeals.workflow import FOLLOWER_LETTER, VERBS, Audience


@dataclass(frozen=True)
class Letter:
    """A plain-text e-mail; ``message_id`` is the same each time the message is composed."""

    subject: str
    body: str
    message_id: str


def letter(message: Message) -> Letter:
    """The message as a letter.

    The text of a hidden appeal is not repeated in letters; the author's letter has the secret link, the
    service's links to its desk. To an address that has not been proven it holds nothing that the sender has written.
    """
    event = message.event
    appeal = event.appeal
    audience = Audience(message.audience)
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    message_id = f"<message-{message.pk}@{host}>"
    with translation.override(message.language):
        if message.digest:
            subject, body = digest_of(message, timezone.now())
            return Letter(subject, body.strip() + "\n", message_id)
        template = str(audience)
        if audience is Audience.FOLLOWER:
            link = appeal.get_absolute_url()
        elif audience is Audience.AUTHOR:
            contact = AppealContact.objects.get(appeal=appeal)
            link = reverse("public:follow", args=[contact.secret])
            if not contact.email_proven:
                link = f"{link}?{urlencode({PROOF: proof_of(contact)})}"
                template = "first"
        else:
            link = reverse("desk:appeal", args=[appeal.number])
        subjects = {Audience.FOLLOWER: FOLLOWER_LETTER, **VERBS[event.verb].letters}
        subject = str(subjects[audience]) % {"number": appeal.number}
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
                "link": f"{settings.PUBLIC_URL}{link}",
                "city": settings.CITY_NAME.get(message.language, ""),
            },
        )
    return Letter(subject, body.strip() + "\n", message_id)
