"""Nothing that is written at the desk is lost: a session that ends, a token that is old, an appeal that moves away."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from appeals import limits
from appeals.actions.drafts import keep_draft
from appeals.actions.perform import perform
from appeals.actions.upload import DRAFT_AGE, remove_orphans
from appeals.actors import Person
from appeals.limits import PHOTOS_MAX, VIDEOS_MAX
from appeals.models import Appeal, Attachment, Draft, Event
from appeals.workflow import ANSWER, FORWARD
from tests.desk.pages import form_of, picture, url
from tests.factories import PASSWORD, AppealFactory, AttachmentFactory, MembershipFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"])


def written(user: User, **more: object) -> dict[str, object]:
    return {"verb": "answer", "version": 1, "text": "A new lamp", "writer": user.pk, **more}


def log_in(client: Client, user: User, following: str) -> str:
    return client.post(
        "/en/accounts/login/?next=" + following, {"login": user.email, "password": PASSWORD}, follow=True
    ).content.decode()


@pytest.mark.parametrize(("language", "words"), [("ky", "аты менен кирдиңиз."), ("ru", "Вы вошли как")])
def test_whose_name_one_is_logged_in_with_is_said_to_that_person(
    client: Client, light_user: User, language: str, words: str
) -> None:
    form = {"login": light_user.email, "password": PASSWORD}
    page = client.post(f"/{language}/accounts/login/?next=/{language}/desk/", form, follow=True)
    assert words in page.content.decode()


def session_ends(client: Client, user: User, appeal: Appeal) -> None:
    """The person was at the page, and is logged in no longer."""
    client.force_login(user)
    assert client.get(url(appeal)).status_code == 200
    Session.objects.all().delete()


def test_words_of_somebody_who_was_not_logged_in_here_are_not_kept(
    client: Client, appeal: Appeal, light_user: User, office_user: User, media_root: Path
) -> None:
    for n in range(5):
        answer = Client().post(url(appeal), written(light_user, text=f"{n}" * 4_000, files=[picture()]))
        assert answer.status_code == 302
    # Nor those that name another person than the mark of the browser, or that forge it.
    session_ends(client, office_user, appeal)
    client.post(url(appeal), written(light_user))
    client.cookies["was_here"] = f"{light_user.pk}:1aaaaa:{'A' * 43}"
    client.post(url(appeal), written(light_user))
    assert not Session.objects.exists()
    assert not Attachment.objects.exists()
    assert not Draft.objects.exists()


def test_what_is_sent_after_the_session_has_ended_is_there_after_the_log_in(
    client: Client, appeal: Appeal, light_user: User, media_root: Path
) -> None:
    session_ends(client, light_user, appeal)
    answer = client.post(url(appeal), written(light_user, files=[picture()]))
    assert answer["Location"] == f"/en/accounts/login/?next={url(appeal)}"
    assert "What you wrote is kept" in client.get(answer["Location"]).content.decode()
    form = form_of(log_in(client, light_user, url(appeal)), "answer")
    assert "A new lamp</textarea>" in form
    (photo,) = re.findall(r'name="uploads" value="([^"]+)"', form)
    assert not Event.objects.filter(verb="answer").exists()
    client.post(url(appeal), written(light_user, uploads=[photo]))
    assert Event.objects.get(verb="answer").attachments.count() == 1
    assert not Draft.objects.exists()


def test_what_is_too_much_or_no_picture_is_said_when_the_session_has_ended(
    client: Client, appeal: Appeal, light_user: User, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.doors.ATTACHMENTS_MAX", 1)
    session_ends(client, light_user, appeal)
    files = [SimpleUploadedFile("a.jpg", b"no picture"), picture("b.jpg"), picture("c.jpg")]
    answer = client.post(url(appeal), written(light_user, files=files))
    said = client.get(answer["Location"]).content.decode()
    assert "a.jpg: " in said and f"At most {PHOTOS_MAX} photos and {VIDEOS_MAX} videos." in said
    assert len(re.findall('name="uploads"', form_of(log_in(client, light_user, url(appeal)), "answer"))) == 1


def test_what_one_person_wrote_is_not_given_to_the_next_at_the_same_machine(
    city: GridCity, client: Client, appeal: Appeal, light_user: User
) -> None:
    session_ends(client, light_user, appeal)
    client.post(url(appeal), written(light_user))
    other = MembershipFactory(service=city.services["light"]).user
    assert "A new lamp" not in log_in(client, other, url(appeal))
    assert not Draft.objects.exists()


def test_a_session_renewed_in_another_tab_gives_the_words_back_to_be_sent_again(
    appeal: Appeal, light_user: User, media_root: Path
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(light_user)
    old = {"csrfmiddlewaretoken": "o" * 64, "files": [picture()]}
    answer = client.post(url(appeal), written(light_user, **old), headers={"Origin": "http://testserver"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "A new lamp</textarea>" in page
    assert not Event.objects.filter(verb="answer").exists()
    fields = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page[page.index("<main") :])
    )
    again = {**fields, "text": "A new lamp"}
    assert client.post(url(appeal), again, headers={"Origin": "http://testserver"}).status_code == 302
    assert Event.objects.get(verb="answer").attachments.count() == 1


@pytest.mark.parametrize("origin", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_the_words_of_a_foreign_page_are_not_repeated(
    appeal: Appeal, light_user: User, origin: dict[str, str]
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(light_user)
    answer = client.post(url(appeal), written(light_user), headers=origin)
    assert answer.status_code == 403
    assert "A new lamp" not in answer.content.decode()


def test_a_password_is_not_repeated(light_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    form = {"login": light_user.email, "password": PASSWORD}
    answer = client.post("/en/accounts/login/", form, headers={"Origin": "http://testserver"})
    assert answer.status_code == 403
    assert PASSWORD not in answer.content.decode()


def test_what_is_being_written_is_kept_and_is_the_writer_s_alone(
    city: GridCity, at_desk: Client, appeal: Appeal, light_user: User
) -> None:
    photo = AttachmentFactory(appeal=None)
    kept = at_desk.post(f"{url(appeal)}draft/", written(light_user, uploads=[str(photo.pk), "nonsense"]))
    assert kept.json()["kept"] is True
    form = form_of(at_desk.get(url(appeal)).content.decode(), "answer")
    assert "A new lamp</textarea>" in form
    assert str(photo.pk) in form
    assert "Unfinished texts</a>: 1" in at_desk.get("/en/desk/").content.decode().replace(
        ": 1</a>", "</a>: 1"
    )
    colleague = Client()
    colleague.force_login(MembershipFactory(service=city.services["light"]).user)
    for path in (url(appeal), "/en/desk/", "/en/desk/drafts/"):
        assert "A new lamp" not in colleague.get(path).content.decode()
    at_desk.post(f"{url(appeal)}draft/", written(light_user, text=" "))
    assert not Draft.objects.exists()


def test_what_is_published_is_no_draft_any_more(at_desk: Client, appeal: Appeal, light_user: User) -> None:
    at_desk.post(f"{url(appeal)}draft/", written(light_user))
    at_desk.post(url(appeal), written(light_user))
    assert not Draft.objects.exists()


@pytest.mark.parametrize("form", [{}, {"verb": "explode"}, {"verb": "submit", "text": "x"}])
def test_a_draft_of_nothing_is_refused(
    at_desk: Client, appeal: Appeal, light_user: User, form: dict[str, str]
) -> None:
    assert at_desk.post(f"{url(appeal)}draft/", {"writer": light_user.pk, **form}).status_code == 404


def test_scripts_are_told_that_nobody_or_somebody_else_is_logged_in_and_nothing_is_kept(
    client: Client, appeal: Appeal, light_user: User, office_user: User
) -> None:
    assert client.post(f"{url(appeal)}draft/", written(light_user)).status_code == 401
    assert not client.session.keys()
    client.force_login(office_user)
    assert client.post(f"{url(appeal)}draft/", written(light_user)).status_code == 409
    assert not Draft.objects.exists()


@pytest.mark.parametrize("kept_anew", [False, True])
def test_words_that_another_form_has_taken_are_not_offered_again_when_it_is_sent(
    city: GridCity, at_desk: Client, appeal: Appeal, light_user: User, kept_anew: bool
) -> None:
    keep_draft(light_user, appeal, "answer", text="My long answer")
    colleague = MembershipFactory(service=city.services["light"]).user
    perform(appeal.pk, ANSWER, Person(colleague), version=1, text="We were faster")
    form = form_of(at_desk.get(url(appeal)).content.decode(), "supplement")
    assert "My long answer</textarea>" in form
    takes = re.findall(r'name="takes" value="(\w+)"', form)
    sent = written(light_user, verb="supplement", version=2, text="My longer answer", takes=takes)
    if kept_anew:
        at_desk.post(f"{url(appeal)}draft/", sent)
        form = form_of(at_desk.get(url(appeal)).content.decode(), "supplement")
        assert re.findall(r">\s*(.*)</textarea>", form) == ["My longer answer"]
    at_desk.post(url(appeal), sent)
    assert "My longer answer" in Event.objects.get(verb="supplement").text
    assert not Draft.objects.exists()
    assert "My long answer" not in at_desk.get(url(appeal)).content.decode()


def test_forwarded_meanwhile_words_and_photo_go_to_the_next_appeal(
    city: GridCity, at_desk: Client, appeal: Appeal, light_user: User, media_root: Path
) -> None:
    colleague = MembershipFactory(service=city.services["light"]).user
    perform(
        appeal.pk, FORWARD, Person(colleague), version=1, to_service=city.services["roads"], text="Not ours"
    )
    page = at_desk.post(url(appeal), written(light_user, files=[picture()]), follow=True).content.decode()
    assert "is with another service now (roads en)" in page
    assert "A new lamp</textarea>" in page
    draft = Draft.objects.get()
    photo = draft.uploads.get()
    other = AppealFactory(category=city.categories["lamp"])
    page = at_desk.post("/en/desk/drafts/", {"draft": draft.pk, "to": f"№ {other.number}"}, follow=True)
    form = form_of(page.content.decode(), "answer")
    assert "A new lamp</textarea>" in form
    assert str(photo.pk) in form


@pytest.mark.parametrize("to", ["", "nonsense", "999999", "9" * 40])
def test_a_draft_goes_to_nobody_else_s_appeal(
    city: GridCity, at_desk: Client, appeal: Appeal, light_user: User, to: str
) -> None:
    draft = keep_draft(light_user, appeal, "answer", text="A new lamp")
    assert draft is not None
    foreign = AppealFactory(category=city.categories["pothole"])
    for number in (to, str(foreign.number)):
        page = at_desk.post(
            "/en/desk/drafts/", {"draft": draft.pk, "to": number}, follow=True
        ).content.decode()
        assert "no such appeal on your desk" in page
    draft.refresh_from_db()
    assert draft.appeal == appeal


def test_nobody_throws_away_another_s_draft(
    city: GridCity, at_desk: Client, appeal: Appeal, light_user: User
) -> None:
    theirs = keep_draft(
        MembershipFactory(service=city.services["light"]).user, appeal, "answer", text="Theirs"
    )
    mine = keep_draft(light_user, appeal, "answer", text="Mine")
    assert theirs is not None
    assert mine is not None
    for draft in (theirs, mine):
        at_desk.post("/en/desk/drafts/", {"draft": draft.pk, "drop": "1"})
    assert Draft.objects.get() == theirs


def test_files_of_a_draft_are_no_orphans_as_long_as_it_is_kept(
    appeal: Appeal, light_user: User, media_root: Path
) -> None:
    photo = AttachmentFactory(appeal=None, large="", thumb="")
    Attachment.objects.update(created_at=timezone.now() - dt.timedelta(days=3))
    keep_draft(light_user, appeal, "answer", text="", uploads=[photo.pk])
    assert remove_orphans() == 0
    assert remove_orphans(timezone.now() + DRAFT_AGE + dt.timedelta(days=1)) == 1
    assert not Draft.objects.exists()


def test_scripts_learn_who_is_logged_in(client: Client, light_user: User, outsider: User) -> None:
    assert client.get("/en/desk/session/").status_code == 401
    client.force_login(outsider)
    assert client.get("/en/desk/session/").status_code == 401
    client.force_login(light_user)
    answer = client.get("/en/desk/session/")
    assert answer.json()["user"] == str(light_user.pk)
    assert answer.json()["token"]
    assert "no-store" in answer["Cache-Control"]


def test_more_than_may_be_published_is_kept_and_what_is_cut_is_said(
    client: Client, light_user: User, appeal: Appeal
) -> None:
    client.force_login(light_user)
    for n, cut in ((limits.TEXT_MAX + 1, False), (limits.DRAFT_MAX, False), (limits.DRAFT_MAX + 1, True)):
        answer = client.post(f"{url(appeal)}draft/", written(light_user, text="ы" * n))
        assert answer.json()["cut"] is cut
        assert len(Draft.objects.get().text) == min(n, limits.DRAFT_MAX)
    Draft.objects.update(text="x" * 5000)
    other = AppealFactory(category=appeal.category)
    keep_draft(light_user, other, "answer", text="y")
    client.post(
        "/en/desk/drafts/", {"draft": Draft.objects.get(appeal=appeal).pk, "to": other.number, "move": "1"}
    )
    assert Draft.objects.get().text == "y\n\n" + "x" * 5000
    page = client.post(url(appeal), written(light_user, text="z" * 300_000))
    assert page.status_code == 400
    assert "At most 4000 characters; there are 300000." in page.content.decode()
    assert "z" * 300_000 in page.content.decode()


def test_a_form_that_is_larger_than_what_is_read_says_where_its_words_are(
    client: Client, light_user: User, appeal: Appeal
) -> None:
    client.force_login(light_user)
    page = client.post(url(appeal), written(light_user, text="z" * 2_000_000))
    assert page.status_code == 413
    assert "what you wrote is still there" in page.content.decode()
