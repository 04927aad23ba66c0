"""Notices of an appeal's steps to the browsers that follow it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from appeals.models import Appeal, AppealContact, Event, Follower, Message
from appeals.notify.occasions import About, Subscription, Words
from appeals.notify.proof import own_page
from appeals.timeline import title_of
from appeals.workflow import VERBS

#: Of a message about a step, whose key is the occasion: no browser is told of one twice.
FOLLOWED: Final = "followed appeal"
#: Characters of a notice.
_NOTICE_MAX: Final = 200


class FollowedSteps:
    """The kind; an occasion is the key of an event."""

    def about(self, message: Message) -> About:
        return About(_("steps of an appeal"), _("somebody who follows it in a browser"))

    def is_wanted(self, message: Message) -> bool:
        event = Event.objects.select_related("appeal").filter(pk=message.occasion).first()
        return message.follower is not None and event is not None and _is_told(event)

    def compose(self, together: Sequence[Message]) -> Words:
        message = together[0]
        events = Event.objects.select_related("appeal__category", "service", "to_service")
        event = events.get(pk=message.occasion)
        appeal = event.appeal
        place = " · ".join(filter(None, [appeal.category.name, appeal.address]))
        said = event.text if VERBS[event.verb].speaks else place
        return Words(
            f"№ {appeal.number}. {title_of(event)}",
            Truncator(" ".join(said.split())).chars(_NOTICE_MAX),
            link=settings.PUBLIC_URL + _page(appeal, message.follower),
        )

    def subscription(self, message: Message) -> Subscription | None:
        # A notice has no room for a link; the page that it was asked on ends them, and the browser's own settings.
        return None

    def subscribed(self, key: str) -> Subscription | None:
        return None


def tell_followers(event: Event) -> None:
    """Queues a notice to each browser that follows the appeal, or what repeats it where its author is told too; not of hidden ones.

    One look-up, and one insert where anybody follows.
    """
    if not _is_told(event):
        return
    of = Q(appeal=event.appeal_id)
    if VERBS[event.verb].followed:
        of |= Q(appeal__in=Appeal.objects.repeating(event.appeal).values("pk"))
    Message.objects.bulk_create(
        [
            Message(
                kind=FOLLOWED,
                occasion=str(event.pk),
                follower=follower,
                channel=Message.Channel.PUSH,
                recipient=follower.device,
                language=follower.language,
                queued_at=event.at,
                next_attempt_at=event.at,
            )
            for follower in Follower.objects.filter(of).order_by("pk")
        ],
        ignore_conflicts=True,
    )


def _is_told(event: Event) -> bool:
    """True for a public step of an appeal that everybody sees: its state became another, or something was answered."""
    changed = event.from_status != event.to_status or VERBS[event.verb].speaks or VERBS[event.verb].followed
    return changed and event.public and not event.appeal.hidden and not VERBS[event.verb].begins


def _page(appeal: Appeal, follower: Follower | None) -> str:
    if follower is not None and follower.own and follower.appeal_id == appeal.pk:
        contact = AppealContact.objects.filter(appeal=appeal).first()
        if contact is not None:
            return own_page(contact)
    return appeal.get_absolute_url()
