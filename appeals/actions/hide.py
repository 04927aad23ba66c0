from __future__ import annotations

import datetime as dt
from uuid import UUID

from appeals.actions.change import Actor, changing, required_text
from appeals.models import Appeal
from appeals.workflow import Verb


def hide(
    appeal_id: UUID, actor: Actor, *, version: int | None, text: str, at: dt.datetime | None = None
) -> Appeal:
    """The appeal, gone from everything public; the reason is kept for the staff.

    Raises ``Invalid`` without a reason and what ``changing`` raises.
    """
    words = required_text(text)
    with changing(appeal_id, Verb.HIDE, actor, version=version, at=at) as change:
        change.text, change.public = words, False
    return change.appeal


def show(appeal_id: UUID, actor: Actor, *, version: int | None, at: dt.datetime | None = None) -> Appeal:
    """The hidden appeal, public again: undoes ``hide``. Raises what ``changing`` raises."""
    with changing(appeal_id, Verb.SHOW, actor, version=version, at=at) as change:
        change.public = False
    return change.appeal
