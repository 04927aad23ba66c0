"""One letter to those who moderate about an appeal that many have reported before any of them has looked at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.letters import next_daily, who_want_letters
from accounts.models import LetterChoice
from accounts.roles import standing_of
from appeals.models import Appeal, Message
from appeals.notify.occasions import About, Recipient, Subscription, Words, queue
from appeals.notify.subscriptions import DesksLetters
from districts.models import Service

#: An occasion is the key of an appeal: there is one letter about it, whatever becomes of it.
REPORTED: Final = "reported"


def tell_if_many(appeal: Appeal) -> None:
    """Queues the letters, in the transaction of a report, where as many have reported the appeal as ``REPORTED_BY_MANY`` says.

    Nothing is hidden by a number: whoever has five connections would silence whom they like.
    """
    office = Service.objects.office()
    if office is None or not Appeal.objects.filter(pk=appeal.pk).reported_by_many().exists():
        return
    now = timezone.now()
    if office.email:
        queue(REPORTED, str(appeal.pk), [Recipient(office.email, settings.LANGUAGE_CODE)], now)
    for choice in _who_moderate(office):
        at = next_daily(now) if choice.how == LetterChoice.How.DAILY else now
        queue(
            REPORTED, str(appeal.pk), [Recipient(choice.user.email, choice.language, person=choice.user)], at
        )


def _who_moderate(office: Service) -> Iterator[LetterChoice]:
    """The choices of those whom the queue of moderation is open to."""
    return (choice for choice in who_want_letters(office) if standing_of(choice.user).moderates)


class ManyReports:
    """The kind."""

    def about(self, message: Message) -> About:
        return About(_("what many have reported"), _("service"), reverse("desk:moderation"))

    def is_wanted(self, message: Message) -> bool:
        office = Service.objects.office()
        if office is None or not Appeal.objects.filter(pk=message.occasion).reported_by_many().exists():
            return False
        return message.person_id is None or any(
            choice.user_id == message.person_id for choice in _who_moderate(office)
        )

    def compose(self, together: Sequence[Message]) -> Words:
        appeals = Appeal.objects.filter(pk__in=[message.occasion for message in together]).reported_by_many()
        page = settings.PUBLIC_URL + reverse("desk:moderation")
        lines = [
            {"title": f"№ {appeal.number}. {appeal.category.name}", "link": f"{page}#appeal-{appeal.number}"}
            for appeal in appeals.select_related("category").order_by("number")
        ]
        subject = _("Many people have reported %(appeals)s: please look at it now") % {
            "appeals": ", ".join(f"№ {appeal.number}" for appeal in appeals.order_by("number"))
        }
        about = {
            "subject": subject,
            "lines": lines,
            "city": settings.CITY_NAME.get(together[0].language, ""),
        }
        return Words(subject, render_to_string("appeals/notify/reported.txt", about))

    def subscription(self, message: Message) -> Subscription | None:
        return DesksLetters(LetterChoice(pk=message.person_id)) if message.person_id is not None else None

    def subscribed(self, key: str) -> Subscription | None:
        """None: they come by the subscription of other letters."""
        return None
