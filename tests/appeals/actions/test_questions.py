"""A question to the author: the term stands still until the reply, and goes on from there."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from structlog.testing import capture_logs

from accounts.models import User
from appeals.actions.escalate import escalate_overdue
from appeals.actions.perform import perform
from appeals.actions.questions import follow_questions
from appeals.actors import PLATFORM, Author, Person
from appeals.deadlines import LegalClock, city_calendar
from appeals.due import DueState, due_of
from appeals.due_explanation import explain_due
from appeals.errors import NotAllowed, Stale
from appeals.models import Appeal, CalendarDay, LegalTerm, Message
from appeals.notify.letters import letter
from appeals.timeline import title_of
from appeals.vocabulary import Status
from appeals.workflow import ANSWER, ASK, FORWARD, LAPSE, REMIND, REOPEN, REPLY
from tests.factories import AppealFactory
from tests.grid import GridCity

MONDAY = dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)
DUE = dt.date(2026, 6, 26)


def days(n: int) -> dt.datetime:
    """So many days after that Monday, at noon in Bishkek."""
    return MONDAY + dt.timedelta(days=n)


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"], submitted_at=MONDAY, status=Status.ACCEPTED)


@pytest.fixture
def asked(appeal: Appeal, service_actor: Person) -> Appeal:
    """Asked on Wednesday: five working days are left until the next one."""
    return perform(appeal.pk, ASK, service_actor, version=1, text="Which entrance?", at=days(2))


def test_the_term_stands_still_as_long_as_a_reply_may_come(asked: Appeal) -> None:
    assert (asked.status, asked.reply_by) == (Status.WAITING, dt.date(2026, 6, 17))
    assert asked.due_on == dt.date(2026, 7, 3), "five working days later"
    event = asked.events.select_related("service").get(verb="ask")
    assert event.details == {"until": "2026-06-17", "due": "2026-07-03"}
    assert title_of(event) == (
        "Question to the author: light en. The term stands still until the reply, until 17 June 2026 at most"
    )


@pytest.mark.parametrize(
    ("after", "due"),
    [
        (2, DUE),  # the same day: nothing was lost
        (3, dt.date(2026, 6, 29)),
        (4, dt.date(2026, 6, 30)),
        (6, dt.date(2026, 6, 30)),  # a Sunday
        (7, dt.date(2026, 7, 1)),
        (9, dt.date(2026, 7, 3)),
    ],
)
def test_it_goes_on_from_the_reply(asked: Appeal, after: int, due: dt.date) -> None:
    replied = perform(asked.pk, REPLY, Author(asked.pk), version=2, text="The second", at=days(after))
    assert (replied.status, replied.due_on, replied.reply_by, replied.remind_on) == (
        Status.ACCEPTED,
        due,
        None,
        None,
    )


def test_asked_twice(asked: Appeal, service_actor: Person) -> None:
    perform(asked.pk, REPLY, Author(asked.pk), version=2, text="The second", at=days(3))
    perform(asked.pk, ASK, service_actor, version=3, text="Which floor?", at=days(3))
    again = perform(asked.pk, REPLY, Author(asked.pk), version=4, text="The fifth", at=days(4))
    assert again.due_on == dt.date(2026, 6, 30)
    assert again.pauses == [dt.date(2026, 6, day) for day in (10, 11, 11, 12)]


def test_whoever_is_late_and_asks_stays_late(appeal: Appeal, service_actor: Person) -> None:
    late = days(30)
    asked = perform(appeal.pk, ASK, service_actor, version=1, text="Where?", at=late)
    assert asked.due_on == DUE
    assert due_of(asked, city_calendar(), late.date()).state is DueState.OVERDUE
    assert escalate_overdue(late) == 1


def test_the_calendar_moves_a_term_that_stood_still(asked: Appeal) -> None:
    perform(asked.pk, REPLY, Author(asked.pk), version=2, text="The second", at=days(5))
    assert Appeal.objects.get().due_on == dt.date(2026, 6, 30)
    # In the pause: it did not count anyway.
    CalendarDay.objects.create(date=dt.date(2026, 6, 11), working=False, name="x")
    assert Appeal.objects.get().due_on == dt.date(2026, 6, 30)
    CalendarDay.objects.create(date=dt.date(2026, 6, 16), working=False, name="x")
    assert Appeal.objects.get().due_on == dt.date(2026, 7, 1)
    LegalTerm.objects.update(working_days=13)
    assert Appeal.objects.get().due_on == dt.date(2026, 6, 30)


def test_the_explanation_says_it_and_leads_to_the_date(asked: Appeal) -> None:
    assert (
        "It stands still while the author is asked, from 10 June 2026 until 17 June 2026 at most: 5 working days."
        in explain_due(Appeal.objects.get(), LegalClock.read()).sentences
    )
    perform(asked.pk, REPLY, Author(asked.pk), version=2, text="The second", at=days(7))
    explained = explain_due(Appeal.objects.get(), LegalClock.read()).sentences
    assert (
        "It stood still while the author was asked, from 10 June 2026 until 15 June 2026: 3 working days."
        in explained
    )
    day, left = dt.date(2026, 6, 8), 14 + 3
    while left:
        day += dt.timedelta(days=1)
        left -= day.weekday() < 5
    assert day == Appeal.objects.get().due_on


def test_the_author_gets_the_question_and_the_service_the_reply(asked: Appeal) -> None:
    question = Message.objects.get(event__verb="ask")
    assert question.audience == "author"
    asked.refresh_from_db()
    body = letter([question]).body
    assert "Which entrance?" in body
    assert f"/follow/{asked.contact.secret}/" in body
    perform(asked.pk, REPLY, Author(asked.pk), version=2, text="The second", at=days(3))
    reply = Message.objects.get(event__verb="reply")
    assert (reply.audience, reply.recipient) == ("service", "light@city.example")
    assert "The second" in letter([reply]).body


def test_a_reminder_half_way_and_once(asked: Appeal) -> None:
    assert follow_questions(days(3)) == 0
    assert [follow_questions(days(4)), follow_questions(days(4)), follow_questions(days(5))] == [1, 0, 0]
    reminder = Message.objects.get(event__verb="remind")
    assert reminder.audience == "author"
    assert "17-июнь" in letter([reminder]).body
    with pytest.raises(NotAllowed):
        perform(asked.pk, REMIND, PLATFORM, version=None, at=days(5))
    assert asked.events.get(verb="remind").details == {"until": "2026-06-17"}
    # What the author was writing is not stale.
    replied = perform(asked.pk, REPLY, Author(asked.pk), version=2, text="The second", at=days(5))
    assert asked.events.get(verb="reply").details == {"due": replied.due_on.isoformat()}


def test_without_a_reply_the_term_goes_on(asked: Appeal) -> None:
    last_minute = dt.datetime(2026, 6, 17, 17, 59, 59, tzinfo=dt.UTC)
    follow_questions(last_minute)
    assert Appeal.objects.get().status == Status.WAITING
    with pytest.raises(NotAllowed):
        perform(asked.pk, LAPSE, PLATFORM, version=None, at=last_minute)
    follow_questions(last_minute + dt.timedelta(seconds=1))
    appeal = Appeal.objects.get()
    assert (appeal.status, appeal.due_on) == (Status.ACCEPTED, dt.date(2026, 7, 3))
    audiences = Message.objects.filter(event__verb="lapse").values_list("audience", flat=True)
    assert set(audiences) == {"author", "service"}
    with pytest.raises(Stale):
        perform(asked.pk, REPLY, Author(asked.pk), version=2, text="The second", at=days(10))


def test_a_worker_that_was_away_gives_nobody_more_days(asked: Appeal) -> None:
    follow_questions(days(20))
    assert Appeal.objects.get().due_on == dt.date(2026, 7, 3)


def test_half_way_is_not_reached_twice_by_a_term_of_one_day(appeal: Appeal, service_actor: Person) -> None:
    LegalTerm.objects.update(reply_days=1)
    asked = perform(appeal.pk, ASK, service_actor, version=1, text="Where?", at=days(2))
    assert (asked.reply_by, asked.remind_on) == (dt.date(2026, 6, 11), None)


def test_the_reminder_comes_after_half_of_the_days_rounded_down(
    appeal: Appeal, service_actor: Person
) -> None:
    LegalTerm.objects.update(reply_days=2)
    asked = perform(appeal.pk, ASK, service_actor, version=1, text="Where?", at=days(2))
    assert (asked.reply_by, asked.remind_on) == (dt.date(2026, 6, 12), dt.date(2026, 6, 11))


def test_a_reply_on_the_day_of_the_question_is_no_pause(asked: Appeal) -> None:
    assert asked.pauses == [dt.date(2026, 6, 10), dt.date(2026, 6, 17)]
    replied = perform(asked.pk, REPLY, Author(asked.pk), version=2, text="The second", at=days(2))
    assert replied.pauses == []


def test_nobody_is_asked_where_no_reply_could_come(
    appeal: Appeal, city: GridCity, service_actor: Person, client: Client
) -> None:
    imported = AppealFactory(category=city.categories["lamp"], contact=None)
    with pytest.raises(NotAllowed):
        perform(imported.pk, ASK, service_actor, version=1, text="Where?")
    client.force_login(service_actor.user)
    assert "Ask the author" not in client.get(f"/en/desk/appeals/{imported.number}/").content.decode()
    LegalTerm.objects.update(reply_days=0)
    with pytest.raises(NotAllowed):
        perform(appeal.pk, ASK, service_actor, version=1, text="Where?")


def test_the_answer_and_a_forward_end_the_waiting_too(
    asked: Appeal, service_actor: Person, city: GridCity
) -> None:
    there = {"to_service": city.services["roads"], "text": "A road"}
    forwarded = perform(asked.pk, FORWARD, service_actor, version=2, at=days(4), **there)
    assert (forwarded.status, forwarded.reply_by, forwarded.due_on) == (
        Status.NEW,
        None,
        dt.date(2026, 6, 30),
    )


def test_a_term_that_begins_anew_forgets_its_pauses(asked: Appeal, service_actor: Person) -> None:
    answered = perform(asked.pk, ANSWER, service_actor, version=2, text="Done", at=days(4))
    assert (answered.status, answered.reply_by) == (Status.ANSWERED, None)
    reopened = perform(asked.pk, REOPEN, Author(asked.pk), version=3, text="Not done", at=days(7))
    assert (reopened.pauses, reopened.due_on) == ([], dt.date(2026, 7, 3))


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_author_replies_on_the_follow_page_with_a_photo(
    appeal: Appeal, service_actor: Person, client: Client, language: str, media_root: object
) -> None:
    perform(appeal.pk, ASK, service_actor, version=1, text="Which entrance?")
    url = f"/{language}/follow/{appeal.contact.secret}/"
    page = client.get(url).content.decode()
    assert page.count("Which entrance?") == 2, "above the form and in the history"
    assert 'action="' not in page.split('id="reply-text"')[0].rsplit("<form", 1)[1]
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(file, "JPEG")
    sent = {
        "verb": "reply",
        "version": 2,
        "text": "The second",
        "files": SimpleUploadedFile("door.jpg", file.getvalue(), "image/jpeg"),
    }
    page = client.post(url, sent, follow=True).content.decode()
    assert "The second" in page
    appeal.refresh_from_db()
    assert appeal.status == Status.ACCEPTED
    photo = appeal.events.get(verb="reply").attachments.get()
    public = client.get(f"/{language}/appeals/{appeal.number}/").content.decode()
    assert "The second" in public
    assert photo.thumb.url in public


def test_nobody_else_replies(asked: Appeal, client: Client, light_user: User) -> None:
    client.force_login(light_user)
    sent = {"verb": "reply", "version": 2, "text": "Me"}
    assert client.post(f"/en/desk/appeals/{asked.number}/", sent).status_code == 409
    assert Appeal.objects.get().status == Status.WAITING


def test_the_queue_sets_it_aside(city: GridCity, client: Client, office_user: User) -> None:
    asked = AppealFactory(category=city.categories["lamp"], status=Status.WAITING)
    running = AppealFactory(category=city.categories["lamp"])
    client.force_login(office_user)
    page = client.get("/en/desk/?tab=waiting").content.decode()
    assert f'id="appeal-{asked.number}"' in page
    assert f'id="appeal-{running.number}"' not in page
    assert "The term stands still" in page


def test_questions_that_were_followed_are_logged(asked: Appeal) -> None:
    with capture_logs() as logs:
        assert follow_questions(days(3)) == 0
        assert follow_questions(days(6)) == 1
        # Now is when it is looked at.
        Appeal.objects.update(reply_by=timezone.localdate() - dt.timedelta(days=1))
        assert follow_questions() == 1
    assert [(log["reminded"], log["without_reply"]) for log in logs] == [(1, 0), (0, 1)]
