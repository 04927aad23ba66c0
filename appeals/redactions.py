"""Words that are taken out of an appeal's public texts, and what the Mayor's Office sees of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from appeals.models import Appeal, Event, Redaction
from appeals.workflow import AMEND, VERBS

#: What stands in the place of words that were taken out.
GAP: Final = "[…]"


@dataclass(frozen=True)
class Replacement:
    """A public text and what it becomes; of the appeal itself without an event."""

    event: Event | None
    field: Redaction.Field
    before: str
    after: str


@dataclass(frozen=True)
class Redacted:
    """What a moderation, or the author, did to a text: ``pieces`` of the fuller one, each with whether the other lacks it."""

    redaction: Redaction
    puts_back: bool
    by_author: bool
    pieces: tuple[tuple[str, bool], ...]


def is_redacted(appeal: Appeal) -> bool:
    """True when words of it are taken out now; one query."""
    codes = [verb.code for verb in VERBS.values() if verb.redacts is not None]
    last = Event.objects.filter(appeal=appeal, verb__in=codes).order_by("-version").first()
    return last is not None and bool(VERBS[last.verb].redacts)


def without(appeal: Appeal, pieces: Iterable[str]) -> tuple[list[Replacement], list[str]]:
    """The public texts of the appeal in which one of the pieces stands, and the pieces that stand nowhere.

    Letters of either case are the same, and so is any white space between words.
    """
    texts = _public_texts(appeal)
    patterns, nowhere = list[re.Pattern[str]](), list[str]()
    # The longest first: a shorter piece may be a part of it.
    for piece in sorted(pieces, key=len, reverse=True):
        pattern = re.compile(r"\s+".join(map(re.escape, piece.split())), re.IGNORECASE)
        if piece != GAP and any(pattern.search(text) for _event, _field, text in texts):
            patterns.append(pattern)
        else:
            nowhere.append(piece)
    found = []
    for event, field, text in texts:
        after = text
        for pattern in patterns:
            after = pattern.sub(GAP, after)
        if after != text:
            found.append(Replacement(event, field, text, after))
    return found, nowhere


def as_written(appeal: Appeal) -> list[Replacement]:
    """The texts of the appeal out of which words were taken, with what was written at first."""
    first: dict[tuple[int | None, str], str] = {}
    for redaction in _of(appeal).exclude(event__verb=AMEND.code):
        first.setdefault((redaction.of_event_id, redaction.field), redaction.before)
    return [
        Replacement(event, field, text, first[key])
        for event, field, text in _public_texts(appeal)
        if (key := (event.pk if event else None, field)) in first and text != first[key]
    ]


def redactions_of(appeal: Appeal) -> list[Redacted]:
    """Every change of the appeal's texts by a moderation or its author, in their order. For the Mayor's Office alone."""
    found = []
    for redaction in _of(appeal).select_related("event__actor", "of_event"):
        verb = VERBS[redaction.event.verb]
        puts_back = verb.redacts is False
        texts = redaction.before, redaction.after
        fuller, other = reversed(texts) if puts_back else texts
        found.append(Redacted(redaction, puts_back, verb.amends, tuple(_pieces(fuller, other))))
    return found


def _pieces(fuller: str, other: str) -> Iterator[tuple[str, bool]]:
    """The fuller text in pieces: what stands in the other one too, and what a gap stands for there.

    Each piece is where it comes first behind the one before it. Looked for by hand: an author may write as many gaps as a text
    has room for, and an expression would try them all against each other.
    """
    first, *rest = other.split(GAP)
    *between, last = rest or [first]
    found, at = [(first, False)], len(first)
    ends = len(fuller) - len(last)
    for piece in between:
        begins = fuller.find(piece, at)
        if begins < 0:
            break
        found += [(fuller[at:begins], True), (piece, False)]
        at = begins + len(piece)
    else:
        if fuller.startswith(first) and fuller.endswith(last) and (at <= ends if rest else fuller == first):
            found += [(fuller[at:ends], True), (last, False)] if rest else []
            yield from ((piece, gone and piece != GAP) for piece, gone in found if piece)
            return
    yield fuller, True


def _of(appeal: Appeal) -> QuerySet[Redaction]:
    return Redaction.objects.filter(event__appeal=appeal).order_by("pk")


def _public_texts(appeal: Appeal) -> list[tuple[Event | None, Redaction.Field, str]]:
    own: list[tuple[Event | None, Redaction.Field, str]] = [
        (None, Redaction.Field.TEXT, appeal.text),
        (None, Redaction.Field.ADDRESS, appeal.address),
    ]
    events = Event.objects.filter(appeal=appeal, public=True).exclude(text="").order_by("version")
    return [*own, *((event, Redaction.Field.TEXT, event.text) for event in events)]
