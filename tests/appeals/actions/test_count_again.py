"""Due dates follow the calendar and the terms, through whatever door these change."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from appeals.actions.count_again import count_again
from appeals.actions.escalate import escalate_overdue
from appeals.actions.perform import perform
from appeals.actions.submit import Submission, submit
from appeals.actions.warn import warn_services
from appeals.actors import PLATFORM, Author, Person
from appeals.models import Appeal, CalendarDay, LegalTerm
from appeals.timeline import title_of
from appeals.workflow import ACCEPT, ANSWER, EXTEND, NOTE, REOPEN, Cause, Reason
from tests.factories import AppealFactory
from tests.grid import GridCity

#: A Monday; 14 working days later it is Friday 26 June 2026.
MONDAY = dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)
DUE = dt.date(2026, 6, 26)
NEXT_MONDAY = dt.date(2026, 6, 29)
SATURDAY = dt.date(2026, 6, 13)


@pytest.fixture
def appeal(submission: Callable[..., Submission]) -> Appeal:
    appeal = submit(submission(), sender=None, at=MONDAY).appeal
    assert appeal.due_on == DUE
    return appeal


def due(appeal: Appeal) -> dt.date:
    return Appeal.objects.get(pk=appeal.pk).due_on


def in_bulk() -> None:
    CalendarDay.objects.bulk_create([CalendarDay(date=DUE, working=False, name="moved")])


def by_update() -> None:
    day = CalendarDay.objects.create(date=DUE, working=True, name="moved")
    CalendarDay.objects.filter(pk=day.pk).update(working=False)


def by_bulk_update() -> None:
    day = CalendarDay.objects.create(date=DUE, working=True, name="moved")
    day.working = False
    CalendarDay.objects.bulk_update([day], ["working"])


DOORS: dict[str, Callable[[], object]] = {
    "create": lambda: CalendarDay.objects.create(date=DUE, working=False, name="moved"),
    "save": lambda: CalendarDay(date=DUE, working=False, name="moved").save(),
    "update or create": lambda: CalendarDay.objects.update_or_create(
        date=DUE, defaults={"working": False, "name": "moved"}
    ),
    "bulk create": in_bulk,
    "update": by_update,
    "bulk update": by_bulk_update,
}


@pytest.mark.parametrize("door", DOORS)
def test_a_day_that_becomes_a_holiday_moves_the_due_date(appeal: Appeal, door: str) -> None:
    DOORS[door]()
    assert due(appeal) == NEXT_MONDAY
    event = appeal.events.get(verb="recount")
    assert (event.actor_role, event.from_status, event.to_status, event.public) == (
        "system", "new", "new", True,
    )  # fmt: skip
    assert event.version == Appeal.objects.get().version == 2


@pytest.mark.parametrize("remove", [CalendarDay.delete, lambda day: CalendarDay.objects.all().delete()])
def test_a_holiday_that_is_taken_back_moves_it_back(
    appeal: Appeal, remove: Callable[[CalendarDay], object]
) -> None:
    day = CalendarDay.objects.create(date=DUE, working=False, name="moved")
    remove(day)
    assert due(appeal) == DUE
    assert appeal.events.filter(verb="recount").count() == 2


def seen_in(shown: str) -> str:
    """What the page's button sends: what its reader has seen."""
    return re.findall(r'name="moves_seen" value="([^"]+)"', shown)[0]


def test_the_admin_is_a_door(appeal: Appeal, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@city.example"))
    form = {"date": DUE.isoformat(), "name_ky": "Көчүрүлгөн", "name_ru": "Перенос", "name_en": "Moved"}
    add, listed = reverse("admin:appeals_calendarday_add"), reverse("admin:appeals_calendarday_changelist")
    # What would move is shown first, and nothing is changed by that.
    shown = client.post(add, form).content.decode()
    assert "The due date of 1 open appeal would move." in shown and "added successfully" not in shown
    assert f">{appeal.number}</a>" in shown and "26 June 2026" in shown and "29 June 2026" in shown
    assert f'name="name_ky" value="{form["name_ky"]}"' in shown
    assert not CalendarDay.objects.exists() and not LogEntry.objects.exists()
    assert due(appeal) == DUE and Appeal.objects.get().version == 1
    assert "have changed meanwhile" in client.post(add, {**form, "moves_seen": "other"}).content.decode()
    answer = client.post(add, {**form, "moves_seen": seen_in(shown)}, follow=True)
    assert answer.redirect_chain, answer.content.decode()
    assert answer.content.decode().count("was added successfully") == 1
    assert due(appeal) == NEXT_MONDAY
    chosen = {"action": "delete_selected", "_selected_action": [DUE.isoformat()], "post": "yes"}
    shown = client.post(listed, chosen).content.decode()
    assert "would move" in shown
    assert due(appeal) == NEXT_MONDAY
    client.post(listed, {**chosen, "moves_seen": seen_in(shown)})
    assert due(appeal) == DUE
    # A day that moves nothing is not asked about, and what is wrong is said at once.
    assert client.post(add, {**form, "date": "2031-01-15"}).status_code == 302
    assert "Enter a valid date" in client.post(add, {**form, "date": "x"}).content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "The answer is due by 29 June 2026 instead of 26 June 2026: 26 June 2026 is a day off"),
        ("ru", "Ответ до 29 июня 2026 года вместо 26 июня 2026 года: 26 июня 2026 года — выходной день"),
        ("ky", "Жооп берүү мөөнөтү өзгөрдү: 2026-ж. 26-июнь ордуна 2026-ж. 29-июнь"),
    ],
)
def test_the_history_says_why(appeal: Appeal, language: str, words: str) -> None:
    CalendarDay.objects.create(date=DUE, working=False, name="moved")
    event = appeal.events.select_related("service").get(verb="recount")
    assert event.details == {
        "was": "2026-06-26",
        "due": "2026-06-29",
        "reason": "day_off",
        "day": "2026-06-26",
    }
    with translation.override(language):
        assert words in title_of(event)


def test_several_days_at_once_are_one_step(appeal: Appeal) -> None:
    CalendarDay.objects.bulk_create(
        [
            CalendarDay(date=DUE, working=False, name="moved"),
            CalendarDay(date=NEXT_MONDAY, working=False, name="moved"),
        ]
    )
    assert due(appeal) == dt.date(2026, 6, 30)
    assert appeal.events.get(verb="recount").details["reason"] == "calendar"


def test_a_make_up_working_saturday_moves_it_earlier(appeal: Appeal) -> None:
    CalendarDay.objects.create(date=SATURDAY, working=True, name="make-up")
    assert due(appeal) == dt.date(2026, 6, 25)
    assert appeal.events.get(verb="recount").details["reason"] == "working_day"


def test_a_day_that_changes_nothing_leaves_no_trace(appeal: Appeal) -> None:
    CalendarDay.objects.create(date=SATURDAY, working=False, name="a day off anyway")
    CalendarDay.objects.create(date=dt.date(2026, 12, 1), working=False, name="long after")
    assert not appeal.events.filter(verb="recount").exists()
    assert Appeal.objects.get().version == 1


def test_what_is_answered_keeps_its_date(appeal: Appeal, service_actor: Person) -> None:
    perform(appeal.pk, ANSWER, service_actor, version=1, text="Done", at=MONDAY)
    CalendarDay.objects.create(date=DUE, working=False, name="moved")
    assert due(appeal) == DUE


def test_a_reopened_appeal_is_counted_from_its_reopening(appeal: Appeal, service_actor: Person) -> None:
    perform(appeal.pk, ANSWER, service_actor, version=1, text="Done", at=MONDAY)
    later = dt.datetime(2026, 7, 6, 6, 0, tzinfo=dt.UTC)
    perform(appeal.pk, REOPEN, Author(appeal.pk), version=2, text="Not done", at=later)
    assert due(appeal) == dt.date(2026, 7, 24)
    CalendarDay.objects.create(date=dt.date(2026, 7, 24), working=False, name="moved")
    assert due(appeal) == dt.date(2026, 7, 27)
    CalendarDay.objects.create(date=DUE, working=False, name="before the reopening")
    assert due(appeal) == dt.date(2026, 7, 27)


def test_a_shorter_term_from_tomorrow_is_for_appeals_from_tomorrow(
    appeal: Appeal, submission: Callable[..., Submission]
) -> None:
    LegalTerm.objects.create(working_days=10, valid_from=dt.date(2026, 6, 9), law="new")
    assert due(appeal) == DUE
    tomorrow = submit(submission(), sender=None, at=MONDAY + dt.timedelta(days=1)).appeal
    assert tomorrow.due_on == dt.date(2026, 6, 23)


def test_a_term_that_was_entered_wrongly_is_put_right_for_all(appeal: Appeal) -> None:
    term = LegalTerm.objects.get()
    term.working_days = 15
    term.save()
    assert due(appeal) == NEXT_MONDAY
    assert appeal.events.get(verb="recount").details["reason"] == "term"


def test_a_calendar_that_is_not_kept_moves_nothing(appeal: Appeal) -> None:
    with transaction.atomic():
        CalendarDay.objects.create(date=DUE, working=False, name="moved")
        assert due(appeal) == NEXT_MONDAY
        transaction.set_rollback(True)
    assert due(appeal) == DUE
    assert not appeal.events.filter(verb="recount").exists()


def test_a_term_without_which_nothing_is_due_cannot_go(appeal: Appeal, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@city.example"))
    term = LegalTerm.objects.get()
    url = reverse("admin:appeals_legalterm_delete", args=[term.pk])
    page = client.post(url, {"post": "yes"}, follow=True)
    assert "No legal term would be in force on 8 June 2026" in page.content.decode()
    form = {
        "kind": "",
        "working_days": 14,
        "extension_days": 0,
        "reply_days": 5,
        "valid_from": "2027-01-01",
        "law_ky": "м",
        "law_ru": "з",
        "law_en": "l",
    }
    page = client.post(reverse("admin:appeals_legalterm_change", args=[term.pk]), form, follow=True)
    assert "No legal term would be in force on 8 June 2026" in page.content.decode()
    chosen = {"action": "delete_selected", "_selected_action": [term.pk], "post": "yes"}
    page = client.post(reverse("admin:appeals_legalterm_changelist"), chosen, follow=True)
    assert "No legal term would be in force on 8 June 2026" in page.content.decode()
    term.refresh_from_db()
    assert term.valid_from == dt.date(2020, 1, 1)
    assert due(appeal) == DUE


def test_a_form_that_is_being_written_does_not_become_stale(appeal: Appeal, service_actor: Person) -> None:
    CalendarDay.objects.create(date=DUE, working=False, name="moved")
    assert perform(appeal.pk, ACCEPT, service_actor, version=1).version == 3


@pytest.mark.django_db(transaction=True)
def test_what_is_coming_in_meanwhile_is_waited_for_and_counted_too(
    appeal: Appeal, submission: Callable[..., Submission]
) -> None:
    """It has read the clock as it was, and is committed when all others have been counted already."""
    written, counted = threading.Event(), threading.Event()

    def come_in() -> None:
        try:
            with transaction.atomic():
                submit(submission(), sender=None, at=MONDAY)
                written.set()
                while not (_somebody_waits_for_the_clock() or counted.is_set()):
                    time.sleep(0.01)
        finally:
            connection.close()

    sender = threading.Thread(target=come_in)
    sender.start()
    assert written.wait(60)
    QuerySet(CalendarDay).bulk_create([CalendarDay(date=DUE, working=False, name="moved")])
    try:
        assert count_again() == 2
    finally:
        counted.set()
        sender.join(60)
    assert {one.due_on for one in Appeal.objects.all()} == {NEXT_MONDAY}


def _somebody_waits_for_the_clock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database AND datname = current_database()"
            " WHERE locktype = 'advisory' AND NOT granted"
        )
        return cursor.rowcount > 0


def test_one_appeal_counted_again_is_as_all_of_them(appeal: Appeal, city: GridCity) -> None:
    """The verb, done to one appeal, and the recount of all are the same step."""
    from appeals.workflow import RECOUNT

    # Which nobody has made use of.
    LegalTerm.objects.update(extension_days=5)
    other = AppealFactory(category=city.categories["lamp"], submitted_at=MONDAY, due_on=dt.date(2026, 6, 20))
    perform(other.pk, RECOUNT, PLATFORM, version=None)
    CalendarDay.objects.create(date=DUE, working=False, name="moved")
    assert due(other) == due(appeal) == NEXT_MONDAY
    first, second = other.events.filter(verb="recount").order_by("version")
    assert first.details == {"was": "2026-06-20", "due": "2026-06-26", "reason": "calendar"}
    assert second.details == appeal.events.get(verb="recount").details


def test_a_term_that_has_not_passed_after_all_takes_the_appeal_back_from_the_office(
    appeal: Appeal, city: GridCity, service_actor: Person, office_actor: Person
) -> None:
    LegalTerm.objects.update(extension_days=1)
    touched, extended, late = (
        AppealFactory(category=city.categories["lamp"], submitted_at=at)
        for at in (MONDAY, MONDAY, MONDAY - dt.timedelta(days=9))
    )
    overdue = dt.datetime(2026, 6, 27, 6, 0, tzinfo=dt.UTC)
    assert escalate_overdue(overdue) == 4
    Appeal.objects.update(warned=3)
    perform(touched.pk, NOTE, office_actor, version=None, text="I have called them.", at=overdue)
    perform(appeal.pk, NOTE, service_actor, version=None, text="We know.", at=overdue)
    perform(extended.pk, EXTEND, service_actor, version=None, text="No parts.", at=overdue)
    monday = overdue + dt.timedelta(days=2)
    # As if it were written on that Monday: the models themselves count by today's clock.
    QuerySet(CalendarDay).bulk_create([CalendarDay(date=DUE, working=False, name="declared afterwards")])
    assert count_again(Cause(Reason.DAY_OFF, DUE), at=monday) == 3
    left = set(Appeal.objects.escalated())
    assert left == {touched, extended, late}
    event = appeal.events.order_by("-version").select_related("service")[0]
    assert (event.verb, event.actor_role, event.public) == ("recount", "system", True)
    for language, words in {
        "en": "The term has not passed after all",
        "ru": "Срок, как выяснилось, не истёк",
        "ky": "Мөөнөт өтпөптүр",
    }.items():
        with translation.override(language):
            assert words in title_of(event)
            assert words not in title_of(touched.events.order_by("-version").select_related("service")[0])
    # Its last day is another one, of which the service is warned; when it passes, the Office is told once more.
    assert warn_services(monday) == 2
    assert appeal.events.order_by("-version")[0].verb == "warn_due"
    assert escalate_overdue(monday + dt.timedelta(days=1)) == 1
    assert Appeal.objects.get(pk=appeal.pk).escalated_at == monday + dt.timedelta(days=1)


def test_whoever_asked_for_more_time_since_then_knows_that_the_office_was_told(
    appeal: Appeal, service_actor: Person
) -> None:
    LegalTerm.objects.update(extension_days=1)
    saturday = dt.datetime(2026, 6, 27, 6, 0, tzinfo=dt.UTC)
    assert escalate_overdue(saturday) == 1
    perform(appeal.pk, EXTEND, service_actor, version=None, text="No parts.", at=saturday)
    assert due(appeal) == NEXT_MONDAY
    # On the Tuesday the longer term is over too, and then the day that it rests on is declared a holiday.
    tuesday = saturday + dt.timedelta(days=3)
    QuerySet(CalendarDay).bulk_create([CalendarDay(date=DUE, working=False, name="declared afterwards")])
    assert count_again(Cause(Reason.DAY_OFF, DUE), at=tuesday) == 1
    assert due(appeal) == NEXT_MONDAY + dt.timedelta(days=1)
    assert Appeal.objects.get(pk=appeal.pk).escalated_at == saturday
