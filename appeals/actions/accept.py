from __future__ import annotations

import datetime as dt
from uuid import UUID

from appeals.actions.change import Actor, changing
from appeals.models import Appeal
from appeals.workflow import Verb


def accept(appeal_id: UUID, actor: Actor, *, version: int | None, at: dt.datetime | None = None) -> Appeal:
    """The appeal, now in progress. Raises what ``changing`` raises."""
    with changing(appeal_id, Verb.ACCEPT, actor, version=version, at=at) as change:
        pass
    return change.appeal
