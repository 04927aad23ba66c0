"""Who is told of an appeal when the public may read it: once, at once or in the letter of the day, and nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Author, Person
from appeals.alerts.question import parse_question
from appeals.intake.alerts import ask, confirm
from appeals.intake.receive import receive
from appeals.models import Alert, Appeal, Message
from appeals.notify.alerts import NEW_APPEAL, tell
from appeals.notify.delivery import deliver_due
from appeals.workflow import AMEND, HIDE, SHOW
from jobs.worker import Worker
from tests.factories import AppealFactory
from tests.grid import IN_EAST, IN_WEST, GridCity
from tests.submissions import submission_document

pytestmark = pytest.mark.django_db

EVERYTHING = "area=city"


def watch(
    query: str, email: str = "watcher@example.org", *, daily: bool = False, confirmed: bool = True
) -> Alert:
    ask(parse_question(QueryDict(query).dict()), email, daily=daily, sender="test")
    alert = Alert.objects.get(
        email=email, query=parse_question(QueryDict(query).dict()).as_query(), daily=daily
    )
    if confirmed:
        confirm(alert)
    return alert


def work() -> None:
    while Worker(queue="default").run_next():
        pass


def sent() -> list[tuple[str, str]]:
    """Recipients and subjects of what has gone out to watchers."""
    deliver_due()
    return [(letter.to[0], letter.subject) for letter in mail.outbox if "watcher" in letter.to[0]]


def submit(**values: Any) -> Appeal:
    appeal = receive(submission_document(**values), sender="test", language="en", source="web", holders=[])[
        1
    ].appeal
    work()
    return appeal


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (EVERYTHING, True),
        ("area=city&category=lamp", True),
        ("area=city&category=pothole", False),
        ("district=east", True),
        ("district=west", False),
        (f"near={IN_EAST[0]},{IN_EAST[1]}&radius_m=100", True),
        (f"near={IN_EAST[0]},{IN_EAST[1]}&radius_m=100&category=pothole", False),
        (f"near={IN_WEST[0]},{IN_WEST[1]}&radius_m=100", False),
        # The border belongs to it.
        (f"area=72.7,40.5,{IN_EAST[0]},40.5,{IN_EAST[0]},40.54,72.7,40.54", True),
        ("area=72.7,40.5,72.74,40.5,72.74,40.54,72.7,40.54", False),
    ],
)
def test_who_asks_for_such_an_appeal_is_told(city: GridCity, query: str, told: bool) -> None:
    alert = watch(query)
    appeal = AppealFactory(category=city.categories["lamp"], district=city.districts["east"])
    assert Alert.objects.watching(appeal).filter(pk=alert.pk).exists() is told
    # What is told is what the page and the feed of the same question show.
    question = parse_question(QueryDict(query).dict())
    assert question.appeals().filter(pk=appeal.pk).exists() is told


def test_a_group_s_categories_are_in_it(city: GridCity) -> None:
    lamp = city.categories["lamp"]
    assert lamp.parent is not None
    watch(f"area=city&category={lamp.parent.code}")
    assert Alert.objects.watching(AppealFactory(category=lamp)).exists()


def test_nobody_waits_for_whom_nobody_has_confirmed(city: GridCity) -> None:
    watch(EVERYTHING, confirmed=False)
    appeal = submit()
    assert sent() == [("watcher@example.org", "Confirm that you want to hear of new appeals")]
    assert not Message.objects.filter(kind=NEW_APPEAL, occasion=str(appeal.pk)).exists()


def test_an_address_is_told_once_however_many_alerts_it_has_and_however_often_the_task_runs(
    city: GridCity,
) -> None:
    for query in (EVERYTHING, "district=east"):
        watch(query)
    watch(EVERYTHING, "Watcher@example.org", daily=True)
    appeal = submit()
    assert tell.call(str(appeal.pk)) == 0
    assert [subject for _to, subject in sent() if "Confirm" not in subject] == [
        f"New appeal № {appeal.number}: lamp en"
    ]
    letter = mail.outbox[-1]
    assert f"/en/appeals/{appeal.number}/" in letter.body
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_what_is_hidden_before_it_is_sent_is_told_when_it_is_shown_and_once(
    city: GridCity, office_user: User
) -> None:
    watch(EVERYTHING)
    appeal, office = submit(), Person(office_user)

    def told() -> int:
        return sum("New appeal" in subject for _to, subject in sent())

    def moderate(verb: Any) -> None:
        given = {"text": "because"} if verb is HIDE else {}
        perform(appeal.pk, verb, office, version=None, **given)
        work()

    moderate(HIDE)
    assert told() == 0
    moderate(SHOW)
    assert told() == 1
    moderate(HIDE)
    moderate(SHOW)
    assert told() == 1


def test_nobody_is_told_of_a_place_that_the_author_took_off_the_map(city: GridCity) -> None:
    near = "near={},{}&radius_m=100"
    was, becomes, both = near.format(*IN_EAST), near.format(*IN_WEST), "watcher-3@example.org"
    watch(was, daily=True)
    watch(becomes, "watcher-2@example.org", daily=True)
    for query in (was, becomes):
        watch(query, both, daily=True)
    appeal = submit()
    place = {"text": appeal.text, "address": "", "category": "", "point": IN_WEST}
    perform(appeal.pk, AMEND, Author(appeal.pk), version=1, **place)
    work()
    mail.outbox.clear()
    deliver_due(timezone.now() + dt.timedelta(days=1))
    told = {letter.to[0] for letter in mail.outbox if "New appeal" in letter.subject}
    assert told == {"watcher-2@example.org", both}


def test_one_letter_a_day_and_none_for_who_has_ended_it(city: GridCity) -> None:
    alert = watch(EVERYTHING, daily=True)
    ended = watch(EVERYTHING, "watcher-2@example.org", daily=True)
    first, second = submit(), submit(lon=IN_WEST[0], lat=IN_WEST[1])
    ended.delete()
    mail.outbox.clear()
    assert sent() == []
    assert deliver_due(timezone.now() + dt.timedelta(days=1)).sent > 0
    (letter,) = [letter for letter in mail.outbox if letter.to == [alert.email]]
    assert letter.subject == "2 new appeals"
    for appeal in (first, second):
        assert f"/en/appeals/{appeal.number}/" in letter.body
    assert not Message.objects.filter(recipient="watcher-2@example.org").exists()


def test_the_link_in_a_letter_deletes_the_address_and_all_that_was_sent(
    city: GridCity, client: Client
) -> None:
    watch(EVERYTHING)
    submit()
    deliver_due()
    header = mail.outbox[-1].extra_headers["List-Unsubscribe"]
    path = header.strip("<>").removeprefix("http://localhost:8000")
    assert "city has no such" not in client.get(path).content.decode()
    for data in ({}, {"do": "resume"}):
        client.post(path, data)
        assert Alert.objects.exists()
    # As a mail program does (RFC 8058), and once more.
    for _time in range(2):
        page = client.post(path, {"List-Unsubscribe": "One-Click"})
        assert page.status_code == 200
        assert "your address is deleted" in page.content.decode()
    assert not Alert.objects.exists()
    assert not Message.objects.filter(recipient="watcher@example.org").exists()
