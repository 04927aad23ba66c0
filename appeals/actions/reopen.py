from __future__ import annotations

import datetime as dt
from uuid import UUID

from appeals.actions.change import Actor, changing, required_text
from appeals.models import Appeal
from appeals.workflow import Verb


def reopen(
    appeal_id: UUID, actor: Actor, *, version: int | None, text: str, at: dt.datetime | None = None
) -> Appeal:
    """The appeal back in progress with the reason; the legal term begins anew.

    Raises ``Invalid`` without a reason and what ``changing`` raises.
    """
    words = required_text(text)
    with changing(appeal_id, Verb.REOPEN, actor, version=version, at=at) as change:
        change.text = words
    return change.appeal
