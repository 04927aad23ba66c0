from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.utils.translation import gettext as _

from appeals.actions.change import Actor, changing, required_text
from appeals.errors import Invalid
from appeals.models import Appeal
from appeals.workflow import Verb
from districts.models import Service


def forward(
    appeal_id: UUID,
    actor: Actor,
    *,
    version: int | None,
    to_service: Service,
    text: str,
    at: dt.datetime | None = None,
) -> Appeal:
    """The appeal with another service, new there; the legal term runs on, and the reason is public.

    Raises ``Invalid`` (no reason, the same or an inactive service) and what ``changing`` raises.
    """
    words = required_text(text)
    if not to_service.active:
        raise Invalid({"to_service": [_("This service takes no appeals any more.")]})
    with changing(appeal_id, Verb.FORWARD, actor, version=version, at=at) as change:
        if to_service.pk == change.appeal.service_id:
            raise Invalid({"to_service": [_("The appeal is with this service already.")]})
        change.text, change.to_service = words, to_service
    return change.appeal
