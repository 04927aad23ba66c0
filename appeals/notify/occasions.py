"""What is written about besides the steps of appeals: kinds of occasions, each declared by the room that knows it.

A room declares its kind in ``AppConfig.ready`` (``declare``) and has its messages sent with ``queue``. All that holds for
letters holds for them: once an occasion, channel and recipient; tried again and parked; nothing to an address that takes no
mail, nothing to whoever wants no more, nothing in quiet hours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from appeals.models import Alert, AppealContact, Follower, Message
from appeals.notify.endings import end


@dataclass(frozen=True)
class File:
    """What goes along with a letter; ``mimetype`` as of RFC 6838."""

    name: str
    content: bytes
    mimetype: str


@dataclass(frozen=True)
class Words:
    """A message in its reader's language; ``link`` is the address that a short one, without the text, leads to.

    A text and its files together are to be small enough for any mailbox: the room that makes them sees to it.
    """

    subject: str
    body: str
    link: str = ""
    files: tuple[File, ...] = ()


@dataclass(frozen=True)
class About:
    """What a message is about and who gets it, in the reader's language; ``path`` leads there, empty where nothing does."""

    words: str
    who: str
    path: str = ""


class Subscription(Protocol):
    """Letters of one sort to one reader, who may want no more of them. Texts are in the language that is active."""

    @property
    def sort(self) -> str:
        """Name of the sort, for ever: of a kind's letters that of the kind."""
        ...

    @property
    def key(self) -> str:
        """Names the subscription among those of the sort, for ever."""
        ...

    @property
    def title(self) -> str:
        """What the letters are about."""
        ...

    @property
    def why(self) -> str:
        """Why they come."""
        ...

    @property
    def stop_line(self) -> str:
        """What stands before the link in the letter."""
        ...

    @property
    def afterwards(self) -> str:
        """What is as before without the letters; may be empty."""
        ...

    @property
    def choice(self) -> tuple[str, str] | None:
        """Path and name of the page where more is chosen."""
        ...

    @property
    def stopped(self) -> bool:
        """True when no letters come any more."""
        ...

    @property
    def forgotten(self) -> bool:
        """True where stopping leaves nothing that could be resumed."""
        ...

    def stop(self) -> None:
        """No letters from now on; those that wait are dropped when their turn comes."""
        ...

    def resume(self) -> None:
        """Letters as before; nothing where all is forgotten."""
        ...


Row = TypeVar("Row", Alert, Follower)


@dataclass(frozen=True)
class LettersOfRow(Generic[Row]):
    """Letters that come while the row is there, a part of ``Subscription``; it is None once it is deleted.

    Whoever wants no more has it deleted, and with it its messages, those that were sent too.
    """

    row: Row | None
    forgotten = True
    choice = None

    @property
    def key(self) -> str:
        return str(self.row.pk) if self.row is not None else ""

    @property
    def afterwards(self) -> str:
        return _("Nothing about you is kept: your address is deleted.")

    @property
    def stopped(self) -> bool:
        return self.row is None or not type(self.row)._default_manager.filter(pk=self.row.pk).exists()

    def stop(self) -> None:
        if self.row is not None:
            end(type(self.row)._default_manager.filter(pk=self.row.pk))

    def resume(self) -> None:
        """Nothing: what is deleted is asked for anew."""


class Kind(Protocol):
    """What a room says of its messages. Of a message: its person; ``occasion`` is what the room had queued."""

    def about(self, message: Message) -> About:
        """Whom it is for and what it is about, for those who look after letters. Asks the database nothing."""
        ...

    def is_wanted(self, message: Message) -> bool:
        """Asked when its turn comes: False when what it was about is no more, or its reader wants or may have none."""
        ...

    def compose(self, together: Sequence[Message]) -> Words:
        """The message, or the one about all those of the day, in the language that is active, which is theirs.

        What it raises is recorded, and it is tried again.
        """
        ...

    def subscription(self, message: Message) -> Subscription | None:
        """The subscription that it comes by; None where nobody subscribes."""
        ...

    def subscribed(self, key: str) -> Subscription | None:
        """The subscription of that ``key``; None when it is no more."""
        ...


class WithoutSubscription:
    """The part of ``Kind`` of what comes once, because its reader or somebody here asked for it."""

    def subscription(self, message: Message) -> Subscription | None:
        """None: nobody subscribes."""
        return None

    def subscribed(self, key: str) -> Subscription | None:
        """None."""
        return None


_DECLARED: dict[str, Kind] = {}


def declare(name: str, kind: Kind) -> None:
    """Makes the kind known by its name of at most 20 characters; called from ``AppConfig.ready``."""
    _DECLARED[name] = kind


def kind_named(name: str) -> Kind | None:
    """The kind; None when no room declares it (any more)."""
    return _DECLARED.get(name)


def kind_of(message: Message) -> Kind:
    """The kind of a message that is about no event. Raises ``LookupError`` when no room declares it."""
    kind = kind_named(message.kind)
    if kind is None:
        raise LookupError(f"no room declares messages of the kind {message.kind}")
    return kind


def queue_question(kind: str, row: Alert | Follower, language: str) -> None:
    """Queues a letter, in the language, that asks whether the row's address wants what it is to be told; none of the sender's words is in it.

    Each is an occasion of its own: it may be asked for again.
    """
    Message.objects.create(
        kind=kind,
        occasion=str(uuid4()),
        alert=row if isinstance(row, Alert) else None,
        follower=row if isinstance(row, Follower) else None,
        recipient=row.email,
        language=language,
        next_attempt_at=timezone.now(),
    )


@dataclass(frozen=True)
class Recipient:
    """Whom a message goes to: ``address`` is that of the channel. Of a ``person`` the quiet hours are kept.

    ``contact`` is whose address it is, of an author.
    """

    address: str
    language: str
    person: User | None = None
    contact: AppealContact | None = None
    channel: Message.Channel = Message.Channel.EMAIL


def queue(kind: str, occasion: str, recipients: Iterable[Recipient], at: dt.datetime | None = None) -> None:
    """Queues a message to each recipient who has none of this occasion by the same channel; one insert.

    ``occasion`` names the matter among those of the kind in at most 100 characters. Nothing is sent here, nor before ``at``: called
    in the transaction that brings the matter about.
    """
    at = at or timezone.now()
    Message.objects.bulk_create(
        [
            Message(
                kind=kind,
                occasion=occasion,
                recipient=each.address,
                language=each.language,
                person=each.person,
                contact=each.contact,
                channel=each.channel,
                queued_at=at,
                next_attempt_at=at,
            )
            for each in recipients
        ],
        ignore_conflicts=True,
    )
