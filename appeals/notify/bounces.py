"""Letters that came back: what a mail server says of them later, by mail (delivery status notifications, RFC 3464)."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message as Mail
from typing import Final

import structlog
from django.core.signing import BadSignature
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from appeals.models import Message
from appeals.notify.letters import MESSAGE_IDS

log = structlog.get_logger()

#: What is read of a notification: the report stands before the letter that is returned.
BYTES_MAX: Final = 1_000_000

_OURS: Final = re.compile(r"message-(\d{1,18})\.([\w-]{43})@", re.ASCII)
#: Fields in which a notification, or the letter in it, names the letter.
_NAMING: Final = ("Message-ID", "In-Reply-To", "References", "X-Original-Message-ID")
_STATUS: Final = re.compile(r"\s*([245])\.\d{1,3}\.\d{1,3}", re.ASCII)


class Fate(enum.Enum):
    """What became of the letter."""

    REFUSED = enum.auto()  #: for good: its address takes no mail
    GIVEN_UP = enum.auto()  #: after tries that failed for now; another letter may arrive
    ON_ITS_WAY = enum.auto()  #: delivered, passed on, or still being tried


@dataclass(frozen=True)
class Notification:
    """What a delivery status notification says: of which letters of ours (their keys), what, and why."""

    letters: tuple[int, ...]
    fate: Fate
    reason: str


def take_bounce(raw: bytes) -> str:
    """Parks the letter that came back, and its address if that takes no mail; returns what was done, in words.

    What is no notification, or about no letter of ours (their ids are signed, so that nobody parks others' addresses), is
    ignored, and said.
    """
    said = _taken(raw)
    log.info("bounce", said=said)
    return said


def _taken(raw: bytes) -> str:
    notification = read_notification(raw)
    if notification is None:
        return "ignored: it is no delivery status notification (RFC 3464)"
    if not notification.letters:
        return "ignored: it is about no letter that was sent from here"
    return "\n".join(_park(key, notification) for key in notification.letters)


def _park(key: int, notification: Notification) -> str:
    name, reason = f"letter-{key}", notification.reason
    if notification.fate is Fate.ON_ITS_WAY:
        return f"{name} is not given up; nothing was changed: {reason}"
    with transaction.atomic():
        letter = Message.objects.select_for_update().filter(pk=key).first()
        if letter is None:
            return f"ignored: {name} is no more"
        if letter.state != Message.State.SENT:
            return f"{name} is {Message.State(letter.state).value}; nothing was changed: {reason}"
        dead_since = timezone.now() if notification.fate is Fate.REFUSED else None
        _sent_together(letter).update(state=Message.State.PARKED, error=reason, dead_since=dead_since)
    if dead_since is None:
        return f"{name} is parked: {reason}"
    return f"{name} is parked, and its address until a letter to it is tried again: {reason}"


def _sent_together(letter: Message) -> QuerySet[Message]:
    """The row, and of a letter of the day those that it named."""
    if not letter.daily:
        return Message.objects.filter(pk=letter.pk)
    return Message.objects.filter(letter.of_its_day, sent_at=letter.sent_at, state=Message.State.SENT)


def why_dead(recipient: str) -> Message | None:
    """The latest letter for which the address takes no mail; None for an address that takes it."""
    return Message.objects.filter(recipient=recipient, dead_since__isnull=False).order_by("-pk").first()


def read_notification(raw: bytes) -> Notification | None:
    """What the message says; None when it is no delivery status notification."""
    mail = message_from_bytes(raw[:BYTES_MAX])
    parts = list(mail.walk())
    reports = [
        block
        for part in parts
        if part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}
        for block in _blocks(part)
    ]
    actions = [
        (str(block.get("Action", "")).strip().lower(), _status(block), _words(block)) for block in reports
    ]
    known = [each for each in actions if each[0] in _ACTIONS]
    if not known:
        return None
    failed = [each for each in known if each[0] == "failed"]
    refused = [each for each in failed if each[1].startswith("5")]
    fate = Fate.REFUSED if refused else Fate.GIVEN_UP if failed else Fate.ON_ITS_WAY
    return Notification(tuple(dict.fromkeys(_letters(parts))), fate, (refused or failed or known)[0][2])


#: RFC 3464, 2.3.3.
_ACTIONS: Final = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})


def _blocks(part: Mail) -> list[Mail]:
    """The groups of fields of a report: those of the message, then those of each recipient."""
    payload = part.get_payload()
    blocks = [block for block in payload if isinstance(block, Mail)] if isinstance(payload, list) else []
    # The library divides the older type alone into its groups; of the other it takes the first for a message's head.
    rest = [text for block in blocks for text in re.split(r"\r?\n\r?\n", str(block.get_payload())) if text]
    return [*blocks, *map(message_from_string, rest)]


def _status(block: Mail) -> str:
    match = _STATUS.match(str(block.get("Status", "")))
    return match[0].strip() if match else ""


def _words(block: Mail) -> str:
    """Status and what the other server said, printable, short enough for the letter's row."""
    diagnostic = str(block.get("Diagnostic-Code", ""))
    said = diagnostic.partition(";")[2] or diagnostic
    words = ": ".join(filter(None, [_status(block), " ".join(said.split())])) or "no reason is given"
    return "".join(sign for sign in words if sign.isprintable())[:300]


def _letters(parts: list[Mail]) -> Iterator[int]:
    """The keys of the letters of ours that are named, wherever a mail server puts the returned letter's head."""
    for part in parts:
        heads = [part]
        if part.get_content_type() == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            heads.append(message_from_bytes(content if isinstance(content, bytes) else b""))
        named = (str(value) for head in heads for name in _NAMING for value in head.get_all(name, []))
        for key, signature in (found for value in named for found in _OURS.findall(value)):
            try:
                MESSAGE_IDS.unsign(f"{key}:{signature}")
            except BadSignature:
                continue
            yield int(key)
