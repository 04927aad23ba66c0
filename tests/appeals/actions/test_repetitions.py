"""Repetitions beyond their closing: who moves along, what both pages show, what is suggested, and how it is undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from appeals.actions.count_again import count_again
from appeals.actions.perform import perform
from appeals.actors import PLATFORM, Author, Person
from appeals.errors import NotAllowed
from appeals.limits import ALIKE_M
from appeals.models import Appeal, LegalTerm, Message
from appeals.vocabulary import Status
from appeals.workflow import ACCEPT, ANSWER, ASK, DUPLICATE, HIDE, NOTE, PLAN, REMIND, REPLY, SEPARATE
from tests.grid import IN_EAST


def east(metres: float) -> Point:
    """A point that many metres east of the middle of the grid city's east: a degree has 84,600 m there."""
    return Point(IN_EAST[0] + metres / 84_600, IN_EAST[1], srid=4326)


def at_noon(day: int) -> dt.datetime:
    """Noon in Bishkek on that day of June 2026; the 8th is a Monday."""
    return dt.datetime(2026, 6, day, 6, tzinfo=dt.UTC)


def told(appeal: Appeal) -> set[str]:
    """Followers who got the answer to the appeal."""
    heard = Message.objects.filter(event__appeal=appeal, event__verb="answer", audience="follower")
    return set(heard.values_list("recipient", flat=True))


class TestUndone:
    def test_it_is_open_again_by_its_own_term_and_nobody_follows_any_more(
        self, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first, again, third = make(), make(), make()
        due = again.due_on
        perform(third.pk, DUPLICATE, service_actor, version=1, original=again.number)
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        undone = perform(again.pk, SEPARATE, service_actor, version=2)
        assert (undone.status, undone.outcome, undone.duplicate_of) == (Status.NEW, "", None)
        assert (undone.closed_at, undone.due_on, undone.term_began_at) == (None, due, None)
        perform(first.pk, ANSWER, service_actor, version=1, text="Done")
        assert told(first) == set(), "neither its author nor who followed it before"
        perform(again.pk, ANSWER, service_actor, version=3, text="Done")
        assert told(again) == {third.contact.email}, "who followed it before is back"

    def test_the_history_says_what_it_does_not_repeat(
        self, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        first, again = make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        perform(again.pk, SEPARATE, service_actor, version=2)
        page = client.get(f"/en/appeals/{again.number}/").content.decode()
        assert f"Considered by itself again, without appeal № {first.number}" in page
        assert Message.objects.get(event__verb="separate").audience == "author"

    def test_no_other_step_says_what_it_repeats(
        self, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first, again = make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        perform(again.pk, NOTE, service_actor, version=2, text="It does")
        perform(again.pk, SEPARATE, service_actor, version=3)
        events = again.events.order_by("version")[1:]
        assert [event.details.get("original") for event in events] == [first.number, None, first.number]

    def test_a_term_that_changed_meanwhile_counts(
        self, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first, again = make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        LegalTerm.objects.update(working_days=5)
        count_again()
        first.refresh_from_db()
        again.refresh_from_db()
        assert again.due_on > first.due_on, "what is closed is not counted again"
        assert perform(again.pk, SEPARATE, service_actor, version=2).due_on == first.due_on

    def test_only_what_repeats_another(
        self, make: Callable[..., Appeal], service_actor: Person, office_user: User
    ) -> None:
        closed = make(status=Status.CLOSED)
        for actor in (service_actor, Person(office_user), Author(closed.pk)):
            with pytest.raises(NotAllowed):
                perform(closed.pk, SEPARATE, actor, version=1)

    def test_works_are_planned_for_the_same_day(
        self, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first, again = make(), make()
        day = timezone.localdate() + dt.timedelta(days=9)
        perform(again.pk, PLAN, service_actor, version=1, planned_on=day - dt.timedelta(days=1), text="Lamp")
        planned = perform(again.pk, PLAN, service_actor, version=2, planned_on=day, text="Lamp, a day later")
        perform(again.pk, NOTE, service_actor, version=3, text="It is ordered")
        perform(again.pk, DUPLICATE, service_actor, version=4, original=first.number)
        undone = perform(again.pk, SEPARATE, service_actor, version=5)
        assert (undone.status, undone.planned_on, undone.due_on) == (Status.PLANNED, day, planned.due_on)
        assert again.events.get(verb="separate").to_status == Status.PLANNED

    def test_the_author_is_asked_as_before_while_there_are_days_for_the_reply(
        self, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        for days, status in ((0, Status.WAITING), (3, Status.WAITING), (60, Status.ACCEPTED)):
            first, again = make(), make()
            asked = perform(again.pk, ASK, service_actor, version=1, text="Where?")
            later = timezone.now() + dt.timedelta(days=days)
            closed = perform(again.pk, DUPLICATE, service_actor, version=2, at=later, original=first.number)
            assert closed.pauses != asked.pauses or days == 60
            undone = perform(again.pk, SEPARATE, service_actor, version=3, at=later)
            assert undone.status == status
            if status == Status.WAITING:
                now = (undone.reply_by, undone.remind_on, undone.pauses, undone.due_on)
                assert now == (asked.reply_by, asked.remind_on, asked.pauses, asked.due_on), days
                assert (
                    perform(again.pk, REPLY, Author(again.pk), version=4, text="Here").pauses != asked.pauses
                )
            else:
                assert (undone.reply_by, undone.pauses) == (None, closed.pauses)

    @pytest.mark.parametrize(
        ("reply_days", "half_way"), [(1, None), (2, dt.date(2026, 6, 12)), (5, dt.date(2026, 6, 15))]
    )
    def test_a_question_after_another_one_goes_on_and_the_first_stays_what_it_was(
        self, make: Callable[..., Appeal], service_actor: Person, reply_days: int, half_way: dt.date | None
    ) -> None:
        """The first was asked on a Monday and replied to on the Wednesday; the second is asked on the Thursday."""
        first, again = make(), make(submitted_at=at_noon(8))
        perform(again.pk, ASK, service_actor, version=1, text="Where?", at=at_noon(8))
        perform(again.pk, REPLY, Author(again.pk), version=2, text="Here", at=at_noon(10))
        LegalTerm.objects.update(reply_days=reply_days)
        asked = perform(again.pk, ASK, service_actor, version=3, text="Which?", at=at_noon(11))
        assert (asked.pauses[:3], asked.remind_on) == (
            [dt.date(2026, 6, 8), dt.date(2026, 6, 10), dt.date(2026, 6, 11)],
            half_way,
        )
        for version, day in ((4, 11), (6, 12)):
            perform(
                again.pk, DUPLICATE, service_actor, version=version, at=at_noon(day), original=first.number
            )
            undone = perform(again.pk, SEPARATE, service_actor, version=version + 1, at=at_noon(day))
            now = (undone.pauses, undone.reply_by, undone.remind_on, undone.due_on)
            assert now == (asked.pauses, asked.reply_by, half_way, asked.due_on), day

    def test_whoever_was_reminded_of_a_question_is_not_reminded_again(
        self, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first, again = make(), make(submitted_at=at_noon(8))
        asked = perform(again.pk, ASK, service_actor, version=1, text="Where?", at=at_noon(8))
        perform(again.pk, REMIND, PLATFORM, version=None, at=at_noon(10))
        perform(again.pk, DUPLICATE, service_actor, version=3, at=at_noon(11), original=first.number)
        undone = perform(again.pk, SEPARATE, service_actor, version=4, at=at_noon(11))
        assert (undone.reply_by, undone.remind_on) == (asked.reply_by, None)

    def test_work_that_was_begun_is_in_progress(
        self, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first, again = make(), make()
        perform(again.pk, ACCEPT, service_actor, version=1)
        for version in (2, 4):
            perform(again.pk, DUPLICATE, service_actor, version=version, original=first.number)
            undone = perform(again.pk, SEPARATE, service_actor, version=version + 1)
            assert (undone.status, undone.planned_on) == (Status.ACCEPTED, None)

    def test_by_one_press_at_the_desk(
        self, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        first, again = make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        client.force_login(service_actor.user)
        url = f"/en/desk/appeals/{again.number}/"
        assert 'name="verb" value="separate"' in client.get(url).content.decode()
        page = client.post(url, {"verb": "separate", "version": 2}, follow=True).content.decode()
        assert f"Appeal № {again.number} is considered by itself again." in page


class TestWhatBothPagesShow:
    def test_how_many_repeat_it_and_which(
        self, make: Callable[..., Appeal], service_actor: Person, office_user: User, client: Client
    ) -> None:
        best, first, again, hidden = make(), make(), make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        perform(hidden.pk, DUPLICATE, service_actor, version=1, original=best.number)
        perform(first.pk, DUPLICATE, service_actor, version=1, original=best.number)
        client.force_login(service_actor.user)
        assert "Repeated by 3 appeals" in client.get(f"/en/desk/appeals/{best.number}/").content.decode()
        perform(hidden.pk, HIDE, Person(office_user), version=2, text="Insults")
        client.logout()
        for path in (f"appeals/{best.number}/", f"follow/{best.contact.secret}/"):
            page = client.get(f"/en/{path}").content.decode()
            assert "Repeated by 2 appeals" in page, path
            for one in (first, again):
                assert f'<a href="/en/appeals/{one.number}/">№ {one.number}</a>' in page, path
            assert f"/en/appeals/{hidden.number}/" not in page, path
        assert "Repeated by 1 appeal:" in client.get(f"/en/appeals/{first.number}/").content.decode()
        assert "Repeated by" not in client.get(f"/en/appeals/{again.number}/").content.decode()

    def test_a_circle_made_elsewhere_ends(self, make: Callable[..., Appeal], service_actor: Person) -> None:
        one, two = make(), make()
        closed = {"status": "closed", "outcome": "duplicate"}
        Appeal.objects.filter(pk=one.pk).update(duplicate_of=two, **closed)
        Appeal.objects.filter(pk=two.pk).update(duplicate_of=one, **closed)
        assert [*Appeal.objects.repeating(one)] == [two]


class TestAlike:
    def test_the_place_is_found_by_its_index(self, make: Callable[..., Appeal]) -> None:
        here = make()
        with connection.cursor() as cursor:
            # In a table of one row any index serves; a bitmap is made of one that has the condition alone.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        plan = Appeal.objects.within_metres(here.point, ALIKE_M).explain()
        assert "appeals_appeal_point" in plan

    def test_one_press_closes_this_one_and_the_later_one_has_none(
        self, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        first = make(submitted_at=timezone.now() - dt.timedelta(days=2), point=east(30))
        again = make(point=east(0))
        client.force_login(service_actor.user)
        page = client.get(f"/en/desk/appeals/{first.number}/").content.decode()
        assert f"№ {again.number}" in page
        assert f'name="original" value="{again.number}"' not in page
        url = f"/en/desk/appeals/{again.number}/"
        page = client.get(url).content.decode()
        assert "30 m" in page
        assert f'name="original" value="{first.number}"' in page
        sent = {"verb": "duplicate", "version": 1, "original": first.number}
        client.post(url, sent)
        again.refresh_from_db()
        assert again.duplicate_of == first
        assert 'name="original"' not in client.get(url).content.decode()

    def test_nothing_is_suggested_to_whom_may_not_close_it(
        self, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        first, other = make(), make()
        perform(other.pk, PLAN, service_actor, version=1, planned_on=timezone.localdate(), text="So")
        perform(first.pk, ANSWER, service_actor, version=1, text="Done")
        client.force_login(service_actor.user)
        page = client.get(f"/en/desk/appeals/{first.number}/").content.decode()
        assert "Perhaps the same" not in page
