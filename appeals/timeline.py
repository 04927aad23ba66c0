"""The events of an appeal as steps that a page shows, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.roles import Role
from appeals.models import Attachment, Event
from appeals.workflow import Verb


@dataclass(frozen=True)
class Step:
    """One event: what happened in one line, who did it (as the public knows them), and what came with it."""

    event: Event
    title: str
    attachments: tuple[Attachment, ...] = ()

    @property
    def is_answer(self) -> bool:
        """True for the words that the service owes the resident."""
        return self.event.verb == Verb.ANSWER


def steps_of(events: Iterable[Event], attachments: Iterable[Attachment] = ()) -> list[Step]:
    """The events in their order as steps; those of the attachments that came with an event are given to it.

    The events come with ``service`` and ``to_service`` selected; no query.
    """
    of_event: dict[int, list[Attachment]] = {}
    for attachment in attachments:
        if attachment.event_id is not None:
            of_event.setdefault(attachment.event_id, []).append(attachment)
    return [Step(event, title_of(event), tuple(of_event.get(event.pk, ()))) for event in events]


def title_of(event: Event) -> str:
    """What happened, in one line of the reader's language."""
    service = event.service.short
    match event.verb, event.actor_role:
        case Verb.SUBMIT, _role:
            return _("Received and given to: %(service)s") % {"service": service}
        case Verb.ACCEPT, _role:
            return _("Taken in progress: %(service)s") % {"service": service}
        case Verb.ANSWER, _role:
            return _("Answered: %(service)s") % {"service": service}
        case Verb.FORWARD, _role:
            to_service = event.to_service.short if event.to_service else ""
            return _("Forwarded: %(service)s → %(to_service)s") % {
                "service": service,
                "to_service": to_service,
            }
        case Verb.CLOSE, Role.RESIDENT:
            return _("Closed by the author: the problem is solved")
        case Verb.CLOSE, _role:
            return _("Closed: %(service)s") % {"service": service}
        case Verb.REOPEN, Role.RESIDENT:
            return _("Reopened by the author: the problem is not solved")
        case Verb.REOPEN, _role:
            return _("Reopened by the Mayor's Office")
        case Verb.HIDE, _role:
            return _("Hidden from the public")
        case Verb.SHOW, _role:
            return _("Shown to the public again")
    return str(event.verb)
