"""What another system says today of an appeal that was imported from it before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils import timezone

from accounts.roles import Role
from appeals.importing.drafts import Draft, Reason, RowRefused, Step
from appeals.importing.history import take_step, write_on
from appeals.models import Appeal, Event
from appeals.workflow import ANSWER, ANSWERED_ELSEWHERE, CLOSE, VERBS
from geo.words import trimmed

#: How a source says that it was answered.
_ANSWERS = (ANSWER, ANSWERED_ELSEWHERE)


@dataclass
class Known:
    """An imported appeal: the steps that its source reported, and whether anybody has changed it here since."""

    appeal: Appeal
    steps: list[Step] = field(default_factory=list)
    changed_here: bool = False

    def news(self, draft: Draft) -> list[Step]:
        """The steps that its source has taken since, in order; none when the row says what was imported.

        What an appeal itself says never changes, and a step that was taken is not taken back. Raises ``RowRefused``
        where the row says so, and where there is news of an appeal that goes on here.
        """
        if different := self._differences(draft):
            raise RowRefused(Reason.DIFFERS, f"{', '.join(different)}: not as it was imported")
        news = _news(self.steps, draft.steps)
        if news and self.changed_here:
            raise RowRefused(
                Reason.CHANGED_HERE, f"it is {self.appeal.status} here; the row says {draft.status.value}"
            )
        return news

    def _differences(self, draft: Draft) -> list[str]:
        appeal, sent = self.appeal, draft.submission
        compared = {
            "created": (appeal.submitted_at, draft.at),
            "kind": (appeal.kind, sent.kind),
            "category": (appeal.category_id, sent.category.pk),
            # What is not drawn was kept once.
            "text": (trimmed(appeal.text), sent.text),
            "address": (trimmed(appeal.address), sent.address),
            "place": (appeal.point.coords, sent.point.coords),
        }
        return [name for name, (stored, said) in compared.items() if stored != said]


def _news(taken: Sequence[Step], said: Sequence[Step]) -> list[Step]:
    before, now = _end(taken), _end(said)
    if not before and not now:
        if taken and not said:
            raise RowRefused(Reason.DIFFERS, "it was in progress and is new again, without a date for it")
        return [step for step in said if step not in taken]
    # A source that has one date for both says when an appeal was answered only until it is closed.
    if not before or (now and before[-1].verb in _ANSWERS and _closed_since(before[0], now)):
        return now[len(before) :]
    if now and (before[0].text, before[-1].verb, before[-1].at) == (now[0].text, now[-1].verb, now[-1].at):
        return []
    raise RowRefused(Reason.DIFFERS, f"it was {_in_words(before)}; the row says: {_in_words(now)}")


def _end(steps: Iterable[Step]) -> list[Step]:
    """The answer and the closing. Where there is one, a source no longer says when the appeal was in progress."""
    return [step for step in steps if step.verb in (*_ANSWERS, CLOSE)]


def _closed_since(answer: Step, now: Sequence[Step]) -> bool:
    return now[-1].verb is CLOSE and now[0].text == answer.text and now[-1].at >= answer.at


def _in_words(steps: Sequence[Step]) -> str:
    words = {ANSWER: "answered", ANSWERED_ELSEWHERE: "answered without a text", CLOSE: "closed"}
    # As the file has them: in the city's time.
    moments = [
        (words[step.verb], timezone.localtime(step.at, timezone.get_default_timezone())) for step in steps
    ]
    return ", ".join(f"{word} {at:%Y-%m-%d %H:%M}" for word, at in moments) or "open"


def known_by_number(source: str, numbers: Iterable[str]) -> dict[str, Known]:
    """The appeals that were imported from the source under these numbers; two statements."""
    appeals = Appeal.objects.filter(source=source, external_id__in=list(numbers))
    found = {appeal.pk: Known(appeal) for appeal in appeals}
    events = Event.objects.filter(appeal__in=found, version__gt=1).order_by("appeal", "version")
    for appeal_id, verb, at, text, role in events.values_list(
        "appeal_id", "verb", "at", "text", "actor_role"
    ):
        if VERBS[verb].quiet:
            continue  # no step of the source's: the platform's own, of its clock
        if role == Role.SYSTEM:
            found[appeal_id].steps.append(Step(VERBS[verb], at, text))
        else:
            found[appeal_id].changed_here = True
    return {known.appeal.external_id: known for known in found.values()}


def write_news(news: Sequence[tuple[Known, list[Step]]]) -> set[UUID]:
    """Takes the steps, inside the caller's transaction; the keys of the appeals that somebody has just changed here.

    Of these nothing is written.
    """
    versions = {known.appeal.pk: known.appeal.version for known, _steps in news}
    locked = Appeal.objects.select_for_update(of=("self",)).order_by("pk").in_bulk(versions)
    appeals, events = [], []
    for known, steps in news:
        appeal = locked[known.appeal.pk]
        if appeal.version == versions.pop(appeal.pk):
            events += [take_step(appeal, step.verb, step.at, text=step.text) for step in steps]
            appeals.append(appeal)
    write_on(appeals, events)
    return set(locked) - {appeal.pk for appeal in appeals}
