"""No sequence of verbs leaves the table: whoever tries whatever, whenever, through the one path of actions."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appeals.actions.perform import perform
from appeals.actors import PLATFORM, Actor, Author, Person
from appeals.deadlines import LegalClock
from appeals.errors import NotAllowed
from appeals.guards import barred, parts_of
from appeals.models import Appeal, AppealContact, Attachment, Event, LegalTerm, RefusalGround
from appeals.vocabulary import OPEN_STATUSES, Input, Outcome, Status, Verb
from appeals.workflow import HIDE, HOLD, IDENTIFY, STAGES, VERBS
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import IN_EAST, GridCity, at

#: It goes the same ways over and over, each of which has its own test:
#: coverage, which would add two thirds to its time, does not count it.
pytestmark = pytest.mark.no_cover

#: A Monday before the holidays of May.
BEGAN = dt.datetime(2026, 4, 20, 6, 0, tzinfo=dt.UTC)

DEEDS = [verb for verb in VERBS.values() if verb.sources]


def named(appeal: Appeal) -> bool:
    """True when its author is known as the law wants it."""
    return bool(AppealContact.objects.get(appeal=appeal).postal_address)


def what_it_asks_for(verb: Verb, appeal: Appeal, city: GridCity, moment: dt.datetime) -> dict[str, Any]:
    """Inputs that are right for the appeal as it is, so that the table alone decides."""
    files = Attachment.objects.filter(appeal=appeal)
    other = "roads" if appeal.service == city.services["light"] else "light"
    values = {
        Input.TEXT: lambda: "Some words",
        Input.WORDS: lambda: next((word for word in appeal.text.split() if len(word) > 3), "words"),
        Input.SERVICE: lambda: city.services[other],
        Input.SHOWN_FILE: lambda: files.filter(hidden=False).values_list("pk", flat=True).first(),
        Input.HIDDEN_FILE: lambda: files.filter(hidden=True).values_list("pk", flat=True).first(),
        Input.GROUND: lambda: RefusalGround.objects.get(),
        Input.APPEAL: lambda: Appeal.objects.exclude(pk=appeal.pk).filter(hidden=False)[0].number,
        Input.CATEGORY: lambda: city.categories[
            "pothole" if appeal.category == city.categories["lamp"] else "lamp"
        ],
        Input.RELATED: lambda: AppealFactory(category=city.categories["lamp"]).number,
        Input.LINKED: lambda: appeal.linked.values_list("number", flat=True).first(),
        Input.PART: lambda: parts_of(appeal).values_list("number", flat=True).first(),
        Input.SECOND_CATEGORY: lambda: city.categories["tree"],
        Input.DAY: lambda: (moment + dt.timedelta(days=9)).date(),
        Input.LEGAL_KIND: lambda: "complaint",
        # Whose author is named in full stays an appeal under the law.
        Input.KIND: lambda: (
            "report" if not named(appeal) else "request" if appeal.kind == "complaint" else "complaint"
        ),
        Input.VERDICT: lambda: "no",
    }
    if verb is IDENTIFY:
        return {"kind": "complaint", "name": "Бакыт Эсенов", "postal_address": "5 Lenin street"}
    return {ask.name: values[ask.input]() for ask in verb.asks if ask.input in values}


def is_lawful(appeal: Appeal, clock: LegalClock) -> None:
    events = list(Event.objects.filter(appeal=appeal).order_by("version"))
    assert [event.version for event in events] == list(range(1, appeal.version + 1))
    before_it_was_closed = ""
    for before, after in itertools.pairwise(events):
        verb = VERBS[after.verb]
        assert after.from_status == before.to_status and after.from_status in verb.sources
        if verb.returns:
            assert after.to_status in {before_it_was_closed, verb.target}
        else:
            assert after.to_status == (verb.target or after.from_status)
        if after.to_status == Status.CLOSED and after.from_status != Status.CLOSED:
            before_it_was_closed = after.from_status
    assert events[-1].to_status == appeal.status
    waits = appeal.status == Status.WAITING
    assert (appeal.reply_by is not None) == waits
    assert appeal.remind_on is None or waits
    assert len(appeal.pauses) % 2 == 0 and appeal.pauses == sorted(appeal.pauses)
    assert (appeal.planned_on is not None) == (appeal.status == Status.PLANNED)
    assert not appeal.outcome or appeal.status == Status.CLOSED
    assert (appeal.duplicate_of is not None) == (appeal.outcome in {Outcome.DUPLICATE, Outcome.JOINED})
    assert appeal.warned in {0, *STAGES.values()}
    if appeal.status in OPEN_STATUSES:
        assert appeal.answered_at is None and appeal.closed_at is None
        assert appeal.due_on == clock.due_on(
            appeal.kind,
            appeal.term_began,
            extended_days=appeal.extended_days,
            pauses=appeal.pauses,
            category=appeal.category_id,
        )


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(DEEDS), st.integers(0, 200), st.booleans()),
        min_size=8,
        max_size=24,
    )
)
# What waits to be looked at is hidden for good, which chance comes to in one run of many.
@example(steps=[(4, HOLD, 0, False), (1, HIDE, 0, False)])
@settings(max_examples=50)
@pytest.mark.django_db
def test_whoever_tries_whatever(
    city: GridCity, service_actor: Person, office_actor: Person, steps: list[tuple[int, Verb, int, bool]]
) -> None:
    LegalTerm.objects.update(extension_days=5)
    RefusalGround.objects.get_or_create(code="x", defaults={"name": "x", "law": "x"})
    lamp = {"category": city.categories["lamp"], "point": at(IN_EAST), "submitted_at": BEGAN}
    AppealFactory(**lamp)
    appeal = AppealFactory(**lamp)
    # Films: areas of a photo, which change nothing that is looked at here, would have a picture made at every other step.
    for hidden in (False, True):
        AttachmentFactory(appeal=appeal, hidden=hidden, kind=Attachment.Kind.VIDEO)
    stranger = Author(AppealFactory(**lamp).pk)
    actors: list[Actor] = [service_actor, office_actor, Author(appeal.pk), stranger, PLATFORM]
    clock, moment = LegalClock.read(), BEGAN
    appeal = Appeal.objects.get(pk=appeal.pk)
    for who, drawn, hours, lawful in steps:
        moment += dt.timedelta(hours=hours)
        actor, verb = actors[who], drawn
        role, not_met = actor.role_towards(appeal), barred(appeal, DEEDS, moment, clock)
        may = [
            each
            for each in DEEDS
            if each.allows(appeal.status, role, hidden=appeal.hidden, held=appeal.is_held, barred=not_met)
        ]
        if lawful and may:
            # Chance alone seldom gets far: every other step is one of those that may be taken, of the author's and the
            # platform's too.
            verb = may[DEEDS.index(drawn) % len(may)]
        asked = what_it_asks_for(verb, appeal, city, moment)
        before = appeal
        try:
            perform(appeal.pk, verb, actor, version=appeal.version, at=moment, **asked)
        except NotAllowed:
            assert verb not in may, (verb, before.status)
            appeal = Appeal.objects.get(pk=before.pk)
            assert appeal.version == before.version
        else:
            assert verb in may, (verb, before.status)
            appeal = Appeal.objects.get(pk=before.pk)
        is_lawful(appeal, clock)
