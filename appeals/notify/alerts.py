"""Messages to whoever waits for new appeals somewhere: the letter that asks whether they do, and those about the appeals.

Who waits for an appeal is found by the worker, so that no author does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tasks import task

from accounts.letters import next_daily
from appeals.alerts.links import path_of
from appeals.alerts.question import question_in
from appeals.limits import ALERT_CONFIRM_DAYS
from appeals.models import Alert, Appeal, Event, Message
from appeals.notify.occasions import About, LettersOfRow, Subscription, WithoutSubscription, Words
from appeals.vocabulary import Outcome

#: Of a message about an appeal, whose key is the occasion: nobody is told of one twice.
NEW_APPEAL: Final = "new appeal"
CONFIRMATION: Final = "alert confirmation"
#: Appeals that a letter of the day names; the map shows all of them.
_NAMED_MAX: Final = 100
#: Characters of a notice.
_NOTICE_MAX: Final = 200
#: Rows of one insert.
_TOGETHER: Final = 1_000


class AlertLetters(LettersOfRow[Alert]):
    """Letters of an alert."""

    sort = NEW_APPEAL

    @property
    def title(self) -> str:
        return _("Letters about new appeals")

    @property
    def why(self) -> str:
        question = question_in(self.row.query) if self.row is not None else None
        if question is None:
            return _("The city has no such district or category any more: nothing is sent.")
        return _("New appeals: %(where)s; %(about)s") % {"where": question.where(), "about": question.about()}

    @property
    def stop_line(self) -> str:
        return _("No more of these letters, and your address deleted:")


class NewAppeals:
    """The kind; an occasion is the key of an appeal."""

    def about(self, message: Message) -> About:
        return About(_("new appeals"), _("somebody who asked to be told of them"))

    def is_wanted(self, message: Message) -> bool:
        appeal = Appeal.objects.select_related("category").filter(pk=UUID(message.occasion)).first()
        return appeal is not None and is_told(appeal) and _is_watched(appeal, message)

    def compose(self, together: Sequence[Message]) -> Words:
        return _new_appeals(together)

    def subscription(self, message: Message) -> Subscription | None:
        # A notice has no room for a link; the browser's own settings end them, and the page that it was asked on.
        return AlertLetters(message.alert) if message.channel == Message.Channel.EMAIL else None

    def subscribed(self, key: str) -> Subscription | None:
        return AlertLetters(Alert.objects.filter(pk=key).first())


class Confirmations(WithoutSubscription):
    """The kind of the letters that ask; each is an occasion of its own."""

    def about(self, message: Message) -> About:
        return About(_("new appeals"), _("somebody who is asked whether to be told of them"))

    def is_wanted(self, message: Message) -> bool:
        alert = message.alert
        return alert is not None and alert.confirmed_at is None and question_in(alert.query) is not None

    def compose(self, together: Sequence[Message]) -> Words:
        message = together[0]
        alert = _alert_of(message)
        body = render_to_string(
            "appeals/notify/confirm_alert.txt",
            {
                "question": question_in(alert.query),
                "daily": alert.daily,
                "days": ALERT_CONFIRM_DAYS,
                "link": f"{settings.PUBLIC_URL}{path_of(alert)}",
                "city": settings.CITY_NAME.get(message.language, ""),
            },
        )
        return Words(_("Confirm that you want to hear of new appeals"), body)


def tell_later(event: Event) -> None:
    """Has the worker find who waits for the event's appeal, in the event's transaction; nothing where nobody waits for any."""
    if Alert.objects.confirmed().exists():
        tell.enqueue(str(event.appeal_id))


@task()
def tell(appeal: str) -> int:
    """Queues a message to each address that waits for the appeal and was not told of it; how many.

    Once for an appeal and an address, however often it runs. Nobody is told of an appeal that was hidden or withdrawn
    meanwhile; what was never sent because of that is sent when it is shown again.
    """
    found = Appeal.objects.select_related("category").get(pk=UUID(appeal))
    if not is_told(found):
        return 0
    left = Message.objects.filter(kind=NEW_APPEAL, occasion=appeal, state=Message.State.UNWANTED)
    told, messages = left.update(state=Message.State.QUEUED, next_attempt_at=timezone.now()), _messages(found)
    while some := list(islice(messages, _TOGETHER)):
        told += len(Message.objects.bulk_create(some, ignore_conflicts=True))
    return told


def is_told(appeal: Appeal) -> bool:
    """True for an appeal that the public may be told of."""
    return not appeal.hidden and appeal.outcome != Outcome.WITHDRAWN


def _is_watched(appeal: Appeal, message: Message) -> bool:
    """True while the message's reader asks for such an appeal: its author, or the office, may have put its place right."""
    if appeal.version == 1:
        # As it was when its watchers were found.
        return True
    if message.channel == Message.Channel.PUSH:
        theirs = Alert.objects.filter(device=message.recipient)
    else:
        theirs = Alert.objects.of_address(message.recipient)
    return theirs.watching(appeal).exists()


def _messages(appeal: Appeal) -> Iterator[Message]:
    """One for each address, at once where it has asked for that, to those that have none of it."""
    before = Message.objects.filter(kind=NEW_APPEAL, occasion=str(appeal.pk))
    seen = {recipient.lower() for recipient in before.values_list("recipient", flat=True)}
    now = timezone.now()
    watching = Alert.objects.watching(appeal).defer("area", "query").order_by("daily", "pk")
    for alert in watching.iterator(chunk_size=_TOGETHER):
        address = alert.recipient.lower()
        if address in seen:
            continue
        seen.add(address)
        yield Message(
            kind=NEW_APPEAL,
            occasion=str(appeal.pk),
            alert=alert,
            channel=Message.Channel.PUSH if alert.device else Message.Channel.EMAIL,
            recipient=alert.recipient,
            language=alert.language,
            daily=alert.daily,
            next_attempt_at=next_daily(now) if alert.daily else now,
        )


def _new_appeals(together: Sequence[Message]) -> Words:
    """The letter to somebody who waits for the appeals of these messages, as they stand now."""
    alert = _alert_of(together[0])
    keys = [UUID(message.occasion) for message in together]
    appeals = list(Appeal.objects.public().filter(pk__in=keys).select_related("category").order_by("number"))
    links = [settings.PUBLIC_URL + appeal.get_absolute_url() for appeal in appeals]
    if len(appeals) == 1:
        words = {"number": appeals[0].number, "category": appeals[0].category.name}
        subject = _("New appeal № %(number)d: %(category)s") % words
    else:
        subject = ngettext("%(n)d new appeal", "%(n)d new appeals", len(appeals)) % {"n": len(appeals)}
    if together[0].channel == Message.Channel.PUSH:
        return Words(
            subject, "\n".join(_notice(appeal) for appeal in appeals), link=links[0] if links else ""
        )
    body = render_to_string(
        "appeals/notify/new_appeals.txt",
        {
            "subject": subject,
            "appeals": [*zip(appeals, links, strict=True)][:_NAMED_MAX],
            "more": max(0, len(appeals) - _NAMED_MAX),
            "question": question_in(alert.query),
            "city": settings.CITY_NAME.get(alert.language, ""),
        },
    )
    return Words(subject, body)


def _notice(appeal: Appeal) -> str:
    """The appeal in the few characters that any system shows, all of them in one record of a push service."""
    return Truncator(" ".join(filter(None, [appeal.address, appeal.text]))).chars(_NOTICE_MAX)


def _alert_of(message: Message) -> Alert:
    if message.alert is None:
        raise LookupError("nobody waits for new appeals by this message")
    return message.alert
