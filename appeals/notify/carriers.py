"""What carries the messages of a channel, and what became of one that it was given."""

from __future__ import annotations

import enum
from collections.abc import Callable, ItemsView
from typing import Protocol

from appeals.models import Message
from appeals.notify.letters import Letter


class Outcome(enum.Enum):
    """What became of a message in its turn."""

    SENT = enum.auto()
    LATER = enum.auto()  #: this one is tried again
    NEVER = enum.auto()  #: this one is refused for good
    AWAY = enum.auto()  #: the server is not there: nothing more can be sent in this round
    LEFT = enum.auto()  #: nothing was sent, as its reader wishes


class Carrier(Protocol):
    """Carries messages in one round of the delivery."""

    def open(self) -> None:
        """Before the first one. Raises ``OSError`` when its server is away: all wait."""
        ...

    def send(self, letter: Letter, recipient: str) -> None:
        """Sends it to the address of the channel; whatever it raises is recorded with the message."""
        ...

    def outcome(self, failure: Exception) -> Outcome:
        """What is to become of a message at which ``send`` raised that."""
        ...

    def close(self) -> None:
        """After the last one."""
        ...


_CARRIERS: dict[Message.Channel, Callable[[], Carrier]] = {}


def carried_by(channel: Message.Channel, make: Callable[[], Carrier]) -> None:
    """Has the channel's messages carried by what ``make`` returns for each round; called from ``AppConfig.ready``."""
    _CARRIERS[channel] = make


def carriers() -> ItemsView[Message.Channel, Callable[[], Carrier]]:
    """What makes the carrier of each channel."""
    return _CARRIERS.items()
