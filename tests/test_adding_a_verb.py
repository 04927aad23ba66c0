"""A verb is declared once: a row that only this test knows is followed through every room that shows or does verbs.

Where one of these fails, adding a verb has begun to touch more than its row, its words and its test.
"""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation
from django.utils.formats import date_format
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from accounts.roles import Role
from appeals.actions.escalate import escalate_overdue
from appeals.actions.perform import perform
from appeals.actors import Author, Person
from appeals.deadlines import city_calendar
from appeals.due import DueState, due_of
from appeals.errors import Invalid, NotAllowed
from appeals.models import Appeal, Attachment, Event
from appeals.notify.delivery import deliver_due
from appeals.vocabulary import Ask, Audience, Clock, Guard, Input, Status, Tone, Verb, Words
from appeals.workflow import VERBS, verb_choices
from appeals.workflow_diagram import diagram
from bootstrap.rates import Rate
from tests.factories import AppealFactory
from tests.grid import GridCity

ICONS = (Path(__file__).parents[1] / "web/static/web/img/icons.svg").read_text(encoding="utf-8")

VISIT = Verb(
    "visit",
    sources=(Status.ACCEPTED,),
    target=None,
    roles=frozenset({Role.SERVICE, Role.OFFICE, Role.RESIDENT}),
    icon="clock",
    asks=(
        Ask("day", Input.DAY, "On which day", "Everyone reads it."),
        Ask("text", Input.TEXT, "What will be done"),
    ),
    words=Words(
        step="Visit on %(day)s: %(service)s",
        invitation="Announce a visit",
        button="Publish the visit",
        done="Appeal %(number)s is planned.",
    ),
    letters={Audience.AUTHOR: "A visit for your appeal № %(number)d"},
)
#: Of the author alone, from the first state on, with files, and it ends the term though nobody answered.
RETRACT = Verb(
    "retract",
    sources=(Status.NEW, Status.ACCEPTED),
    target=Status.CLOSED,
    roles=frozenset({Role.RESIDENT}),
    icon="undo",
    tone=Tone.DANGER,
    clock=Clock.END,
    asks=(
        Ask("text", Input.TEXT, "Why"),
        Ask("uploads", Input.FILES, "Photos", "At most %(photos)d and %(videos)d.", required=False),
    ),
    words=Words(
        step="Retracted by the author",
        invitation="Retract the appeal",
        button="Retract",
        done="Appeal %(number)s is retracted.",
    ),
    letters={Audience.SERVICE: "Appeal № %(number)d has been retracted"},
)
#: Where the term is over, but the platform alone tells the Mayor's Office so.
APOLOGISE = Verb(
    "apologise",
    sources=(Status.ACCEPTED,),
    target=None,
    roles=frozenset({Role.SERVICE}),
    guard=Guard.TERM_PASSED,
    words=Words(step="Sorry for the delay", button="Apologise", done="Said."),
    letters={Audience.AUTHOR: "We are sorry about your appeal № %(number)d"},
)


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    for verb in (VISIT, RETRACT, APOLOGISE):
        monkeypatch.setitem(VERBS, verb.code, verb)


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"], status=Status.ACCEPTED)


@pytest.fixture
def day() -> dt.date:
    return timezone.localdate() + dt.timedelta(days=9)


@pytest.fixture
def planned(appeal: Appeal, light_user: User, day: dt.date) -> Appeal:
    return perform(appeal.pk, VISIT, Person(light_user), version=1, day=day, text="A new lamp post")


def jpeg(name: str, colour: str = "red") -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue(), "image/jpeg")


def written(day: dt.date) -> str:
    with translation.override("en"):
        return date_format(day, "DATE_FORMAT")


def test_a_guard_does_nothing_by_itself(appeal: Appeal, light_user: User) -> None:
    with pytest.raises(NotAllowed):
        perform(appeal.pk, APOLOGISE, Person(light_user), version=1)
    Appeal.objects.update(due_on=timezone.localdate() - dt.timedelta(days=1))
    said = perform(appeal.pk, APOLOGISE, Person(light_user), version=1)
    assert said.escalated_at is None
    assert escalate_overdue() == 1
    assert [event.verb for event in appeal.events.order_by("version")][-2:] == ["apologise", "escalate"]


def test_the_event_keeps_what_was_asked_for(planned: Appeal, day: dt.date) -> None:
    event = planned.events.get(verb="visit")
    assert (event.text, event.details) == ("A new lamp post", {"day": day.isoformat()})
    assert (planned.status, planned.version) == (Status.ACCEPTED, 2)
    Event(appeal=planned, version=3, verb="visit").clean_fields(
        exclude=["at", "actor_role", "to_status", "service"]
    )


def test_the_desk_offers_its_form_and_takes_it(
    appeal: Appeal, client: Client, light_user: User, day: dt.date
) -> None:
    client.force_login(light_user)
    url = f"/en/desk/appeals/{appeal.number}/"
    page = client.get(url).content.decode()
    assert "Announce a visit" in page
    assert 'type="date" name="day"' in page.replace("  ", " ")
    sent = {"verb": "visit", "version": 1, "day": day.isoformat(), "text": "A new lamp post"}
    page = client.post(url, sent, follow=True).content.decode()
    assert f"Appeal № {appeal.number} is planned." in page
    assert f"Visit on {written(day)}: light en" in page


@pytest.mark.parametrize("value", ["", "soon", "2020-01-01"])
def test_a_wrong_day_is_said_at_its_field_and_the_words_are_kept(
    appeal: Appeal, client: Client, light_user: User, value: str
) -> None:
    client.force_login(light_user)
    sent = {"verb": "visit", "version": 1, "day": value, "text": "A new lamp post"}
    answer = client.post(f"/en/desk/appeals/{appeal.number}/", sent)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'id="visit-day_error"' in page
    assert "A new lamp post</textarea>" in page
    assert not appeal.events.filter(verb="visit").exists()


def test_a_day_that_has_passed_is_refused_at_every_door(appeal: Appeal, light_user: User) -> None:
    with pytest.raises(Invalid) as refusal:
        perform(appeal.pk, VISIT, Person(light_user), version=1, day=dt.date(2020, 1, 1), text="x")
    assert refusal.value.errors == {"day": ["This day has passed."]}
    today = timezone.localdate()
    assert perform(appeal.pk, VISIT, Person(light_user), version=1, day=today, text="x").version == 2


def test_the_author_s_page_offers_it_where_the_row_says_so(
    appeal: Appeal, client: Client, day: dt.date
) -> None:
    url = f"/en/follow/{appeal.contact.secret}/"
    assert "Announce a visit" in client.get(url).content.decode()
    client.post(url, {"verb": "visit", "version": 1, "day": day.isoformat(), "text": "My own plan"})
    assert appeal.events.get(verb="visit").actor_role == Role.RESIDENT
    assert perform(appeal.pk, VISIT, Author(appeal.pk), version=2, day=day, text="Another").version == 3


def test_the_author_does_it_with_a_photo_and_nothing_is_due_any_more(city: GridCity, client: Client) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    url = f"/en/follow/{appeal.contact.secret}/"
    page = client.get(url).content.decode()
    assert "Retract the appeal" in page
    assert "What happens next" in page, "an offered verb does not take the place of what the author waits for"
    assert 'enctype="multipart/form-data"' in page
    sent = {"verb": "retract", "version": 1, "text": "Repaired by neighbours", "files": jpeg("new.jpg")}
    page = client.post(url, sent, follow=True).content.decode()
    assert f"Appeal № {appeal.number} is retracted." in page
    assert "What happens next" not in page
    assert appeal.events.get(verb="retract").attachments.count() == 1
    appeal.refresh_from_db()
    assert (appeal.status, appeal.answered_at) == (Status.CLOSED, None)
    assert due_of(appeal, city_calendar(), timezone.localdate()).state is DueState.ENDED
    assert not Appeal.objects.overdue(appeal.due_on + dt.timedelta(days=1)).exists()


def test_a_refused_try_keeps_the_author_s_words_and_files(city: GridCity, client: Client) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    url = f"/en/follow/{appeal.contact.secret}/"
    page = client.post(url, {"verb": "retract", "version": 1, "text": " ", "files": jpeg("new.jpg")})
    assert page.status_code == 400
    (kept,) = Attachment.objects.filter(appeal=None)
    assert f'name="uploads" value="{kept.pk}"' in page.content.decode()
    assert 'id="retract-text_error"' in page.content.decode()


def test_too_many_files_of_the_author_say_when_to_come_again(
    city: GridCity, client: Client, settings: Settings, stored_in: Path
) -> None:
    settings.LIMITS = {"upload": Rate(1, 1, 86_400)}
    appeal = AppealFactory(category=city.categories["lamp"])
    files = [jpeg("one.jpg"), jpeg("two.jpg", "blue")]
    sent = {"verb": "retract", "version": 1, "text": "Repaired by neighbours", "files": files}
    page = client.post(f"/en/follow/{appeal.contact.secret}/", sent)
    assert page.status_code == 429
    assert 86_000 < int(page["Retry-After"]) <= 86_400
    assert "Repaired by neighbours</textarea>" in page.content.decode()


def test_words_of_a_verb_that_may_not_be_done_any_more_are_given_back(
    city: GridCity, client: Client, light_user: User
) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], status=Status.ACCEPTED)
    perform(appeal.pk, VERBS["answer"], Person(light_user), version=1, text="Done")
    sent = {"verb": "retract", "version": 1, "text": "Repaired by neighbours"}
    page = client.post(f"/en/follow/{appeal.contact.secret}/", sent)
    assert page.status_code == 409
    assert "readonly>Repaired by neighbours</textarea>" in page.content.decode()
    assert "Answered: light en" in page.content.decode()


@pytest.mark.parametrize("verb", list(VERBS.values()), ids=str)
def test_every_icon_of_the_table_is_drawn(verb: Verb) -> None:
    assert not verb.icon or f'id="{verb.icon}"' in ICONS, verb.icon


def test_the_public_reads_it(planned: Appeal, client: Client, day: dt.date) -> None:
    page = client.get(f"/en/appeals/{planned.number}/").content.decode()
    assert f"Visit on {written(day)}: light en" in page
    assert "A new lamp post" in page


def test_the_api_tells_it(planned: Appeal, client: Client, day: dt.date) -> None:
    last = client.get(f"/api/appeals/{planned.pk}/?lang=en").json()["properties"]["events"][-1]
    assert (last["verb"], last["details"]) == ("visit", {"day": day.isoformat()})
    assert last["title"] == f"Visit on {written(day)}: light en"


def test_the_author_gets_a_letter(planned: Appeal, day: dt.date) -> None:
    Appeal.objects.filter(pk=planned.pk).update(language="en")
    deliver_due()
    (letter,) = mail.outbox
    assert letter.subject == f"A visit for your appeal № {planned.number}"
    assert "A new lamp post" in letter.body
    assert "Visit on" in letter.body


def test_the_diagram_and_the_choices_follow(db: None) -> None:
    assert "accepted --> accepted: visit (office, resident, service)" in diagram()
    assert ("visit", "visit") in verb_choices()
