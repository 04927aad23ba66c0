"""Letters that could not be sent, on the administrator's page; and the page where staff choose theirs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.test import Client

from accounts.models import LetterChoice, User
from accounts.posts import Post
from appeals.models import Message
from appeals.notify.delivery import deliver_due
from tests.factories import MembershipFactory, MessageFactory, UserFactory
from tests.grid import GridCity

URL, CHOICE = "/en/desk/letters/", "/en/accounts/letters/"


def test_how_many_to_whom_why_and_again_or_never(client: Client, administrator_at_desk: User) -> None:
    parked = MessageFactory(state="parked", attempts=6, error="SMTPRecipientsRefused: 550 no such mailbox")
    other = MessageFactory(state="parked", error="another reason")
    person = UserFactory()
    invited = Message.objects.create(
        kind="invitation", occasion="1", person=person, recipient=person.email, language="en", state="parked",
        next_attempt_at=dt.datetime.now(dt.UTC),
    )  # fmt: skip
    sent = MessageFactory(state="sent")
    page = client.get(URL).content.decode()
    assert "3 letters could not be sent" in page
    for said in (parked.recipient, "550 no such mailbox", f"№ {parked.event.appeal.number}", person.email):
        assert said in page
    assert sent.recipient not in page
    page = client.post(URL, {"letter": [parked.pk, sent.pk], "do": "send"}, follow=True).content.decode()
    assert "1 letter will be tried again" in page
    assert (
        "1 letter is dropped"
        in client.post(URL, {"letter": other.pk, "do": "drop"}, follow=True).content.decode()
    )
    assert deliver_due().sent == 1
    assert [letter.to for letter in mail.outbox] == [[parked.recipient]]
    other.refresh_from_db()
    assert (other.state, other.error) == ("dropped", "another reason")
    invited.refresh_from_db()
    assert invited.state == "parked"


@pytest.mark.parametrize(
    "form", [{}, {"letter": "x", "do": "send"}, {"letter": "1"}, {"letter": "9" * 30, "do": "drop"}]
)
def test_a_form_that_says_nothing_does_nothing(
    client: Client, administrator_at_desk: User, form: dict[str, str]
) -> None:
    assert "Nothing was done" in client.post(URL, form, follow=True).content.decode()


@pytest.mark.parametrize("post", [Post.REPRESENTATIVE, Post.DISPATCHER, Post.MODERATOR, Post.PLANNER])
def test_it_is_the_administrators_page(city: GridCity, client: Client, post: str) -> None:
    client.force_login(MembershipFactory(service=city.services["office"], post=post).user)
    assert client.get(URL).status_code == client.post(URL, {"do": "send"}).status_code == 403


def test_letters_are_chosen_on_a_page_of_the_own_account(client: Client, light_user: User) -> None:
    client.force_login(light_user)
    assert CHOICE in client.get("/en/desk/").content.decode(), "the header's menu leads there"
    chosen = {"how": "daily", "language": "ru", "quiet_from": "21:00", "quiet_until": "07:00"}
    assert "Your choice is kept" in client.post(CHOICE, chosen, follow=True).content.decode()
    kept = LetterChoice.objects.get(user=light_user)
    assert (kept.how, kept.language, kept.quiet_from, kept.quiet_until) == (
        "daily", "ru", dt.time(21), dt.time(7),
    )  # fmt: skip
    LetterChoice.objects.update(stopped=True)
    assert "stopped them with the link" in client.get(CHOICE).content.decode()
    client.post(CHOICE, {"how": "at_once", "language": "ky"})
    kept.refresh_from_db()
    assert (kept.wanted, kept.quiet_from) == (True, None)


@pytest.mark.parametrize(
    "wrong",
    [{"how": "never"}, {"language": "de"}, {"quiet_from": "21:00"}, {"quiet_from": "9:00", "quiet_until": "9:00"}, {"quiet_from": "25:00"}],
)  # fmt: skip
def test_a_wrong_choice_is_told(client: Client, light_user: User, wrong: dict[str, str]) -> None:
    client.force_login(light_user)
    assert client.post(CHOICE, {"how": "daily", "language": "ru", **wrong}).status_code == 400
    assert not LetterChoice.objects.exists()


def test_whoever_belongs_to_no_service_has_nothing_to_choose(client: Client, outsider: User) -> None:
    assert client.get(CHOICE).status_code == 302
    client.force_login(outsider)
    assert client.get(CHOICE).status_code == 403
