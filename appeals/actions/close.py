from __future__ import annotations

import datetime as dt
from uuid import UUID

from appeals.actions.change import Actor, changing
from appeals.models import Appeal
from appeals.workflow import Verb


def close(
    appeal_id: UUID, actor: Actor, *, version: int | None, text: str = "", at: dt.datetime | None = None
) -> Appeal:
    """The answered appeal, closed: by its author who is content, or by the service. Raises what ``changing`` raises."""
    with changing(appeal_id, Verb.CLOSE, actor, version=version, at=at) as change:
        change.text = text.strip()
    return change.appeal
