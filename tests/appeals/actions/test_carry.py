"""A proposal that enough people support: the city owes an answer in public, from then on and once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from appeals.actions.carry import carry_supported
from appeals.actions.perform import perform
from appeals.actions.support import forget_supports_at, join_supports, support, take_back
from appeals.actors import PLATFORM, Person
from appeals.deadlines import LegalClock, city_day
from appeals.dossier import dossier_of
from appeals.due import DueState, due_of
from appeals.errors import NotAllowed
from appeals.gathering import GatheringState, Thresholds, gathering_of, in_state
from appeals.models import Appeal, AppealContact, Event, Message, Support, SupportThreshold
from appeals.timeline import title_of
from appeals.vocabulary import Kind, Status
from appeals.workflow import ANSWER, CARRY, CLOSE, CORRECT, DUPLICATE, HIDE, RECLASSIFY, SEPARATE, SHOW
from tests.grid import IN_WEST, GridCity

NOW = timezone.now()


def say(appeal: Appeal, *people: int) -> None:
    for person in people:
        support(appeal, f"{person:043d}", sender="1.2.3.4")


def again(appeal: Appeal) -> Appeal:
    return Appeal.objects.get(pk=appeal.pk)


def state(appeal: Appeal, at: dt.datetime | None = None) -> GatheringState:
    """Of the appeal by itself, and of the list of that state."""
    today, thresholds = city_day(at or timezone.now()), Thresholds.read()
    gathering = gathering_of(again(appeal), thresholds, today)
    assert gathering is not None
    found = [
        each
        for each in GatheringState
        if Appeal.objects.proposals().filter(in_state(each, thresholds, today), pk=appeal.pk).exists()
    ]
    assert found == [gathering.state]
    return gathering.state


@pytest.fixture
def proposal(make: Callable[..., Appeal]) -> Callable[..., Appeal]:
    SupportThreshold.objects.create(voices=2, days=30)
    return lambda **fields: make(kind=Kind.RECOMMENDATION, **fields)


def test_the_voice_that_is_enough(
    proposal: Callable[..., Appeal], city: GridCity, office_actor: Person
) -> None:
    appeal = proposal(submitted_at=NOW - dt.timedelta(days=20), due_on=city_day(NOW) - dt.timedelta(days=3))
    AppealContact.objects.update(email="a@mail.example", email_proven=True)
    say(appeal, 1, 1)
    assert (again(appeal).supporters, state(appeal)) == (1, GatheringState.GATHERING)
    assert not Event.objects.filter(verb="carry").exists()
    say(appeal, 2)
    (event,) = Event.objects.filter(verb="carry").select_related("service", "to_service")
    carried = again(appeal)
    due_on = LegalClock.read().due_on(Kind.RECOMMENDATION, event.at)
    assert (carried.status, carried.service, carried.due_on) == ("new", city.services["office"], due_on)
    assert (carried.supported_at, carried.threshold) == (event.at, 2)
    assert (event.actor_role, event.public) == ("system", True)
    assert "(2 of 2)" in title_of(event)
    letters = Message.objects.filter(event=event).values_list("audience", "recipient")
    assert set(letters) == {("author", "a@mail.example"), ("service", "office@city.example")}
    # Who comes later is counted too, and nothing happens again.
    say(appeal, 3)
    assert (again(appeal).supporters, state(appeal)) == (3, GatheringState.AWAITED)
    assert carry_supported() == 0
    # What is said of days is counted from where the due date is: and that the earlier one had passed is not forgotten.
    assert dossier_of(again(appeal), AnonymousUser(), internal=False).missed == appeal.due_on
    perform(appeal.pk, ANSWER, office_actor, version=None, text="Yes.")
    due = due_of(again(appeal), LegalClock.read().calendar, city_day(timezone.now()))
    assert (due.state, due.words) == (DueState.IN_TIME, "Answered the day the term began anew")


def test_what_was_reached_nothing_takes_back(
    proposal: Callable[..., Appeal], office_actor: Person, city: GridCity
) -> None:
    appeal = proposal()
    say(appeal, 1, 2)
    take_back(appeal, f"{1:043d}")
    SupportThreshold.objects.update(voices=50, days=1)
    assert (again(appeal).supporters, state(appeal)) == (1, GatheringState.AWAITED)
    assert again(appeal).threshold == 2
    perform(appeal.pk, ANSWER, office_actor, version=None, text="It will be done")
    assert state(appeal) == GatheringState.ANSWERED
    with pytest.raises(NotAllowed):
        say(appeal, 4)


def test_a_voice_taken_back_does_not_count(proposal: Callable[..., Appeal]) -> None:
    appeal = proposal()
    say(appeal, 1)
    take_back(appeal, f"{1:043d}")
    say(appeal, 2)
    assert (again(appeal).supporters, state(appeal)) == (1, GatheringState.GATHERING)


def test_answered_by_the_service_it_goes_on_gathering(
    proposal: Callable[..., Appeal], service_actor: Person
) -> None:
    appeal = proposal()
    perform(appeal.pk, ANSWER, service_actor, version=None, text="No")
    perform(appeal.pk, CLOSE, service_actor, version=None)
    say(appeal, 1, 2)
    carried = again(appeal)
    assert (carried.status, carried.answered_at, carried.closed_at) == ("new", None, None)
    assert Event.objects.get(verb="carry").details["due"] == carried.due_on.isoformat()


def test_only_proposals_gather_and_only_what_is_considered(
    proposal: Callable[..., Appeal], make: Callable[..., Appeal], office_actor: Person
) -> None:
    report, hidden = make(kind=Kind.REPORT), proposal()
    say(report, 1, 2, 3)
    assert (again(report).supporters, again(report).supported_at) == (3, None)
    say(hidden, 1)
    perform(hidden.pk, HIDE, office_actor, version=None, text="Names")
    with pytest.raises(NotAllowed):
        say(hidden, 2)
    refused = proposal()
    Appeal.objects.filter(pk=refused.pk).update(status=Status.CLOSED, outcome="refused", supporters=9)
    assert state(refused) == GatheringState.OVER
    with pytest.raises(NotAllowed):
        say(refused, 1)
    assert carry_supported() == 0


def test_the_term_for_gathering(proposal: Callable[..., Appeal], city: GridCity) -> None:
    SupportThreshold.objects.create(voices=2, days=0, district=city.districts["west"])
    late, last = (proposal(submitted_at=NOW - dt.timedelta(days=days)) for days in (31, 30))
    endless = proposal(submitted_at=NOW - dt.timedelta(days=2000), district=city.districts["west"])
    nowhere = proposal(submitted_at=NOW - dt.timedelta(days=31), district=None)
    assert [state(each) for each in (late, last, endless, nowhere)] == [
        GatheringState.OVER,
        GatheringState.GATHERING,
        GatheringState.GATHERING,
        GatheringState.OVER,
    ]
    with pytest.raises(NotAllowed):
        say(late, 1)
    Appeal.objects.update(supporters=5)
    assert carry_supported() == 2


def test_a_territory_has_its_own_threshold(proposal: Callable[..., Appeal], city: GridCity) -> None:
    SupportThreshold.objects.create(voices=1, district=city.districts["west"])
    east, west = proposal(district=city.districts["east"]), proposal(district=city.districts["west"])
    say(east, 1)
    say(west, 1)
    assert [state(each) for each in (east, west)] == [GatheringState.GATHERING, GatheringState.AWAITED]
    # The Mayor's Office asks for less: the next round finds what has come to it.
    SupportThreshold.objects.filter(district=None).update(voices=1)
    assert (carry_supported(), carry_supported()) == (1, 0)
    assert state(east) == GatheringState.AWAITED


def test_without_a_row_the_default_holds(make: Callable[..., Appeal]) -> None:
    appeal = make(kind=Kind.RECOMMENDATION)
    say(appeal, 1)
    gathering = gathering_of(again(appeal), Thresholds.read(), city_day(NOW))
    assert gathering is not None
    assert (gathering.tally, gathering.counted) == ("1 of 300 voices", 1)


def test_repetitions_bring_their_supporters(proposal: Callable[..., Appeal], service_actor: Person) -> None:
    SupportThreshold.objects.update(voices=3)
    first, second = proposal(), proposal()
    say(first, 1, 2)
    say(second, 2, 3)
    perform(second.pk, DUPLICATE, service_actor, version=None, original=first.number)
    assert (again(first).supporters, again(second).supporters) == (3, 2)
    assert carry_supported() == 1
    assert state(first) == GatheringState.AWAITED
    # By itself again it has its own alone, and what the other has come to stays.
    perform(second.pk, SEPARATE, service_actor, version=None)
    assert (again(first).supporters, state(first), state(second)) == (
        2,
        GatheringState.AWAITED,
        GatheringState.GATHERING,
    )


def test_what_is_owed_to_a_repetition_is_owed_to_what_it_repeats(
    proposal: Callable[..., Appeal], office_actor: Person
) -> None:
    owed, other = proposal(), proposal()
    say(owed, 1, 2)
    SupportThreshold.objects.update(voices=100)
    perform(owed.pk, DUPLICATE, office_actor, version=None, original=other.number)
    assert carry_supported() == 1
    assert (state(owed), state(other)) == (GatheringState.OVER, GatheringState.AWAITED)


def test_what_becomes_a_proposal_or_comes_into_another_territory(
    proposal: Callable[..., Appeal], make: Callable[..., Appeal], office_actor: Person, city: GridCity
) -> None:
    SupportThreshold.objects.create(voices=1, district=city.districts["west"])
    complaint, moved = make(kind=Kind.COMPLAINT), proposal()
    say(complaint, 1, 2)
    say(moved, 1)
    assert carry_supported() == 0
    perform(complaint.pk, RECLASSIFY, office_actor, version=None, kind="recommendation", text="An idea")
    perform(moved.pk, CORRECT, office_actor, version=None, point=IN_WEST, text="There")
    assert carry_supported() == 2


@pytest.mark.django_db(transaction=True)
def test_two_at_once_bring_it_over_once(proposal: Callable[..., Appeal]) -> None:
    appeal = proposal()

    def one(person: int) -> None:
        try:
            say(appeal, person)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(one, range(4)))
    assert (again(appeal).supporters, Event.objects.filter(verb="carry").count()) == (4, 1)
    assert Support.objects.count() == 4


def test_people_that_turn_out_to_be_one_and_who_is_forgotten_are_counted_again(
    proposal: Callable[..., Appeal],
) -> None:
    SupportThreshold.objects.update(voices=9)
    appeal, email = proposal(), "a@mail.example"
    support(appeal, "p" * 43, sender="1.2.3.4")
    support(appeal, "c" * 43, sender="1.2.3.4", email=email)
    assert again(appeal).supporters == 2
    join_supports("p" * 43, email)
    assert again(appeal).supporters == 1
    forget_supports_at(email)
    assert again(appeal).supporters == 0


def test_what_is_hidden_comes_to_nothing_until_it_is_shown(
    proposal: Callable[..., Appeal], office_actor: Person
) -> None:
    appeal = proposal(hidden=True, supporters=2)
    with pytest.raises(NotAllowed):
        perform(appeal.pk, CARRY, PLATFORM, version=None)
    assert carry_supported() == 0
    perform(appeal.pk, SHOW, office_actor, version=None)
    assert carry_supported() == 1


def test_a_round_is_not_filled_by_what_waits_for_more_voices(
    proposal: Callable[..., Appeal], city: GridCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    SupportThreshold.objects.create(voices=5, district=city.districts["east"])
    proposal(district=city.districts["east"], supporters=4)
    proposal(district=city.districts["west"], supporters=2)
    monkeypatch.setattr("appeals.actions.rounds.ROUND", 1)
    assert carry_supported() == 1
