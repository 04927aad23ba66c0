"""Author and service are told of new comments once a day, in numbers: what somebody has written is read on the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.letters import DAILY_AT, next_daily, who_want_letters
from accounts.models import LetterChoice
from appeals.models import Appeal, AppealContact, Comment, Message
from appeals.notify.letters import LINES_MAX
from appeals.notify.occasions import About, Recipient, Subscription, Words, queue
from appeals.notify.proof import may_be_written_to
from appeals.notify.subscriptions import AuthorsLetters, DesksLetters
from appeals.querysets import CommentQuerySet
from districts.models import Service

#: An occasion is whose appeals were commented on, and the day of the letter: ``service 3 2026-05-31``, ``appeal …``.
COMMENTS: Final = "comments"
_SERVICE, _APPEAL = "service", "appeal"


def tell_of(comment: Comment) -> None:
    """Queues the letters of the day to the appeal's author and its service, where there is none yet; not of what they say themselves."""
    at = next_daily(comment.at)
    day = timezone.localdate(at)
    if not comment.by_author:
        queue(COMMENTS, f"{_APPEAL} {comment.appeal_id} {day}", _to_author(comment.appeal), at)
    service = comment.appeal.service
    queue(COMMENTS, f"{_SERVICE} {service.pk} {day}", _to_service(service), at)


def _to_author(appeal: Appeal) -> Iterator[Recipient]:
    # Imported appeals have no contact.
    contact: AppealContact | None = getattr(appeal, "contact", None)
    if contact is not None and may_be_written_to(contact, first=False):
        yield Recipient(contact.email, appeal.language, contact=contact)


def _to_service(service: Service) -> Iterator[Recipient]:
    if service.email:
        yield Recipient(service.email, settings.LANGUAGE_CODE)
    for choice in who_want_letters(service):
        yield Recipient(choice.user.email, choice.language, person=choice.user)


class Comments:
    """The kind."""

    def about(self, message: Message) -> About:
        who = _("author") if message.occasion.startswith(_APPEAL) else _("service")
        return About(_("comments of residents"), who)

    def is_wanted(self, message: Message) -> bool:
        if message.contact is not None and not may_be_written_to(message.contact, first=False):
            return False
        if message.person_id is not None:
            service = Service.objects.get(pk=message.occasion.split()[1])
            if not who_want_letters(service).filter(user=message.person_id).exists():
                return False
        return _of_the_day(message).exists()

    def compose(self, together: Sequence[Message]) -> Words:
        message = together[0]
        counted = list(
            _of_the_day(message).order_by("appeal__number").values_list("appeal").annotate(n=Count("pk"))
        )
        appeals = Appeal.objects.select_related("category").in_bulk([key for key, _n in counted])
        n = sum(n for _key, n in counted)
        to_author = message.occasion.startswith(_APPEAL)
        if to_author:
            words = ngettext(
                "%(n)d new comment on your appeal № %(number)d",
                "%(n)d new comments on your appeal № %(number)d",
                n,
            )
            subject = words % {"n": n, "number": appeals[counted[0][0]].number}
        else:
            words = ngettext(
                "%(n)d new comment of residents on your appeals",
                "%(n)d new comments of residents on your appeals",
                n,
            )
            subject = words % {"n": n}
        lines = [
            {
                "title": f"№ {appeals[key].number}. {appeals[key].category.name}: {n}",
                "link": settings.PUBLIC_URL + _path(appeals[key], to_author=to_author),
            }
            for key, n in counted[:LINES_MAX]
        ]
        about = {
            "subject": subject,
            "lines": lines,
            "more": len(counted) - len(lines),
            "city": settings.CITY_NAME.get(message.language, ""),
        }
        return Words(subject, render_to_string("appeals/notify/comments.txt", about))

    def subscription(self, message: Message) -> Subscription | None:
        if message.contact is not None:
            return AuthorsLetters(message.contact)
        return DesksLetters(LetterChoice(pk=message.person_id)) if message.person_id is not None else None

    def subscribed(self, key: str) -> Subscription | None:
        """None: they come by the subscriptions of other letters."""
        return None


def _path(appeal: Appeal, *, to_author: bool) -> str:
    page = appeal.get_absolute_url() if to_author else reverse("desk:appeal", args=[appeal.number])
    return f"{page}#comments"


def _of_the_day(message: Message) -> CommentQuerySet:
    """What the letter tells: the comments that everybody sees of the day that ended as letters of the day go out."""
    whose, key, day = message.occasion.split()
    end = dt.datetime.combine(dt.date.fromisoformat(day), DAILY_AT, timezone.get_default_timezone())
    found = Comment.objects.public().filter(at__gte=end - dt.timedelta(days=1), at__lt=end)
    if whose == _APPEAL:
        return found.filter(appeal=UUID(key), by_author=False)
    return found.filter(appeal__service=int(key))
