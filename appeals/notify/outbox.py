"""The outbox as work that an operator sees: what waits, what is parked, sent again or given up."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from appeals.models import Message
from appeals.notify.occasions import About, kind_named
from geo.numbers import whole_number
from jobs.overview import NotDone, State, Work

LANE: Final = "letters"
_KEY: Final = "letter-"

#: A dropped letter is done with: the row stays, so that the appeal's history shows that it never went out.
_STATES: Final = {
    Message.State.QUEUED: State.WAITING,
    Message.State.PARKED: State.FAILED,
    Message.State.SENT: State.DONE,
    Message.State.DROPPED: State.DONE,
    Message.State.UNWANTED: State.DONE,
}


def send_again(messages: QuerySet[Message]) -> int:
    """Queues the parked ones among the messages anew, with all their attempts; returns their number.

    Their addresses count as taking mail again, until the next letter comes back.
    """
    parked = messages.filter(state=Message.State.PARKED)
    with transaction.atomic():
        addresses = list(parked.filter(dead_since__isnull=False).values_list("recipient", flat=True))
        Message.objects.filter(recipient__in=addresses, dead_since__isnull=False).update(dead_since=None)
        return parked.update(state=Message.State.QUEUED, attempts=0, next_attempt_at=timezone.now(), error="")


def drop(messages: QuerySet[Message]) -> int:
    """Gives up the parked ones among the messages; returns their number. Why they could not be sent stays with them."""
    return messages.filter(state=Message.State.PARKED).update(state=Message.State.DROPPED)


def parked() -> QuerySet[Message]:
    """The letters that were refused for good or too often, the newest first, with what they are about."""
    letters = Message.objects.filter(state=Message.State.PARKED).order_by("-pk")
    return letters.select_related("event__appeal", "person")


def about(message: Message) -> About:
    """What the message is about and whom it is for, in the language that is active; of one of ``parked`` without a query."""
    if message.event is not None:
        number = message.event.appeal.number
        return About(f"№ {number}", message.get_audience_display(), reverse("desk:appeal", args=[number]))
    kind = kind_named(message.kind)
    # Of a kind that is declared no more its name is all that is known.
    return kind.about(message) if kind is not None else About(message.kind, "")


class Letters:
    """The outbox's rows as ``jobs.overview.Store``; they are sent in the lane of the letters."""

    def counts(self) -> dict[tuple[str, State], int]:
        found: dict[tuple[str, State], int] = {}
        for state, count in Message.objects.order_by().values_list("state").annotate(Count("pk")):
            key = (LANE, _STATES[Message.State(state)])
            found[key] = found.get(key, 0) + count
        return found

    def listed(self, state: State, most: int) -> list[Work]:
        if state not in {State.WAITING, State.FAILED}:
            return []
        states = [each for each, its in _STATES.items() if its is state]
        rows = Message.objects.filter(state__in=states).select_related("event__appeal")
        return [_work(row, state) for row in rows.order_by("queued_at", "pk")[:most]]

    def has(self, key: str) -> bool:
        return _rows(key).exists()

    def retry(self, key: str) -> str:
        if not send_again(_rows(key)):
            raise NotDone(_why_not(key))
        return "is sent again in the next round"

    def drop(self, key: str) -> str:
        if not drop(_rows(key)):
            raise NotDone(_why_not(key))
        return "is dropped: it will not be sent, and its row says so"


def _why_not(key: str) -> str:
    row = _rows(key).first()
    return f"it has not failed: it is {Message.State(row.state).value}" if row else "there is no such letter"


def _rows(key: str) -> QuerySet[Message]:
    number = whole_number(key.removeprefix(_KEY)) if key.startswith(_KEY) else None
    return Message.objects.none() if number is None else Message.objects.filter(pk=number)


def _work(row: Message, state: State) -> Work:
    if row.event is not None:
        matter = f"to the {row.audience}, {row.event.verb}, № {row.event.appeal.number}"
    else:
        matter = f"of the kind {row.kind}, occasion {row.occasion}"
    return Work(
        key=f"{_KEY}{row.pk}",
        lane=LANE,
        state=state,
        what=f"{row.channel} {matter}",
        since=row.queued_at,
        attempts=row.attempts,
        error=row.error,
        next_at=row.next_attempt_at if state is State.WAITING else None,
    )
