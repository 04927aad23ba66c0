"""Who is told what about each step: the subjects of the letters, in the recipient's language."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actions.submit import Submission, submit
from appeals.actors import PLATFORM, Actor, Author, Person
from appeals.deadlines import city_calendar
from appeals.limits import SUPPORT_VOICES
from appeals.models import Appeal, AppealContact, LegalTerm, RefusalGround
from appeals.notify.delivery import deliver_due
from appeals.vocabulary import Input, Kind, Verb
from appeals.workflow import (
    ACCEPT,
    ADD,
    AMEND,
    ANSWER,
    ANSWERED_ELSEWHERE,
    ASK,
    ASSIGN,
    CARRY,
    CLEAR,
    CLOSE,
    CORRECT,
    COVER,
    DUPLICATE,
    ESCALATE,
    EXTEND,
    FORWARD,
    FOUND_OVERDUE,
    HIDE,
    HIDE_COMMENT,
    HIDE_FILE,
    HOLD,
    IDENTIFY,
    LAPSE,
    LINK,
    NOTE,
    PLAN,
    RATE,
    RECLASSIFY,
    RECOUNT,
    REDACT,
    REFUSE,
    REJOIN,
    REMIND,
    REOPEN,
    REPLY,
    RESTORE,
    SEPARATE,
    SHOW,
    SHOW_COMMENT,
    SHOW_FILE,
    SPLIT,
    SUBMIT_FOR,
    SUPPLEMENT,
    UNCOVER,
    UNLINK,
    UNSPLIT,
    VERBS,
    WARN_DUE,
    WARN_HALF,
    WARN_MOST,
    WITHDRAW,
)
from tests.factories import AbuseReportFactory, AppealFactory, AttachmentFactory, CommentFactory
from tests.grid import GridCity
from tests.pictures import photo_of

pytestmark = pytest.mark.django_db

AUTHOR, LIGHT, ROADS = "resident@example.org", "light@city.example", "roads@city.example"
OFFICE = "office@city.example"

#: The road to a step, and the subjects of its own letters by who receives them; N is the appeal's number, M that
#: of the appeal that belongs together with it.
ROADS_TO: list[tuple[list[Verb], dict[str, str]]] = [
    ([], {AUTHOR: "Your appeal № N has been received", LIGHT: "New appeal № N"}),
    ([ACCEPT], {AUTHOR: "Your appeal № N is in progress"}),
    ([ANSWER], {AUTHOR: "Your appeal № N has been answered"}),
    (
        [FORWARD],
        {
            AUTHOR: "Your appeal № N is with another service now",
            ROADS: "Appeal № N has been forwarded to you",
        },
    ),
    ([ANSWER, CLOSE], {AUTHOR: "Your appeal № N has been closed"}),
    (
        [ANSWER, REOPEN],
        {AUTHOR: "Your appeal № N has been reopened", LIGHT: "Appeal № N has been reopened"},
    ),
    ([ANSWER, SUPPLEMENT], {AUTHOR: "The answer to your appeal № N has an addition"}),
    ([PLAN], {AUTHOR: "Works for your appeal № N are planned"}),
    (
        [CORRECT],
        {
            AUTHOR: "Category or place of your appeal № N has been put right",
            ROADS: "Appeal № N is yours after a correction",
        },
    ),
    ([DUPLICATE], {AUTHOR: "Your appeal № N repeats another one"}),
    ([DUPLICATE, SEPARATE], {AUTHOR: "Your appeal № N is considered by itself again"}),
    # Of the second appeal.
    (
        [SPLIT, REJOIN],
        {
            AUTHOR: "Your appeal № N is considered with the first one again",
            ROADS: "Appeal № N is closed: it is considered with the first one again",
        },
    ),
    (
        [SPLIT, UNSPLIT],
        {
            AUTHOR: "Your appeal № M is considered with the first one again",
            ROADS: "Appeal № M is closed: it is considered with the first one again",
        },
    ),
    (
        [SPLIT],
        {
            AUTHOR: "A second matter of your appeal № N is considered by itself",
            ROADS: "New appeal № M",
        },
    ),
    (
        [IDENTIFY],
        {
            AUTHOR: "Your report № N is registered as an appeal under the law",
            LIGHT: "№ N is an appeal under the law now",
        },
    ),
    ([IDENTIFY, RECLASSIFY], {AUTHOR: "The kind of your appeal № N has been put right"}),
    ([ANSWER, RATE], {}),
    ([LINK], {}),
    ([LINK, UNLINK], {}),
    ([REFUSE], {AUTHOR: "Your appeal № N will not be considered"}),
    ([AMEND], {ROADS: "Appeal № N has been corrected by its author"}),
    ([ADD], {LIGHT: "The author of appeal № N has added to it"}),
    ([WITHDRAW], {LIGHT: "Appeal № N has been withdrawn by its author"}),
    ([ASK], {AUTHOR: "A question about your appeal № N"}),
    ([ASK, REPLY], {LIGHT: "The author of appeal № N has replied"}),
    ([ASK, REMIND], {AUTHOR: "Please reply: a question about your appeal № N"}),
    (
        [ASK, LAPSE],
        {
            AUTHOR: "Your appeal № N goes on without your reply",
            LIGHT: "Appeal № N goes on: its author has not replied",
        },
    ),
    ([ASSIGN], {}),
    ([HIDE_FILE], {AUTHOR: "A photo or video of your appeal № N has been hidden from the public"}),
    (
        [HIDE_FILE, SHOW_FILE],
        {AUTHOR: "A photo or video of your appeal № N is shown to the public again"},
    ),
    ([HIDE_COMMENT], {}),
    ([HIDE_COMMENT, SHOW_COMMENT], {}),
    ([COVER], {AUTHOR: "Areas of a photo of your appeal № N have been blackened"}),
    ([COVER, UNCOVER], {AUTHOR: "A photo of your appeal № N is shown whole again"}),
    ([REDACT], {AUTHOR: "Words of your appeal № N have been taken out"}),
    ([REDACT, RESTORE], {AUTHOR: "The words of your appeal № N stand again as they were written"}),
    ([NOTE], {}),
    ([CLEAR], {}),
    ([HIDE], {AUTHOR: "Your appeal № N has been hidden from the public"}),
    ([HIDE, SHOW], {AUTHOR: "Your appeal № N is shown to the public"}),
    ([HOLD], {OFFICE: "Appeal № N waits for you to look at it"}),
    ([EXTEND], {AUTHOR: "The answer to your appeal № N will take longer"}),
    (
        [CARRY],
        {
            AUTHOR: "Your proposal № N has gathered its support: the city must answer",
            OFFICE: "Proposal № N has gathered its support: an answer in public is due",
        },
    ),
    ([WARN_HALF], {LIGHT: "Half of the term of appeal № N has passed"}),
    ([WARN_MOST], {LIGHT: "80 % of the term of appeal № N has passed"}),
    ([WARN_DUE], {LIGHT: "Appeal № N must be answered today"}),
    (
        [ESCALATE],
        {
            OFFICE: "Appeal № N is overdue",
            LIGHT: "Appeal № N is overdue: the Mayor's Office has been told",
        },
    ),
    ([RECOUNT], {}),
    ([ANSWERED_ELSEWHERE], {}),
    ([FOUND_OVERDUE], {}),
    (
        [SUBMIT_FOR],
        {AUTHOR: "Your appeal № N has been received", LIGHT: "New appeal № N"},
    ),
]


def test_every_verb_is_tried() -> None:
    assert {road[-1].code if road else "submit" for road, _subjects in ROADS_TO} == set(VERBS)


def actor_of(verb: Verb, appeal: Appeal, service: Person, office: Person) -> Actor:
    """Somebody who may do it."""
    if Role.SERVICE in verb.roles:
        return service
    if Role.RESIDENT in verb.roles:
        return Author(appeal.pk)
    return PLATFORM if Role.SYSTEM in verb.roles else office


def given_to(verb: Verb, appeal: Appeal, city: GridCity) -> dict[str, object]:
    """What the verb asks for."""
    values: dict[Input, Callable[[], object]] = {
        Input.TEXT: lambda: "Some words",
        Input.WORDS: lambda: appeal.text,
        Input.SERVICE: lambda: city.services["roads"],
        Input.SHOWN_FILE: lambda: AttachmentFactory(appeal=appeal).pk,
        Input.HIDDEN_FILE: lambda: appeal.attachments.get().pk,
        Input.SHOWN_COMMENT: lambda: appeal.comments.get().pk,
        Input.HIDDEN_COMMENT: lambda: appeal.comments.get().pk,
        Input.PHOTO: lambda: photo_of(appeal).pk,
        Input.COVERED_PHOTO: lambda: appeal.attachments.get().pk,
        Input.AREAS: lambda: "0 0 5 5",
        Input.GROUND: lambda: RefusalGround.objects.create(code="x", name="x", law="x"),
        Input.APPEAL: lambda: AppealFactory(category=city.categories["lamp"]).number,
        Input.CATEGORY: lambda: city.categories["pothole"],
        Input.SECOND_CATEGORY: lambda: city.categories["pothole"],
        Input.RELATED: lambda: AppealFactory(category=city.categories["lamp"]).number,
        Input.LINKED: lambda: appeal.linked.get().number,
        Input.PART: lambda: appeal.linked.get().number,
        Input.DAY: timezone.localdate,
        Input.KIND: lambda: "request",
        Input.VERDICT: lambda: "yes",
    }
    if verb is IDENTIFY:
        return {"kind": "complaint", "name": "Бакыт Эсенов", "postal_address": "Ош, Ленин көчөсү 5"}
    return {ask.name: values[ask.input]() for ask in verb.asks if ask.input in values}


@pytest.mark.parametrize(
    ("road", "subjects"), ROADS_TO, ids=lambda value: "-".join(map(str, value)) or "submit"
)
def test_subjects(
    submission: Callable[..., Submission],
    city: GridCity,
    stored_in: Path,
    service_actor: Person,
    office_actor: Person,
    settings: Settings,
    road: list[Verb],
    subjects: dict[str, str],
) -> None:
    # Services are written to in the city's language.
    settings.LANGUAGE_CODE = "en"
    LegalTerm.objects.update(extension_days=5)
    long_ago = timezone.now() - dt.timedelta(days=90) if {ESCALATE, FOUND_OVERDUE} & {*road} else None
    by = {"source": "phone"}, office_actor
    values, taken_by = by if road == [SUBMIT_FOR] else ({}, None)
    road = road if taken_by is None else []
    appeal = submit(submission(language="en", **values), sender=None, by=taken_by, at=long_ago).appeal
    # Who has opened the link in the first letter.
    AppealContact.objects.update(email_proven=bool(road))
    if HIDE_COMMENT in road:
        CommentFactory(appeal=appeal)
    at: dt.datetime | None = None
    for version, verb in enumerate(road, 1):
        deliver_due()
        mail.outbox.clear()
        if verb is CARRY:
            Appeal.objects.update(kind=Kind.RECOMMENDATION, supporters=SUPPORT_VOICES)
        if verb is REJOIN:
            appeal, service_actor = appeal.linked.get(), office_actor
        if verb is CLEAR:
            AbuseReportFactory(appeal=appeal)
        actor = actor_of(verb, appeal, service_actor, office_actor)
        given = given_to(verb, appeal, city)
        # The platform's own steps are taken when their day has come.
        at = timezone.now() + dt.timedelta(days=30) if verb in {REMIND, LAPSE} else None
        if verb in {WARN_HALF, WARN_MOST, WARN_DUE}:
            left = {WARN_HALF: 7, WARN_MOST: 2, WARN_DUE: 0}[verb]
            day = next(
                day
                for day in (appeal.due_on - dt.timedelta(days=n) for n in range(30))
                if city_calendar().working_days_between(day, appeal.due_on) == left
            )
            at = dt.datetime.combine(day, dt.time(12), timezone.get_default_timezone())
        perform(appeal.pk, verb, actor, version=None if verb is REJOIN else version, at=at, **given)
    deliver_due(at)
    sent = {letter.to[0]: letter.subject for letter in mail.outbox}
    linked = appeal.linked.first() or Appeal.objects.filter(duplicate_of=appeal).first()
    numbers = {"N": appeal.number, "M": linked and linked.number}
    assert sent == {
        who: re.sub(r"№ ([NM])", lambda found: f"№ {numbers[found[1]]}", subject)
        for who, subject in subjects.items()
    }
    for letter in mail.outbox:
        assert letter.body.startswith(f"{letter.subject}.")
