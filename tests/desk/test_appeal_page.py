from __future__ import annotations

import io
import re
import uuid
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal, Attachment, Event, LegalTerm, Message
from appeals.vocabulary import Guard, Status
from appeals.workflow import ACCEPT, ANSWER, ASK, FORWARD, HIDE, verbs_for
from bootstrap.rates import Rate
from config.city import CITY
from tests.desk.pages import form_of, offered, picture, url
from tests.factories import (
    AbuseReportFactory,
    AppealFactory,
    AttachmentFactory,
    CommentFactory,
    EventFactory,
    MembershipFactory,
    UserFactory,
)
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(
        category=city.categories["lamp"], contact__name="Бакыт Эсенов", contact__email="author@example.org"
    )


def test_the_author_is_shown_to_the_service_and_the_office_alone(
    city: GridCity, client: Client, appeal: Appeal, light_user: User, office_user: User
) -> None:
    for user in (light_user, office_user, User.objects.create_superuser("root@city.example")):
        client.force_login(user)
        page = client.get(url(appeal)).content.decode()
        assert "author@example.org" in page
        assert appeal.contact.secret not in page
    # Another service reads what everybody reads.
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    response = client.get(url(appeal))
    assert (response.status_code, response["Location"]) == (302, f"/en/appeals/{appeal.number}/")
    assert client.post(url(appeal), {"verb": "accept", "version": 1}).status_code == 302
    appeal.refresh_from_db()
    assert appeal.version == 1


def test_another_services_hidden_appeal_does_not_exist(
    city: GridCity, client: Client, appeal: Appeal, office_user: User
) -> None:
    perform(appeal.pk, HIDE, Person(office_user), version=1, text="A curse word")
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    assert client.get(url(appeal)).status_code == 404


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("role", [Role.SERVICE, Role.OFFICE])
def test_the_buttons_are_those_of_the_workflow_table(
    city: GridCity,
    client: Client,
    light_user: User,
    office_user: User,
    status: Status,
    hidden: bool,
    role: Role,
) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], status=status, hidden=hidden)
    LegalTerm.objects.update(extension_days=5)
    AttachmentFactory(appeal=appeal)
    AttachmentFactory(appeal=appeal, hidden=True)
    CommentFactory(appeal=appeal)
    CommentFactory(appeal=appeal, hidden=True)
    AbuseReportFactory(appeal=appeal)
    appeal.linked.add(AppealFactory(category=city.categories["lamp"]))
    if status is Status.CLOSED:
        original = AppealFactory(category=city.categories["lamp"])
        Appeal.objects.filter(pk=appeal.pk).update(outcome="duplicate", duplicate_of=original)
    client.force_login(light_user if role is Role.SERVICE else office_user)
    page = client.get(url(appeal)).content.decode()
    # Nothing has been taken out or blackened, and it is no second matter.
    barred = {Guard.REDACTED, Guard.PHOTO_COVERED, Guard.SPLIT_OFF, Guard.HAS_PART, Guard.CIVIC}
    # Of what nobody sees, nothing is reported.
    barred |= {Guard.REPORTED} if hidden else set()
    assert offered(page) == {
        verb.code for verb in verbs_for(status, role, hidden=hidden, held=False, barred=barred)
    }


def test_accept_and_the_next_one_is_a_click_away(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    other = AppealFactory(category=city.categories["lamp"])
    response = at_desk.post(url(appeal), {"verb": "accept", "version": 1}, follow=True)
    assert response.redirect_chain == [(f"{url(appeal)}?tab=open", 302)]
    page = response.content.decode()
    assert f"Appeal № {appeal.number} is in progress." in page
    assert f'href="{url(other)}?tab=open" rel="next"' in page
    appeal.refresh_from_db()
    assert appeal.status == Status.ACCEPTED


def test_the_one_before_is_as_near_as_the_one_after(city: GridCity, at_desk: Client) -> None:
    one, two, three = (AppealFactory(category=city.categories["lamp"]) for _ in range(3))

    def beside(appeal: Appeal, query: str = "") -> dict[str, str]:
        page = at_desk.get(url(appeal) + query).content.decode()
        found = re.findall(r'href="/en/desk/appeals/(\d+)/[^"]*" rel="(next|prev)"', page)
        return {rel: number for number, rel in found}

    assert beside(one) == {"next": str(two.number)}
    assert beside(two) == {"prev": str(one.number), "next": str(three.number)}
    assert beside(three) == {"prev": str(two.number), "next": str(one.number)}
    assert beside(two, "?sort=-number") == {"prev": str(three.number), "next": str(one.number)}


def test_an_answer_with_photos(at_desk: Client, appeal: Appeal, light_user: User, media_root: Path) -> None:
    files = [picture("one.jpg"), picture("two.jpg")]
    at_desk.post(url(appeal), {"verb": "answer", "version": 1, "text": "The lamp is new.", "files": files})
    event = Event.objects.get(appeal=appeal, verb=ANSWER.code)
    assert (event.text, event.actor, event.actor_role) == ("The lamp is new.", light_user, Role.SERVICE)
    assert event.attachments.count() == 2
    public = at_desk.get(f"/en/appeals/{appeal.number}/").content.decode()
    assert "The lamp is new." in public
    assert all(attachment.large.url in public for attachment in event.attachments.all())


@pytest.mark.parametrize("text", ["   ", "\u200b\ufeff", "\u3164 \u2800"])
def test_an_answer_without_words_is_not_published(at_desk: Client, appeal: Appeal, text: str) -> None:
    response = at_desk.post(url(appeal), {"verb": "answer", "version": 1, "text": text})
    assert response.status_code == 400
    assert "Write a few words." in response.content.decode()
    appeal.refresh_from_db()
    assert appeal.version == 1


def test_a_file_that_is_no_picture_keeps_the_words(at_desk: Client, appeal: Appeal, media_root: Path) -> None:
    broken = io.BytesIO(b"%PDF-1.7 not a picture")
    broken.name = "photo.jpg"
    response = at_desk.post(
        url(appeal), {"verb": "answer", "version": 1, "text": "Done so far", "files": [broken]}
    )
    page = response.content.decode()
    assert response.status_code == 400
    assert "Done so far</textarea>" in page
    # Said at the field; the page's scripts have the same words in store.
    assert "neither a photo nor a video" in page[page.index("answer-files_error") :].partition("</ul>")[0]
    assert not Event.objects.filter(verb=ANSWER.code).exists()


def test_too_many_files_at_once_keep_the_words_and_say_until_when(
    at_desk: Client, appeal: Appeal, media_root: Path, settings: Settings
) -> None:
    settings.LIMITS = {"upload": Rate(1, 1, 86_400)}
    form = {"verb": "answer", "version": 1, "text": "The lamp is new.", "files": [picture(), picture()]}
    response = at_desk.post(url(appeal), form)
    page = response.content.decode()
    assert response.status_code == 429
    assert 86_000 < int(response["Retry-After"]) <= 86_400
    assert "send it again in 24 hours" in page
    assert "The lamp is new.</textarea>" in page
    assert re.findall(r'name="uploads" value="([^"]+)"', page) == [str(Attachment.objects.get().pk)]
    assert not Event.objects.filter(verb=ANSWER.code).exists()


def test_a_colleague_was_faster_and_the_words_and_photos_are_kept(
    city: GridCity, at_desk: Client, appeal: Appeal, media_root: Path
) -> None:
    colleague = MembershipFactory(service=city.services["light"]).user
    perform(appeal.pk, ACCEPT, Person(colleague), version=1)
    response = at_desk.post(
        url(appeal), {"verb": "answer", "version": 1, "text": "The lamp is new.", "files": [picture()]}
    )
    page = response.content.decode()
    assert response.status_code == 409
    assert "What has changed meanwhile" in page
    assert str(colleague) in page
    assert "The lamp is new.</textarea>" in page
    assert not Event.objects.filter(verb=ANSWER.code).exists()
    # Sent again as the page shows it, it is published with the photo of the first try.
    (upload,) = re.findall(r'name="uploads" value="([^"]+)"', page)
    again = {"verb": "answer", "version": 2, "text": "The lamp is new.", "uploads": [upload]}
    assert at_desk.post(url(appeal), again).status_code == 302
    assert Attachment.objects.get(pk=upload).event == Event.objects.get(verb=ANSWER.code)


def test_who_answers_too_late_has_words_and_photo_in_hand_as_an_addition(
    city: GridCity, at_desk: Client, appeal: Appeal, media_root: Path
) -> None:
    colleague = MembershipFactory(service=city.services["light"]).user
    perform(appeal.pk, ANSWER, Person(colleague), version=1, text="We were faster")
    late = {"verb": "answer", "version": 1, "text": "My long answer", "files": [picture()]}
    response = at_desk.post(url(appeal), late)
    page = response.content.decode()
    assert response.status_code == 409
    assert "We were faster" in page
    assert Event.objects.filter(verb=ANSWER.code).count() == 1
    addition = form_of(page, "supplement")
    assert "My long answer</textarea>" in addition
    (photo,) = re.findall(r'name="uploads" value="([^"]+)"', addition)
    sent = {"verb": "supplement", "version": 2, "text": "My long answer", "uploads": [photo]}
    at_desk.post(url(appeal), sent)
    public = at_desk.get(f"/en/appeals/{appeal.number}/").content.decode()
    assert "We were faster" in public
    assert "My long answer" in public
    assert Attachment.objects.get(pk=photo).large.url in public


@pytest.mark.parametrize("verb", ["forward", "accept"])
def test_words_that_have_no_form_any_more_stand_in_a_note(
    city: GridCity, at_desk: Client, appeal: Appeal, verb: str
) -> None:
    colleague = MembershipFactory(service=city.services["light"]).user
    perform(appeal.pk, ANSWER, Person(colleague), version=1, text="We were faster")
    sent = {"verb": verb, "version": 1, "text": "Not ours", "to_service": "roads"}
    page = at_desk.post(url(appeal), sent).content.decode()
    assert "Not ours</textarea>" in form_of(page, "note")
    assert "Not ours" not in form_of(page, "supplement")


def test_words_for_the_author_that_a_colleague_asked_first_stand_in_a_note(
    city: GridCity, at_desk: Client, appeal: Appeal
) -> None:
    """While the appeal is open there are forms of staff that have no room for words."""
    colleague = MembershipFactory(service=city.services["light"]).user
    perform(appeal.pk, ASK, Person(colleague), version=1, text="Which entrance?")
    sent = {"verb": "ask", "version": 1, "text": "Which floor?"}
    page = at_desk.post(url(appeal), sent).content.decode()
    assert "Which floor?</textarea>" in form_of(page, "note")


def test_what_belongs_together_is_opened_at_the_desk(
    city: GridCity, at_desk: Client, client: Client, appeal: Appeal
) -> None:
    other = AppealFactory(category=city.categories["tree"])
    appeal.linked.add(other)
    there = url(other)
    assert f'<a href="{there}">№ {other.number}</a>' in at_desk.get(url(appeal)).content.decode()
    # Whoever has no part in it is sent to what the public sees.
    assert at_desk.get(there)["Location"] == other.get_absolute_url()
    client.logout()
    page = client.get(appeal.get_absolute_url()).content.decode()
    assert f'<a href="{other.get_absolute_url()}">№ {other.number}</a>' in page


def test_a_note_is_read_by_staff_alone(at_desk: Client, appeal: Appeal) -> None:
    at_desk.post(url(appeal), {"verb": "note", "version": 1, "text": "Ask the power plant"})
    assert "Ask the power plant" in at_desk.get(url(appeal)).content.decode()
    stranger = Client()
    for path in (
        f"/en/appeals/{appeal.number}/",
        f"/en/follow/{appeal.contact.secret}/",
        f"/api/appeals/{appeal.pk}/",
    ):
        assert "power plant" not in stranger.get(path).content.decode(), path


def test_what_the_office_answers_is_the_office_s(
    city: GridCity, client: Client, appeal: Appeal, office_user: User
) -> None:
    client.force_login(office_user)
    client.post(url(appeal), {"verb": "answer", "version": 1, "text": "The mayor has looked"})
    for path in (f"/en/appeals/{appeal.number}/", f"/en/follow/{appeal.contact.secret}/"):
        page = Client().get(path).content.decode()
        answer = page[page.index('class="answer"') : page.index("</article>", page.index('class="answer"'))]
        assert "Answer of the Mayor's Office" in answer
        assert "Official answer" not in answer
        assert "light en" not in answer
        assert CITY.office["en"] in answer.replace("&#x27;", "'")
        assert f"Answered: {CITY.office['en']}" in page.replace("&#x27;", "'")
    api = Client().get(f"/api/appeals/{appeal.pk}/?lang=en").json()["properties"]["events"][-1]
    assert (api["by"], api["title"]) == ("office", f"Answered: {CITY.office['en']}")


def test_what_a_service_answers_is_the_service_s(at_desk: Client, appeal: Appeal) -> None:
    at_desk.post(url(appeal), {"verb": "answer", "version": 1, "text": "A new lamp"})
    page = Client().get(f"/en/appeals/{appeal.number}/").content.decode()
    assert "Official answer" in page
    assert "Answered: light en" in page
    assert "Answer of the Mayor" not in page


def test_the_public_reads_the_reason_that_was_given_for_hiding(
    city: GridCity, client: Client, appeal: Appeal, office_user: User
) -> None:
    client.force_login(office_user)
    client.post(url(appeal), {"verb": "hide", "version": 1, "text": "It names a child"})
    gone = Client().get(f"/en/appeals/{appeal.number}/")
    assert gone.status_code == 410
    assert "It names a child" in gone.content.decode()
    assert "because of its words" not in gone.content.decode()
    assert "It names a child" in Client().get(f"/en/follow/{appeal.contact.secret}/").content.decode()
    assert Message.objects.filter(event__verb="hide", audience="author").exists()


def test_a_reason_that_was_given_to_staff_stays_with_them(
    city: GridCity, client: Client, appeal: Appeal, office_user: User
) -> None:
    """As reasons were before the public read them."""
    Appeal.objects.filter(pk=appeal.pk).update(hidden=True, version=2)
    EventFactory(
        appeal=appeal,
        version=2,
        verb="hide",
        text="whisper",
        public=False,
        actor_role=Role.OFFICE,
        actor=office_user,
    )
    gone = client.get(f"/en/appeals/{appeal.number}/").content.decode()
    assert "whisper" not in gone
    assert "has hidden it from the public." in gone


def test_forwarded_meanwhile_shows_nothing_more(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    colleague = MembershipFactory(service=city.services["light"]).user
    perform(appeal.pk, ACCEPT, Person(colleague), version=1)
    perform(
        appeal.pk,
        FORWARD,
        Person(colleague),
        version=2,
        to_service=city.services["roads"],
        text="Not ours",
    )
    response = at_desk.post(url(appeal), {"verb": "answer", "version": 1, "text": "Mine"})
    assert response["Location"] == "/en/desk/drafts/"


def test_forward_leads_back_to_the_queue(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    form = {"verb": "forward", "version": 1, "to_service": "roads", "text": "The pole belongs to the road"}
    response = at_desk.post(url(appeal), form, follow=True)
    assert response.redirect_chain == [("/en/desk/?tab=open", 302)]
    assert f"Appeal № {appeal.number} is forwarded: roads en." in response.content.decode()
    appeal.refresh_from_db()
    assert (appeal.service, appeal.status) == (city.services["roads"], Status.NEW)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"to_service": "light"}, "The appeal is with this service already."),
        ({"to_service": ""}, "This field is required."),
        ({"to_service": "nobody"}, "Select a valid choice"),
        ({"text": ""}, "Write a few words."),
    ],
)
def test_a_forward_that_cannot_be(
    at_desk: Client, appeal: Appeal, changes: dict[str, str], words: str
) -> None:
    form = {"verb": "forward", "version": "1", "to_service": "roads", "text": "Not ours"} | changes
    response = at_desk.post(url(appeal), form)
    assert response.status_code == 400
    assert words in response.content.decode()


def test_the_office_hides_shows_and_reopens(
    city: GridCity, client: Client, appeal: Appeal, office_user: User
) -> None:
    client.force_login(office_user)
    client.post(url(appeal), {"verb": "hide", "version": 1, "text": "A curse word"})
    page = client.get(url(appeal)).content.decode()
    assert "A curse word" in page
    client.post(url(appeal), {"verb": "show", "version": 2})
    client.post(url(appeal), {"verb": "answer", "version": 3, "text": "Done"})
    client.post(url(appeal), {"verb": "close", "version": 4})
    client.post(url(appeal), {"verb": "reopen", "version": 5, "text": "Not done"})
    appeal.refresh_from_db()
    assert (appeal.hidden, appeal.status, appeal.version) == (False, Status.ACCEPTED, 6)


@pytest.mark.parametrize("verb", ["hide", "reopen", "show"])
def test_a_service_cannot_do_what_is_the_offices(at_desk: Client, appeal: Appeal, verb: str) -> None:
    response = at_desk.post(url(appeal), {"verb": verb, "version": 1, "text": "I want"})
    assert response.status_code == 409
    assert "This is not among what you may do" in response.content.decode()
    appeal.refresh_from_db()
    assert appeal.version == 1


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"verb": "submit", "version": 1},
        {"verb": "explode", "version": 1},
        {"verb": "accept"},
        {"verb": "accept", "version": "one"},
        {"verb": "accept", "version": 1.5},
        {"verb": "answer", "version": 1, "text": "a\x00b"},
        {"verb": "answer", "version": 1, "text": "x" * 5000},
        {"verb": "answer", "version": 1, "text": "Done", "uploads": ["not-a-uuid"]},
        {"verb": "answer", "version": 1, "text": "Done", "uploads": [str(uuid.uuid4())]},
    ],
)
def test_nonsense_is_refused_and_nothing_is_written(
    at_desk: Client, appeal: Appeal, form: dict[str, object]
) -> None:
    assert at_desk.post(url(appeal), form).status_code == 400
    appeal.refresh_from_db()
    assert (appeal.version, appeal.status) == (1, Status.NEW)


def test_the_number_of_queries_does_not_grow(
    city: GridCity,
    at_desk: Client,
    appeal: Appeal,
    light_user: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        AppealFactory(category=city.categories["lamp"])
    at_desk.get(url(appeal))  # the first of a session writes it
    # Session, user, standing; the appeal, events, attachments, decision, terms and calendar; contact; services to
    # forward to, categories, grounds of refusals, colleagues; the next and the previous of the queue; drafts; templates; what
    # repeats it; what is like it, and how its own photos look; how often it was passed on; what is
    # linked, whether anything is, and categories of a second matter; comments; and it is kept who saw the author's data.
    with django_assert_num_queries(27):
        at_desk.get(url(appeal))
    perform(appeal.pk, ACCEPT, Person(light_user), version=1)
    for _ in range(3):
        AttachmentFactory(appeal=appeal)
    for _ in range(5):
        UserFactory()
    with django_assert_num_queries(27):
        at_desk.get(url(appeal))


def test_forwarded_meanwhile_gives_the_words_back(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    colleague = MembershipFactory(service=city.services["light"]).user
    to_roads = {"to_service": city.services["roads"], "text": "Not ours"}
    perform(appeal.pk, FORWARD, Person(colleague), version=1, **to_roads)
    form = {"verb": "answer", "version": 1, "text": "My long answer"}
    page = at_desk.post(url(appeal), form, follow=True).content.decode()
    assert f"appeal № {appeal.number} is with another service now (roads en)" in page
    assert "My long answer</textarea>" in page
    assert not Event.objects.filter(verb=ANSWER.code).exists()


def test_a_file_that_another_appeal_has_is_not_shown(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    foreign = AttachmentFactory(appeal__category=city.categories["pothole"], appeal__hidden=True)
    form = {"verb": "answer", "version": 1, "text": "Done", "uploads": [str(foreign.pk)]}
    response = at_desk.post(url(appeal), form)
    assert response.status_code == 400
    assert foreign.thumb.url not in response.content.decode()
