"""What happened to an appeal: who took it, when it was answered, whether the resident was satisfied."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass

from data.demo.clock import office_time, waking_time
from data.demo.ground import Ground
from data.demo.model import DemoStep

_USUAL_DAYS = 6.0
_SPREAD = 0.55
_FORWARDED = 0.05
_CLOSED = 0.74
_REOPENED = 0.045
_RATED, _SATISFIED = 0.3, 0.72
#: Shares of those of the last days that nobody has taken up or answered yet, whose term still runs.
_WAITING, _IN_WORK, _WAITING_DAYS = 0.7, 0.6, 13
#: Shares of older ones that lie forgotten until the Mayor's Office comes to them: not taken up, and taken up but not
#: answered. With the cube of its pace, a slow service forgets far more than others.
_LOST, _UNANSWERED, _LOST_DAYS = 0.012, 0.01, 100


@dataclass(frozen=True)
class Pen:
    """Writes the texts of the steps."""

    language: str
    words: Mapping[str, str]
    own_answers: tuple[str, ...]
    group_answers: tuple[str, ...]
    life: Mapping[str, tuple[str, ...]]

    def note(self, verb: str, at: dt.datetime, chance: random.Random, **more: str) -> str:
        """A short note for a step; if it promises a date, that is some days ahead."""
        until = office_time(at, chance.uniform(1, 4), chance)
        return chance.choice(self.life[verb]).format(until=_date(until), **more)

    def answer(self, since: dt.datetime, at: dt.datetime, chance: random.Random) -> str:
        """An answer at ``at`` to what was written at ``since``; usually one specific to the category."""
        done = max(since, at - dt.timedelta(days=chance.randint(0, 3)))
        until = office_time(at, chance.uniform(4, 22), chance)
        line = chance.choice(self.own_answers if chance.random() < 0.75 else self.group_answers)
        text = line.format(**self.words, done=_date(done), until=_date(until))
        return text[0].upper() + text[1:]


def history(
    ground: Ground,
    service: str,
    may_forward_to: tuple[str, ...],
    submitted_at: dt.datetime,
    end: dt.datetime,
    pen: Pen,
    chance: random.Random,
) -> tuple[DemoStep, ...]:
    """The steps before ``end``, in order."""
    return tuple(
        step
        for step in _whole(ground, service, may_forward_to, submitted_at, end, pen, chance)
        if step.at < end
    )


def _whole(
    ground: Ground,
    service: str,
    may_forward_to: tuple[str, ...],
    submitted_at: dt.datetime,
    end: dt.datetime,
    pen: Pen,
    chance: random.Random,
) -> list[DemoStep]:
    """The complete history, ignoring the end date."""
    steps: list[DemoStep] = []
    pace = ground.scenes["pace"].get(service, 1.0)
    age_days = (end - submitted_at).days
    lost, unanswered = _WAITING, _IN_WORK
    if age_days >= _WAITING_DAYS:
        forgetful = pace**3 if age_days < _LOST_DAYS else 0.0
        lost, unanswered = _LOST * forgetful, _UNANSWERED * forgetful
    if chance.random() < lost:
        return steps
    at = submitted_at
    if may_forward_to and chance.random() < _FORWARDED:
        target = chance.choice([code for code in may_forward_to if code != service] or [service])
        if target != service:
            at = office_time(at, chance.uniform(0.1, 2.5), chance)
            short = str(ground.services[target][f"short_{pen.language}"])
            steps.append(DemoStep("forward", at, pen.note("forward", at, chance, service=short), target))
            service = target
    at = office_time(at, _accept_days(chance), chance)
    steps.append(DemoStep("accept", at, pen.note("accept", at, chance) if chance.random() < 0.6 else ""))
    if chance.random() < unanswered:
        return steps
    pace = ground.scenes["pace"].get(service, 1.0)
    days = _USUAL_DAYS * pace * chance.lognormvariate(0, _SPREAD)
    at = max(office_time(submitted_at, days, chance), at + dt.timedelta(hours=chance.uniform(1, 30)))
    at = office_time(at, 0, chance)
    steps.append(DemoStep("answer", at, pen.answer(submitted_at, at, chance)))
    if chance.random() < _REOPENED:
        if chance.random() < 0.4:
            at = waking_time(at, chance.uniform(0.5, 4), chance)
            steps.append(DemoStep("close", at, ""))
        at = waking_time(at, chance.uniform(1.5, 9), chance)
        steps.append(DemoStep("reopen", at, pen.note("reopen", at, chance)))
        reopened_at = at
        at = office_time(at, _USUAL_DAYS * pace * 0.7 * chance.lognormvariate(0, _SPREAD), chance)
        steps.append(DemoStep("answer", at, pen.answer(reopened_at, at, chance)))
    if chance.random() < _CLOSED:
        at = waking_time(at, chance.expovariate(1 / 6) + 0.3, chance)
        steps.append(DemoStep("close", at, pen.note("close", at, chance) if chance.random() < 0.45 else ""))
    # Chances of their own: what else is invented does not depend on it.
    rating = random.Random(f"rating {submitted_at.isoformat()}")
    if rating.random() < _RATED:
        at = waking_time(at, rating.uniform(0.1, 3), rating)
        steps.append(DemoStep("rate", at, "", satisfied="yes" if rating.random() < _SATISFIED else "no"))
    return steps


def _accept_days(chance: random.Random) -> float:
    """Working days until somebody takes it up: usually the same day, sometimes a week."""
    kind = chance.random()
    if kind < 0.65:
        return chance.uniform(0.05, 0.9)
    return chance.uniform(1, 3) if kind < 0.93 else chance.uniform(3, 8)


def _date(at: dt.datetime) -> str:
    return at.strftime("%d.%m.%Y")
