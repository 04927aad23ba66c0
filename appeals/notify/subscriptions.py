"""The one link in each letter with which its reader wants no more of them, and wants them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import LetterChoice
from appeals.models import AppealContact, Message
from appeals.notify.occasions import Subscription, kind_named, kind_of

#: A link is good for this and nothing else, and never expires: letters lie in mailboxes for years.
_PURPOSE: Final = "appeals.notify.subscriptions"
#: What a mail program sends of itself, as a form, to the address of the link (RFC 8058, 3.1).
ONE_CLICK: Final = "List-Unsubscribe=One-Click"

_AUTHOR, _STAFF = "author", "staff"


@dataclass(frozen=True)
class AuthorsLetters:
    """Letters about one appeal to its author."""

    contact: AppealContact
    sort = _AUTHOR
    choice = None
    forgotten = False

    @property
    def key(self) -> str:
        return str(self.contact.pk)

    @property
    def title(self) -> str:
        return _("Letters about appeal № %(number)d") % {"number": self.contact.appeal.number}

    @property
    def why(self) -> str:
        return _("You get a letter about each step of the appeal.")

    @property
    def stop_line(self) -> str:
        return _("No more letters about this appeal:")

    @property
    def afterwards(self) -> str:
        return _("The appeal is considered as before; your page of it shows each step.")

    @property
    def stopped(self) -> bool:
        return self.contact.unsubscribed

    def stop(self) -> None:
        self._set(stopped=True)

    def resume(self) -> None:
        self._set(stopped=False)

    def _set(self, *, stopped: bool) -> None:
        self.contact.unsubscribed = stopped
        self.contact.save(update_fields=["unsubscribed"])


@dataclass(frozen=True)
class DesksLetters:
    """Letters of the desk to a member of staff."""

    letters: LetterChoice
    sort = _STAFF
    afterwards = ""
    forgotten = False

    @property
    def key(self) -> str:
        return str(self.letters.pk)

    @property
    def title(self) -> str:
        return _("Letters of your service's desk")

    @property
    def why(self) -> str:
        return _("You get them because you have chosen so.")

    @property
    def stop_line(self) -> str:
        return _("No letters of your own any more:")

    @property
    def choice(self) -> tuple[str, str]:
        return reverse("account_letters"), _("Choose how letters come")

    @property
    def stopped(self) -> bool:
        return not self.letters.wanted

    def stop(self) -> None:
        self._set(stopped=True)

    def resume(self) -> None:
        self._set(stopped=False)

    def _set(self, *, stopped: bool) -> None:
        self.letters.stopped = stopped
        self.letters.save(update_fields=["stopped"])


def subscription_to(message: Message) -> Subscription | None:
    """The subscription that the message comes by; None where nobody subscribes: a service's own letters, invitations."""
    if message.event_id is None:
        return kind_of(message).subscription(message)
    if message.contact is not None:
        return AuthorsLetters(message.contact)
    if message.person_id is not None:
        return DesksLetters(LetterChoice(pk=message.person_id))
    return None


def path_for(subscription: Subscription) -> str:
    """Path of the page of these letters, in the language that is active."""
    token = signing.dumps([subscription.sort, subscription.key], salt=_PURPOSE)
    return reverse("public:letters", args=[token])


def address_of(subscription: Subscription) -> str:
    """Absolute address of ``path_for``."""
    return f"{settings.PUBLIC_URL}{path_for(subscription)}"


def subscription_of(token: str) -> Subscription | None:
    """What the link is about; None for one that we did not make, or whose letters are no more."""
    try:
        sort, key = signing.loads(token, salt=_PURPOSE)
    except signing.BadSignature:
        return None
    if sort == _AUTHOR:
        contact = AppealContact.objects.filter(pk=key).select_related("appeal").first()
        return AuthorsLetters(contact) if contact is not None else None
    if sort == _STAFF:
        choice = LetterChoice.objects.filter(pk=key).select_related("user").first()
        return DesksLetters(choice) if choice is not None else None
    kind = kind_named(sort)
    return kind.subscribed(key) if kind is not None else None
