from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from appeals.actions.attachments import attach
from appeals.actions.change import Actor, changing, required_text
from appeals.models import Appeal
from appeals.workflow import Verb


def answer(
    appeal_id: UUID,
    actor: Actor,
    *,
    version: int | None,
    text: str,
    uploads: Sequence[UUID] = (),
    at: dt.datetime | None = None,
) -> Appeal:
    """The appeal with its public answer and the pictures uploaded for it.

    Raises ``Invalid`` (no text, unknown upload) and what ``changing`` raises.
    """
    words = required_text(text)
    with transaction.atomic():
        with changing(appeal_id, Verb.ANSWER, actor, version=version, at=at) as change:
            change.text = words
        attach(uploads, appeal=change.appeal, event=change.event)
    return change.appeal
