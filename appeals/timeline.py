"""The events of an appeal as steps that a page shows, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import get_language

from accounts.roles import Role
from appeals.models import Attachment, Event
from appeals.vocabulary import Kind
from appeals.workflow import CHANNELS, GIVEN_BACK, REASONS, VERBS, VERDICTS
from config.city import CITY


@dataclass(frozen=True)
class Step:
    """One event: what happened in one line, who did it (as the public knows them), and what came with it."""

    event: Event
    title: str
    attachments: tuple[Attachment, ...] = ()

    @property
    def is_answer(self) -> bool:
        """True for the words that the service owes the resident, and for what was added to them."""
        return VERBS[self.event.verb].speaks

    @property
    def supplements(self) -> bool:
        """True for what was added to an answer."""
        return VERBS[self.event.verb].supplements

    @property
    def by_office(self) -> bool:
        """True for what the Mayor's Office did, whichever service the appeal was with."""
        return self.event.actor_role == Role.OFFICE

    @property
    def by(self) -> str:
        """Full name of who did it in the public's eyes: the service, or the Mayor's Office."""
        return _office() if self.by_office else self.event.service.name


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
    words = VERBS[event.verb].words_for(event.actor_role)
    details = {name: _in_words(value) for name, value in event.details.items()}
    if reason := REASONS.get(event.details.get("reason", "")):
        details["reason"] = str(reason) % details
    if channel := CHANNELS.get(event.details.get("channel", "")):
        details["channel"] = str(channel)
    if (kind := event.details.get("kind")) in Kind.values:
        details["kind"] = str(Kind(kind).label)
    if verdict := VERDICTS.get(event.details.get("satisfied", "")):
        details["satisfied"] = str(verdict)
    follows = (
        words.instead if {"chosen", GIVEN_BACK} & {*details} else words.moved if event.to_service else ""
    )
    step = f"{words.step}. {follows}" if follows else str(words.step)
    return step % {
        **details,
        "by": _office() if event.actor_role == Role.OFFICE else event.service.short,
        "service": event.service.short,
        "to_service": event.to_service.short if event.to_service else "",
    }


def _office() -> str:
    language = get_language() or CITY.default_language
    return CITY.office.get(language) or CITY.office[CITY.default_language]


def _in_words(detail: object) -> str:
    """A detail as a reader writes it: days are kept as ISO 8601, words of the city by language."""
    if isinstance(detail, dict):
        return str(detail.get(get_language()) or detail.get(CITY.default_language, ""))
    # The number of an appeal, such as 20260531, is no day.
    if not isinstance(detail, str) or len(detail) != len("2026-05-31"):
        return str(detail)
    try:
        return date_format(dt.date.fromisoformat(detail), "DATE_FORMAT")
    except ValueError:
        return detail
