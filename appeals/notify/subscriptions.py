"""The one link in each letter with which its reader wants no more of them, and wants them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import LetterChoice
from appeals.models import AppealContact, Message

#: A link is good for this and nothing else, and never expires: letters lie in mailboxes for years.
_PURPOSE: Final = "appeals.notify.subscriptions"
#: What a mail program sends of itself, as a form, to the address of the link (RFC 8058, 3.1).
ONE_CLICK: Final = "List-Unsubscribe=One-Click"

_AUTHOR, _STAFF = "author", "staff"


@dataclass(frozen=True)
class Subscription:
    """Letters about one appeal to its author, or those of the desk to a member of staff."""

    letters_of: AppealContact | LetterChoice

    @property
    def contact(self) -> AppealContact | None:
        """Of an author: whose appeal it is about."""
        return self.letters_of if isinstance(self.letters_of, AppealContact) else None

    @property
    def stopped(self) -> bool:
        """True when no letters come any more."""
        kept = self.letters_of
        return kept.unsubscribed if isinstance(kept, AppealContact) else not kept.wanted

    def stop(self) -> None:
        """No letters from now on; those that wait are dropped when their turn comes."""
        self._set(stopped=True)

    def resume(self) -> None:
        """Letters as before."""
        self._set(stopped=False)

    def _set(self, *, stopped: bool) -> None:
        kept = self.letters_of
        if isinstance(kept, AppealContact):
            kept.unsubscribed = stopped
            kept.save(update_fields=["unsubscribed"])
        else:
            kept.stopped = stopped
            kept.save(update_fields=["stopped"])


def path_for(letters_of: AppealContact | LetterChoice) -> str:
    """Path of the page of these letters, in the language that is active."""
    what = _AUTHOR if isinstance(letters_of, AppealContact) else _STAFF
    token = signing.dumps([what, str(letters_of.pk)], salt=_PURPOSE)
    return reverse("public:letters", args=[token])


def address_of(message: Message) -> str:
    """Absolute address of ``path_for`` its letters, in the language that is active; empty where nobody subscribes."""
    if message.contact is not None:
        path = path_for(message.contact)
    elif message.person_id is not None:
        path = path_for(LetterChoice(pk=message.person_id))
    else:
        return ""
    return f"{settings.PUBLIC_URL}{path}"


def subscription_of(token: str) -> Subscription | None:
    """What the link is about; None for one that we did not make, or whose letters are no more."""
    try:
        what, key = signing.loads(token, salt=_PURPOSE)
    except signing.BadSignature:
        return None
    found: AppealContact | LetterChoice | None
    if what == _AUTHOR:
        found = AppealContact.objects.filter(pk=key).select_related("appeal").first()
    else:
        found = LetterChoice.objects.filter(pk=key).select_related("user").first()
    return Subscription(found) if found is not None else None
