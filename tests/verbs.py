"""What the events of any verb keep, so that a new row of the table needs no line of its own."""

from __future__ import annotations

from typing import Any, Final

from appeals.vocabulary import Channel, Input, Verb
from appeals.workflow import Reason

_NAMES: Final = {"ky": "чырак", "ru": "фонарь", "en": "lamp"}
_KEPT: Final[dict[Input, Any]] = {
    Input.GROUND: _NAMES,
    Input.CATEGORY: _NAMES,
    Input.APPEAL: 5,
    Input.RELATED: 6,
    Input.LINKED: 6,
    Input.PART: 6,
    Input.COLLEAGUE: "Somebody",
    Input.DAY: "2026-06-12",
    Input.KIND: "request",
    Input.LEGAL_KIND: "complaint",
    Input.VERDICT: "yes",
}
#: What the steps themselves add.
_ADDED: Final = {
    "answers": _NAMES,
    "channel": Channel.PHONE.value,
    "original": 5,
    "other": 6,
    "reason": Reason.TERM.value,
    "was": "2026-06-01",
    "supporters": 312,
    "threshold": 300,
    "due": "2026-06-08",
    "until": "2026-06-05",
}


def details_of(verb: Verb) -> dict[str, Any]:
    """Every detail that the words of the verb can name."""
    return _ADDED | {ask.name: _KEPT[ask.input] for ask in verb.asks if ask.input in _KEPT}
