"""The pages of people: invited by letter, given posts, dismissed; each change is on the page."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import PersonChange, User
from accounts.posts import Post
from appeals.notify.delivery import deliver_due
from tests.factories import MembershipFactory, UserFactory
from tests.grid import GridCity
from tests.mailserver import mail_server

URL = "/en/desk/people/"


def invitation(city: GridCity, **values: object) -> dict[str, object]:
    return {
        "email": "aida@city.example",
        "first_name": "Аида",
        "last_name": "Осмонова",
        "service": city.services["light"].pk,
        "post": "representative",
        **values,
    }


def test_from_the_invitation_to_the_own_queue(
    city: GridCity, client: Client, administrator_at_desk: User, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://appeals.example"
    page = client.post(URL, invitation(city), follow=True, SERVER_NAME="localhost").content.decode()
    person = User.objects.get(email="aida@city.example")
    assert "Has never logged in" in page
    assert page.count("is on its way") == 1
    deliver_due()
    (letter,) = mail.outbox
    assert letter.to == ["aida@city.example"]
    assert "Аида Осмонова" in letter.body
    (path,) = re.findall(r"https://appeals\.example(/en/accounts/password/reset/key/\S+)", letter.body)
    newcomer = Client()
    form = newcomer.get(path, follow=True)
    # Whom the password is for, and what is asked of it, before it is chosen.
    assert "aida@city.example" in form.content.decode() and "at least" in form.content.decode()
    chosen = {"password1": "seven lamps of Osh", "password2": "seven lamps of Osh"}
    assert newcomer.post(form.redirect_chain[-1][0], chosen).status_code == 302
    assert (
        newcomer.post(
            "/en/accounts/login/", {"login": person.email, "password": "seven lamps of Osh"}
        ).status_code
        == 302
    )
    assert newcomer.get("/en/desk/").status_code == 200
    # The link holds once.
    assert "password1" not in Client().get(path, follow=True).content.decode()
    assert "Last log-in" in client.get(f"{URL}{person.pk}/").content.decode()


def test_a_mail_server_that_refuses_an_invitation_is_told_on_the_persons_page(
    city: GridCity, client: Client, administrator_at_desk: User, settings: Settings
) -> None:
    page = client.post(URL, invitation(city), follow=True).content.decode()
    assert "is on its way" in page
    person = User.objects.get(email="aida@city.example")
    with mail_server(codes={person.email: 550}) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 1
        deliver_due()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    page = client.get(f"{URL}{person.pk}/").content.decode()
    assert "could not be sent" in page
    assert "no such mailbox" in page
    page = client.post(f"{URL}{person.pk}/", {"do": "invite"}, follow=True).content.decode()
    assert "is on its way" in page
    assert "Invited again" in page
    deliver_due()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"email": "nobody"}, "valid email"),
        ({"post": "king"}, "valid choice"),
        ({"service": 0}, "valid choice"),
        ({"first_name": "\u200b"}, "errorlist"),
        ({"post": "planner"}, "no such post"),
    ],
)
def test_a_wrong_invitation_is_told_and_nobody_is_made(
    city: GridCity, client: Client, administrator_at_desk: User, values: dict[str, object], words: str
) -> None:
    answer = client.post(URL, invitation(city, **values))
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not User.objects.filter(email="aida@city.example").exists()
    assert mail.outbox == []


def test_a_name_is_one_line(city: GridCity, client: Client, administrator_at_desk: User) -> None:
    client.post(URL, invitation(city, first_name="Аида\r\nBcc: x@mail.example"))
    assert User.objects.get(email="aida@city.example").first_name == "Аида Bcc: x@mail.example"


def test_posts_of_the_office_alone_are_offered_under_its_name(
    city: GridCity, client: Client, administrator_at_desk: User
) -> None:
    offered = client.get(URL).content.decode().partition('<select name="post"')[2].partition("</select>")[0]
    anywhere, office = offered.split('<optgroup label="office en">')
    assert re.findall(r'value="(\w+)"', anywhere) == ["representative", "head"]
    assert re.findall(r'value="(\w+)"', office) == ["dispatcher", "moderator", "planner", "administrator"]
    client.force_login(MembershipFactory(service=city.services["light"], post=Post.HEAD).user)
    assert "optgroup" not in client.get(URL).content.decode()


def test_posts_are_given_and_taken_on_the_persons_page(
    city: GridCity, client: Client, administrator_at_desk: User
) -> None:
    person = MembershipFactory(service=city.services["light"]).user
    url = f"{URL}{person.pk}/"
    client.post(url, {"do": "give", "service": city.services["office"].pk, "post": "moderator"})
    page = client.get(url).content.decode()
    assert "<strong>Moderator</strong>" in page
    client.post(url, {"do": "take", "service": city.services["light"].pk})
    client.post(url, {"do": "deactivate"})
    page = client.get(url).content.decode()
    assert "<strong>Representative</strong>" not in page
    for line in ("Post given: office en, Moderator", "Post taken: light en, Representative", "Deactivated"):
        assert line in page
    assert str(administrator_at_desk) in page
    assert PersonChange.objects.count() == 3
    client.post(url, {"do": "activate"})
    assert "Activated again" in client.get(url).content.decode()


@pytest.mark.parametrize("form", [{}, {"do": "fly"}, {"do": "take", "service": "x"}, {"do": "give"}])
def test_what_cannot_be_done_is_refused(
    city: GridCity, client: Client, administrator_at_desk: User, form: dict[str, str]
) -> None:
    person = UserFactory()
    assert client.post(f"{URL}{person.pk}/", form).status_code == 400
    assert PersonChange.objects.count() == 0


def test_a_head_of_service_sees_and_changes_her_own_people_alone(city: GridCity, client: Client) -> None:
    head = MembershipFactory(service=city.services["light"], post=Post.HEAD).user
    lamp = MembershipFactory(service=city.services["light"]).user
    road = MembershipFactory(service=city.services["roads"]).user
    client.force_login(head)
    page = client.get(URL).content.decode()
    assert lamp.email in page and road.email not in page
    assert client.get(f"{URL}{road.pk}/").status_code == 404
    assert client.post(f"{URL}{road.pk}/", {"do": "deactivate"}).status_code == 404
    assert client.post(URL, invitation(city, service=city.services["roads"].pk)).status_code == 400
    assert client.post(URL, invitation(city, post="administrator")).status_code == 400
    assert client.post(URL, invitation(city)).status_code == 302
    # Whoever leaves her service is no longer hers to see.
    answer = client.post(f"{URL}{lamp.pk}/", {"do": "take", "service": city.services["light"].pk})
    assert (answer.status_code, answer["Location"]) == (302, URL)
    answer = client.post(f"{URL}{head.pk}/", {"do": "take", "service": city.services["light"].pk})
    assert "Your own rights are changed by somebody else" in answer.content.decode()


@pytest.mark.parametrize(
    ("service", "post"),
    [
        ("light", Post.REPRESENTATIVE),
        ("office", Post.REPRESENTATIVE),
        ("office", Post.DISPATCHER),
        ("office", Post.MODERATOR),
        ("office", Post.PLANNER),
    ],
)
def test_for_nobody_else(city: GridCity, client: Client, service: str, post: Post) -> None:
    user = MembershipFactory(service=city.services[service], post=post).user
    client.force_login(user)
    for url in (URL, f"{URL}{user.pk}/"):
        assert client.get(url).status_code == 403
        assert client.post(url, {"do": "activate"}).status_code == 403


def test_people_are_found_by_name(city: GridCity, client: Client, administrator_at_desk: User) -> None:
    UserFactory(first_name="Чынара", last_name="Абдыкадырова")
    page = client.get(f"{URL}?q=чынар").content.decode()
    assert "Абдыкадырова" in page
    assert page.count('class="person"') == 1
    assert "Nobody has been found" in client.get(f"{URL}?q=%00zzz").content.decode()
