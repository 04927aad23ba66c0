"""What those who follow an appeal are told of its steps, by notices and letters, and the letter that asks whether they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.core import signing
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from appeals.limits import ALERT_CONFIRM_DAYS
from appeals.models import Appeal, AppealContact, Event, Follower, Message
from appeals.notify.occasions import About, LettersOfRow, Subscription, WithoutSubscription, Words
from appeals.notify.proof import own_page
from appeals.timeline import title_of
from appeals.workflow import VERBS

#: Of a message about a step, whose key is the occasion: no browser is told of one twice.
FOLLOWED: Final = "followed appeal"
#: The letter that asks whether an address follows an appeal.
FOLLOW_CONFIRMATION: Final = "follow confirmation"
#: A link is good for this and nothing else, and never expires: letters lie in mailboxes for years.
_PURPOSE: Final = "appeals.followers"
#: Characters of a notice.
_NOTICE_MAX: Final = 200


def path_of(follower: Follower) -> str:
    """Path of the page that confirms and ends the letters, in the language that is active."""
    return reverse("public:followed", args=[signing.dumps(follower.pk, salt=_PURPOSE)])


def follower_of(token: str) -> Follower | None:
    """The follower whose page has that address; None when it is deleted. Raises ``signing.BadSignature`` for no address of ours."""
    key = signing.loads(token, salt=_PURPOSE)
    return Follower.objects.filter(pk=key).select_related("appeal__category").first()


class FollowersLetters(LettersOfRow[Follower]):
    """Letters about an appeal to an address that follows it."""

    sort = FOLLOWED

    @property
    def title(self) -> str:
        return _("Letters about an appeal that you follow")

    @property
    def why(self) -> str:
        if self.row is None:
            return _("Nothing is sent any more.")
        return _("You follow appeal № %(number)d.") % {"number": self.row.appeal.number}

    @property
    def stop_line(self) -> str:
        return _("To stop these letters and have your address deleted:")


class FollowedSteps:
    """The kind; an occasion is the key of an event."""

    def about(self, message: Message) -> About:
        return About(_("steps of an appeal"), _("somebody who follows it"))

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
        subject = f"№ {appeal.number}. {title_of(event)}"
        link = settings.PUBLIC_URL + _page(appeal, message.follower)
        if message.channel == Message.Channel.EMAIL:
            about = {"subject": subject, "place": place, "link": link}
            about |= {
                "said": said if said != place else "",
                "city": settings.CITY_NAME.get(message.language, ""),
            }
            return Words(subject, render_to_string("appeals/notify/followed.txt", about))
        return Words(
            subject,
            Truncator(" ".join(said.split())).chars(_NOTICE_MAX),
            link=link,
        )

    def subscription(self, message: Message) -> Subscription | None:
        # A notice has no room for a link; the page that it was asked on ends them, and the browser's own settings.
        return FollowersLetters(message.follower) if message.channel == Message.Channel.EMAIL else None

    def subscribed(self, key: str) -> Subscription | None:
        return FollowersLetters(Follower.objects.filter(pk=key).select_related("appeal").first())


class FollowQuestions(WithoutSubscription):
    """The kind of the letters that ask; each is an occasion of its own."""

    def about(self, message: Message) -> About:
        return About(_("steps of an appeal"), _("somebody who is asked whether to be told of them"))

    def is_wanted(self, message: Message) -> bool:
        follower = message.follower
        return follower is not None and follower.confirmed_at is None and not follower.appeal.hidden

    def compose(self, together: Sequence[Message]) -> Words:
        message = together[0]
        follower = message.follower
        if follower is None:
            raise LookupError("nobody follows an appeal by this message")
        body = render_to_string(
            "appeals/notify/confirm_follower.txt",
            {
                "appeal": follower.appeal,
                "days": ALERT_CONFIRM_DAYS,
                "link": f"{settings.PUBLIC_URL}{path_of(follower)}",
                "city": settings.CITY_NAME.get(message.language, ""),
            },
        )
        subject = _("Confirm that you want to follow appeal № %(number)d")
        return Words(subject % {"number": follower.appeal.number}, body)


def tell_followers(event: Event) -> None:
    """Queues a notice or a letter to each who follows the appeal, or what repeats it where its author is told too; not of hidden ones.

    One look-up, which holds them until the commit, and one insert where anybody follows.
    """
    if not _is_told(event):
        return
    of = Q(appeal=event.appeal_id)
    if VERBS[event.verb].followed:
        of |= Q(appeal__in=Appeal.objects.repeating(event.appeal).values("pk"))
    told = Follower.objects.filter(of, Q(email="") | Q(confirmed_at__isnull=False))
    Message.objects.bulk_create(
        [
            Message(
                kind=FOLLOWED,
                occasion=str(event.pk),
                follower=follower,
                channel=Message.Channel.EMAIL if follower.email else Message.Channel.PUSH,
                recipient=follower.recipient,
                language=follower.language,
                queued_at=event.at,
                next_attempt_at=event.at,
            )
            for follower in told.order_by("pk").select_for_update(no_key=True)
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
