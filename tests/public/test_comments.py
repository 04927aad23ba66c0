"""What residents say of an appeal: where the city allows it, by whoever has signed in, and nobody is shown who."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.letters import next_daily
from accounts.models import LetterChoice, User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.identifiers import new_uuid7
from appeals.intake.sign_in import ask_code, sign_in
from appeals.limits import COMMENT_DAYS, COMMENT_MAX, COMMENTS_PAGE
from appeals.models import Appeal, AppealContact, Comment, CommentRule, Resident
from appeals.notify.delivery import deliver_due
from appeals.notify.sign_in import code_of
from appeals.vocabulary import Kind, Status
from appeals.workflow import HIDE, HIDE_COMMENT, SHOW_COMMENT
from bootstrap.rates import Rate
from tests.factories import AppealFactory, CommentFactory
from tests.grid import GridCity

ADDRESS = "asan@example.org"


@pytest.fixture
def allowed(city: GridCity) -> None:
    CommentRule.objects.create(kind=Kind.COMPLAINT, allowed=True)


@pytest.fixture
def appeal(city: GridCity, allowed: None) -> Appeal:
    made: Appeal = AppealFactory(
        category=city.categories["lamp"],
        language="en",
        contact__email="author@example.org",
        contact__email_proven=True,
    )
    return made


def resident(email: str = ADDRESS) -> Client:
    """A browser in which the reader of the address has signed in."""
    client = Client()
    asked = ask_code(email, sender=email)
    client.cookies["resident"] = sign_in(str(asked.pk), code_of(asked), sender=email)
    return client


def page_of(appeal: Appeal) -> str:
    return f"/en/appeals/{appeal.number}/"


def say(client: Client, appeal: Appeal, text: str, **fields: str) -> tuple[int, str]:
    """The status of the answer, and the page that follows it."""
    form = {"do": "say", "id": str(new_uuid7()), "text": text} | fields
    answer = client.post(f"{page_of(appeal)}comments/", form)
    status = answer.status_code
    return status, (client.get(answer["Location"]) if status == 302 else answer).content.decode()


def read(appeal: Appeal, query: str = "") -> dict[str, object]:
    found: dict[str, object] = Client().get(f"/api/appeals/{appeal.number}/comments/{query}").json()
    return found


def texts(appeal: Appeal) -> list[str]:
    return [comment["text"] for comment in read(appeal)["comments"]]  # type: ignore[attr-defined]


class TestSaying:
    def test_it_stands_under_the_appeal_and_nobody_is_told_whose_it_is(self, appeal: Appeal) -> None:
        assert "Nobody has commented yet." in Client().get(page_of(appeal)).content.decode()
        status, page = say(resident(), appeal, " Here too, https://example.org/x \n\u200b")
        assert status == 302
        assert "Your comment is published." in page
        assert 'value="take-back"' in page
        shown = Client().get(page_of(appeal)).content.decode()
        assert "A resident" in shown
        assert "Here too, https://example.org/x</p>" in shown, "and no link"
        assert ADDRESS not in shown
        assert 'value="take-back"' not in shown
        (one,) = read(appeal)["comments"]  # type: ignore[misc]
        assert one.keys() == {"id", "at", "by", "language", "text"}
        assert (one["by"], one["language"]) == ("resident", "en")
        before = Appeal.objects.get(pk=appeal.pk)
        assert (before.version, before.updated_at) == (appeal.version, appeal.updated_at)

    def test_a_second_press_is_the_same_comment(self, appeal: Appeal) -> None:
        client, key = resident(), str(new_uuid7())
        for _press in range(2):
            assert say(client, appeal, "Here too", id=key)[0] == 302
        assert texts(appeal) == ["Here too"]
        # The page that a browser goes back to still has its old key.
        assert say(client, appeal, "And there", id=key)[0] == 302
        assert texts(appeal) == ["Here too", "And there"]
        # Nobody takes another one's key away, nor learns of it, even where both come at once: it is each one's own.
        assert say(resident("b@example.org"), appeal, "Here too", id=key)[0] == 302
        assert Comment.objects.filter(key=key).count() == 2

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("here \n TOO", "You have said this here already."),
            ("\u200b\u200b", "Write a few words."),
            ("x" * (COMMENT_MAX + 1), "At most 1000 characters; there are 1001."),
            ("a\x00b", "The text holds a character that cannot be kept."),
        ],
    )
    def test_what_cannot_be_taken_stands_in_the_form(self, appeal: Appeal, text: str, why: str) -> None:
        client = resident()
        say(client, appeal, "Here too")
        status, page = say(client, appeal, text)
        assert status == 400
        assert why in page
        assert f">{text}</textarea>" in page
        assert len(texts(appeal)) == 1

    def test_whoever_is_not_signed_in_signs_in_and_is_led_back(self, appeal: Appeal) -> None:
        client = Client()
        status, page = say(client, appeal, "Here too")
        assert status == 403
        assert ">Here too</textarea>" in page
        way = f"/en/mine/account/?comment={appeal.number}"
        assert f'href="{way}"' in page
        assert not texts(appeal)
        assert f"return to appeal № {appeal.number}" in client.get(way, follow=True).content.decode()
        client.post("/en/mine/account/", {"do": "ask", "email": ADDRESS})
        mail.outbox.clear()
        deliver_due()
        code = mail.outbox[0].body.split("\n\n")[1].strip()
        answer = client.post("/en/mine/account/", {"do": "code", "code": code})
        assert answer["Location"] == f"{page_of(appeal)}#comment"
        assert client.get(way)["Location"] == f"{page_of(appeal)}#comment"
        assert say(client, appeal, "Here too")[0] == 302
        # The wish is over.
        assert client.get("/en/mine/account/").status_code == 200

    def test_the_author_is_marked(self, appeal: Appeal) -> None:
        _status, page = say(resident("Author@example.org"), appeal, "Still dark")
        assert "The author" in page
        assert [one["by"] for one in read(appeal)["comments"]] == ["author"]  # type: ignore[attr-defined]

    def test_another_appeal_is_another_conversation(self, appeal: Appeal) -> None:
        """Whose author is somebody else, and where nothing was said yet."""
        client = resident("author@example.org")
        other = AppealFactory(category=appeal.category, contact__email="b@example.org")
        for each in (appeal, other):
            assert say(client, each, "Still dark")[0] == 302
        assert [one["by"] for one in read(other)["comments"]] == ["resident"]  # type: ignore[attr-defined]

    def test_many_in_a_short_time(self, appeal: Appeal, settings: Settings) -> None:
        settings.LIMITS = {"comment": Rate(2, 2, 3_600), "comment-place": Rate(3, 3, 3_600)}
        client = resident()
        assert [say(client, appeal, f"No {n}")[0] for n in range(3)] == [302, 302, 429]
        assert "Nothing you typed is lost" in say(client, appeal, "No 3")[1]
        assert [say(resident(f"{n}@example.org"), appeal, "Me")[0] for n in range(2)] == [302, 429]


class TestWhere:
    def test_nowhere_unless_the_city_says_so(self, city: GridCity) -> None:
        made = AppealFactory(category=city.categories["lamp"])
        assert "comments-title" not in Client().get(page_of(made)).content.decode()
        status, page = say(resident(), made, "Here too")
        assert status == 409
        assert "The city does not take comments on appeals of this kind." in page
        assert ">Here too</textarea>" in page

    def test_the_office_says_so_at_its_desk(
        self, client: Client, office_user: User, light_user: User, appeal: Appeal
    ) -> None:
        door = "/en/desk/proposals/"
        client.force_login(light_user)
        assert client.post(door, {"do": "comments", "kind": "complaint"}).status_code == 403
        client.force_login(office_user)
        seen = client.get(door).context["kinds_mark"]
        form = {"do": "comments", "kind": ["recommendation", "none"], "seen": seen}
        page = client.post(door, form, follow=True).content.decode()
        assert "Kinds of appeals that were changed: 2." in page
        assert set(CommentRule.objects.filter(allowed=True).values_list("kind", flat=True)) == {
            "recommendation"
        }
        again = client.post(door, form)
        assert again.status_code == 409
        assert "Somebody else has changed this meanwhile." in again.content.decode()

    def test_what_was_said_stays_when_it_is_allowed_no_more(self, appeal: Appeal) -> None:
        client = resident()
        say(client, appeal, "Here too")
        CommentRule.objects.update(allowed=False)
        page = client.get(page_of(appeal)).content.decode()
        assert "Here too" in page
        assert "New comments are not taken." in page
        assert 'name="text"' not in page
        assert say(client, appeal, "And there")[0] == 409
        assert texts(appeal) == ["Here too"]

    def test_some_days_after_it_was_closed_nobody_says_anything_new(self, appeal: Appeal) -> None:
        closed = timezone.now() - dt.timedelta(days=COMMENT_DAYS, minutes=-1)
        Appeal.objects.filter(pk=appeal.pk).update(status=Status.CLOSED, closed_at=closed)
        assert say(resident(), appeal, "Here too")[0] == 302
        Appeal.objects.filter(pk=appeal.pk).update(closed_at=closed - dt.timedelta(minutes=2))
        status, page = say(resident(), appeal, "And there")
        assert status == 409
        assert "closed more than 30 days ago" in page

    def test_with_a_hidden_appeal_they_are_gone_and_their_writer_takes_them_back(
        self, appeal: Appeal, office_user: User
    ) -> None:
        client = resident()
        say(client, appeal, "Here too")
        comment = Comment.objects.get()
        perform(appeal.pk, HIDE, Person(office_user), version=appeal.version, text="Spam")
        assert Client().get(f"/api/appeals/{appeal.number}/comments/").status_code == 404
        assert "Here too" not in client.get(page_of(appeal)).content.decode()
        assert say(client, appeal, "And there")[0] == 404
        assert "Here too" in client.get("/en/mine/account/").content.decode()
        form = {"do": "take-back", "comment": comment.pk}
        assert client.post(f"{page_of(appeal)}comments/", form).status_code == 302
        assert not Comment.objects.exists()


class TestTakingBack:
    def test_its_writer_alone(self, appeal: Appeal) -> None:
        client, form = resident(), {"do": "take-back"}
        say(client, appeal, "Here too")
        form["comment"] = str(Comment.objects.get().pk)
        door = f"{page_of(appeal)}comments/"
        for other in (Client(), resident("b@example.org")):
            other.post(door, form)
        assert texts(appeal) == ["Here too"]
        assert "taken back" in client.post(door, form, follow=True).content.decode()
        assert not texts(appeal)
        assert client.post(door, form | {"comment": "x"}).status_code == 302
        assert say(client, appeal, "Here too")[0] == 302

    def test_it_is_among_the_writer_s_data_and_goes_with_the_account(self, appeal: Appeal) -> None:
        client = resident()
        say(client, appeal, "Here too")
        told = json.loads(client.get("/en/mine/account/data.json").content)["comments"]
        assert [(one["number"], one["text"]) for one in told] == [(appeal.number, "Here too")]
        assert "My comments: 1" in client.get("/en/mine/account/delete/").content.decode()
        # It asks once more, with what will be gone.
        asked = client.post("/en/mine/account/delete/", {"what": "account"}).content.decode()
        assert "Delete my account?</h1>" in asked
        assert "1 comment is deleted." in asked
        assert "This cannot be undone." in asked
        assert texts(appeal)
        client.post("/en/mine/account/delete/", {"what": "account", "sure": "yes"})
        assert not texts(appeal)
        assert not Resident.objects.exists()


class TestModeration:
    def test_one_is_hidden_and_shown_again(
        self, client: Client, appeal: Appeal, office_user: User, light_user: User
    ) -> None:
        writer = resident()
        say(writer, appeal, "You fool")
        say(writer, appeal, "Here too")
        rude = Comment.objects.get(text="You fool")
        client.force_login(light_user)
        desk = f"/en/desk/appeals/{appeal.number}/"
        page = client.get(desk).content.decode()
        assert "You fool" in page
        assert 'value="hide_comment"' not in page, "the service reads them"
        client.force_login(office_user)
        form = {"verb": HIDE_COMMENT.code, "version": appeal.version, "comment": rude.pk, "text": "An insult"}
        page = client.post(desk, form, follow=True).content.decode()
        assert "hidden by the Mayor's Office" in page
        shown = Client().get(page_of(appeal)).content.decode()
        assert "You fool" not in shown
        assert "An insult" in shown
        assert texts(appeal) == ["Here too"]
        assert "hidden by the Mayor's Office" in writer.get("/en/mine/account/").content.decode()
        assert say(writer, appeal, "you FOOL")[0] == 400
        appeal.refresh_from_db()
        wrong = client.post(desk, form | {"version": appeal.version}).content.decode()
        assert "It is hidden already." in wrong
        perform(appeal.pk, SHOW_COMMENT, Person(office_user), version=appeal.version, comment=rude.pk)
        assert texts(appeal) == ["You fool", "Here too"]


def test_pages_of_twenty(appeal: Appeal, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for n in range(COMMENTS_PAGE):
        CommentFactory(appeal=appeal, text=f"Said {n}.")
    first = Client().get(page_of(appeal)).content.decode()
    assert "Said 19." in first
    assert "?comments=" not in first
    client = resident()
    _status, last = say(client, appeal, "The last")
    assert "The last" in last
    assert "Said 19." not in last
    assert f'<span class="count">{COMMENTS_PAGE + 1}</span>' in last
    with django_assert_max_num_queries(12):
        first = Client().get(page_of(appeal)).content.decode()
    assert "?comments=" in first
    assert "Said 0." in first
    assert client.get(f"{page_of(appeal)}?comments=x").status_code == 400
    found = read(appeal, "?page_size=20")
    assert (found["numberMatched"], found["numberReturned"]) == (COMMENTS_PAGE + 1, 20)
    following = found["links"][1]["href"]  # type: ignore[index]
    rest = Client().get(following[following.index("/api/") :]).json()
    assert [one["text"] for one in rest["comments"]] == ["The last"]


class TestLetters:
    def test_author_and_service_are_told_once_a_day(
        self, appeal: Appeal, light_user: User, settings: Settings
    ) -> None:
        appeal.service.email = "light@city.example"
        appeal.service.save()
        LetterChoice.objects.create(user=light_user, how=LetterChoice.How.AT_ONCE, language="en")
        for email in (ADDRESS, "b@example.org"):
            say(resident(email), appeal, "Zanthoxylum")
        say(resident("author@example.org"), appeal, "Still dark")
        hidden = Comment.objects.filter(text="Zanthoxylum")[0]
        Comment.objects.filter(pk=hidden.pk).update(hidden=True)
        deliver_due()
        mail.outbox.clear()
        deliver_due(next_daily(timezone.now()))
        told = {letter.to[0]: letter for letter in mail.outbox}
        assert set(told) == {"author@example.org", "light@city.example", light_user.email}
        own, theirs = told["author@example.org"], told[light_user.email]
        assert own.subject == f"1 new comment on your appeal № {appeal.number}"
        assert f"/en/appeals/{appeal.number}/#comments" in own.body
        assert "No more letters about this appeal:" in own.body
        assert theirs.subject == "2 new comments of residents on your appeals"
        assert f"/en/desk/appeals/{appeal.number}/#comments" in theirs.body
        assert "No letters of your own any more:" in theirs.body
        for letter in mail.outbox:
            assert "Zanthoxylum" not in letter.body

    def test_nobody_is_told_who_wants_no_letters_or_of_what_is_gone(self, appeal: Appeal) -> None:
        say(resident(), appeal, "Here too")
        AppealContact.objects.filter(appeal=appeal).update(unsubscribed=True)
        deliver_due()
        mail.outbox.clear()
        deliver_due(next_daily(timezone.now()))
        assert [letter.to[0] for letter in mail.outbox] == [appeal.service.email]
        say(resident("b@example.org"), appeal, "Me")
        AppealContact.objects.filter(appeal=appeal).update(unsubscribed=False)
        Comment.objects.all().delete()
        mail.outbox.clear()
        deliver_due(next_daily(timezone.now()) + dt.timedelta(days=1))
        assert mail.outbox == []
