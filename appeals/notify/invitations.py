"""Letters to those who are invited to work here, one for each invitation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.invitations import invitation_letter
from accounts.models import PersonChange, User
from appeals.models import Message
from appeals.notify.occasions import About, Recipient, WithoutSubscription, Words, queue

INVITATION: Final = "invitation"


class Invitations(WithoutSubscription):
    """The kind; an occasion is the key of a line in the history of the person's rights."""

    def about(self, message: Message) -> About:
        path = reverse("desk:person", args=[message.person_id])
        return About(str(message.person), _("somebody who was invited"), path)

    def is_wanted(self, message: Message) -> bool:
        return _invited(message).is_active and _invited(message).last_login is None

    def compose(self, together: Sequence[Message]) -> Words:
        return Words(*invitation_letter(_invited(together[0])))


def _invited(message: Message) -> User:
    if message.person is None:
        raise LookupError("the invitation is nobody's")
    return message.person


def queue_invitation(change: PersonChange, language: str) -> None:
    """Queues the letter for the person whom the change invites."""
    recipient = Recipient(change.person.email, language, person=change.person)
    queue(INVITATION, str(change.pk), [recipient], change.at)


def latest_invitation(person: User) -> Message | None:
    """The person's last invitation, whatever became of it; None for whoever was never invited by letter."""
    return Message.objects.filter(kind=INVITATION, person=person).order_by("-pk").first()
