"""Letters as their readers wish: at once or one a day, not within quiet hours, and none any more by one link."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import LetterChoice, User
from accounts.people import Newcomer, invite, invite_again
from accounts.posts import Post
from appeals.actions.perform import perform
from appeals.actions.submit import Submission, submit
from appeals.actors import PLATFORM, Person
from appeals.models import Appeal, AppealContact, Message
from appeals.notify.delivery import deliver_due
from appeals.workflow import ACCEPT, ANSWER, DUPLICATE, ESCALATE, FORWARD
from bootstrap.rates import Rate
from rates.taking import TooMany
from tests.factories import MembershipFactory
from tests.grid import GridCity
from tests.mailserver import mail_server

pytestmark = pytest.mark.django_db

OSH = ZoneInfo("Asia/Bishkek")
NOON = dt.datetime(2026, 6, 10, 12, tzinfo=OSH)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def chooses(city: GridCity) -> Callable[..., User]:
    """Somebody of the lighting service (of another one, if named) who has chosen so."""

    def choose(how: str, service: str = "light", post: str = Post.REPRESENTATIVE, **more: object) -> User:
        user: User = MembershipFactory(service=city.services[service], post=post).user
        LetterChoice.objects.create(user=user, how=how, language="en", **more)
        return user

    return choose


def to(user: User) -> list[mail.EmailMessage]:
    return [letter for letter in mail.outbox if letter.to == [user.email]]


def test_whoever_chose_it_gets_each_letter_of_the_own_desk_at_once(
    submission: Callable[..., Submission], chooses: Callable[..., User], city: GridCity
) -> None:
    wants, silent = chooses("at_once"), MembershipFactory(service=city.services["light"]).user
    elsewhere, stopped = chooses("at_once", "roads"), chooses("at_once", stopped=True)
    appeal = submit(submission(text="No light"), sender=None, at=NOON).appeal
    deliver_due(NOON)
    (letter,) = to(wants)
    assert letter.subject == f"New appeal № {appeal.number}"
    assert not any(to(user) for user in (silent, elsewhere, stopped))
    assert any(letter.to == ["light@city.example"] for letter in mail.outbox), "the service's own address too"


def test_nobody_is_told_what_they_did_themselves_and_a_forward_is_for_the_new_desk(
    submission: Callable[..., Submission], chooses: Callable[..., User], city: GridCity
) -> None:
    appeal = submit(submission(), sender=None, at=NOON).appeal
    doer, gets = chooses("at_once"), chooses("at_once", "roads")
    MembershipFactory(user=doer, service=city.services["roads"])
    perform(
        appeal.pk, FORWARD, Person(doer), version=1, at=NOON, to_service=city.services["roads"], text="Yours"
    )
    deliver_due(NOON)
    assert to(gets) and not to(doer)


def test_the_offices_letters_go_to_those_who_work_on_appeals_there(
    submission: Callable[..., Submission], chooses: Callable[..., User]
) -> None:
    works, plans = chooses("at_once", "office"), chooses("at_once", "office", Post.PLANNER)
    appeal = submit(submission(), sender=None, at=NOON - dt.timedelta(days=90)).appeal
    perform(appeal.pk, ESCALATE, PLATFORM, version=None, at=NOON)
    deliver_due(NOON)
    assert [letter.subject for letter in to(works)] == [f"Appeal № {appeal.number} is overdue"]
    assert not to(plans)


def test_one_letter_a_day_has_every_step_once(
    submission: Callable[..., Submission], chooses: Callable[..., User]
) -> None:
    user = chooses("daily")
    numbers = [submit(submission(), sender=None, at=NOON).appeal.number for _ in range(3)]
    morning = dt.datetime(2026, 6, 11, 8, tzinfo=OSH)
    deliver_due(morning - dt.timedelta(minutes=1))
    assert not to(user)
    deliver_due(morning)
    (letter,) = to(user)
    assert "3" in letter.subject
    assert all(letter.body.count(f"/desk/appeals/{number}/") == 1 for number in numbers)
    assert set(Message.objects.filter(person=user).values_list("state", "sent_at")) == {("sent", morning)}
    deliver_due(morning + dt.timedelta(days=1))
    assert len(to(user)) == 1


def test_a_letter_of_the_day_that_is_refused_stays_one_letter(
    submission: Callable[..., Submission], chooses: Callable[..., User], settings: Settings
) -> None:
    user = chooses("daily")
    for _ in range(3):
        submit(submission(), sender=None, at=NOON)
    with mail_server(codes={user.email: 550}) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 1
        assert deliver_due(NOON + dt.timedelta(days=1)).failed == 1
    assert set(Message.objects.filter(person=user).values_list("state", "attempts")) == {("parked", 1)}


def test_letters_of_the_day_wait_for_a_server_that_is_away_like_others(
    submission: Callable[..., Submission], chooses: Callable[..., User], settings: Settings
) -> None:
    chooses("daily")
    for _ in range(2):
        submit(submission(), sender=None, at=NOON)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    now = NOON + dt.timedelta(days=1)
    deliver_due(now)
    assert not Message.objects.filter(state="queued", next_attempt_at__lte=now).exists()


@pytest.mark.parametrize(
    ("begin", "end", "at", "comes"),
    [
        ((21, 0), (7, 30), (10, 23, 0), (11, 7, 30)),
        ((21, 0), (7, 30), (11, 3, 0), (11, 7, 30)),
        ((21, 0), (7, 30), (10, 21, 0), (11, 7, 30)),
        ((21, 0), (7, 30), (11, 7, 30), (11, 7, 30)),
        ((13, 0), (14, 0), (10, 13, 30), (10, 14, 0)),
        ((13, 0), (14, 0), (10, 14, 0), (10, 14, 0)),
    ],
)
def test_within_quiet_hours_letters_wait_until_they_end(
    submission: Callable[..., Submission],
    chooses: Callable[..., User],
    begin: tuple[int, int],
    end: tuple[int, int],
    at: tuple[int, int, int],
    comes: tuple[int, int, int],
) -> None:
    user = chooses("at_once", quiet_from=dt.time(*begin), quiet_until=dt.time(*end))
    when, due = (dt.datetime(2026, 6, *moment, tzinfo=OSH) for moment in (at, comes))
    submit(submission(), sender=None, at=when)
    deliver_due(when)
    assert bool(to(user)) == (when == due)
    if when != due:
        assert any(letter.to == ["light@city.example"] for letter in mail.outbox), "others do not wait"
        deliver_due(due - dt.timedelta(seconds=1))
        assert not to(user)
    deliver_due(due)
    assert len(to(user)) == 1


@pytest.mark.parametrize("change", ["chose none", "left", "deactivated", "stopped", "moved"])
def test_what_is_not_wanted_any_more_is_dropped(
    submission: Callable[..., Submission], chooses: Callable[..., User], city: GridCity, change: str
) -> None:
    user = chooses("daily")
    for _ in range(2):
        submit(submission(), sender=None, at=NOON)
    choice = LetterChoice.objects.filter(user=user)
    match change:
        case "chose none":
            choice.update(how="none")
        case "stopped":
            choice.update(stopped=True)
        case "left":
            user.memberships.all().delete()
        case "moved":
            Appeal.objects.update(service=city.services["roads"])
        case "deactivated":
            User.objects.filter(pk=user.pk).update(is_active=False)
    deliver_due(NOON + dt.timedelta(days=1))
    assert not to(user)
    assert set(Message.objects.filter(person=user).values_list("state", flat=True)) == {"unwanted"}


@pytest.fixture
def followed(submission: Callable[..., Submission], light_user: User) -> Appeal:
    """An appeal whose author reads letters, and has one about its being taken in progress."""
    appeal = submit(submission(language="en"), sender=None).appeal
    AppealContact.objects.filter(appeal=appeal).update(email_proven=True)
    deliver_due()
    mail.outbox.clear()
    perform(appeal.pk, ACCEPT, Person(light_user), version=1)
    deliver_due()
    return appeal


def unsubscribe_of(letter: mail.EmailMessage) -> str:
    """Path of the one link."""
    named = letter.extra_headers["List-Unsubscribe"]
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (address,) = re.findall(r"\S+/letters/\S+", letter.body)
    assert named == f"<{address}>"
    return re.sub(r"^https?://[^/]+", "", address)


def test_one_press_in_the_mail_program_stops_the_letters_and_the_page_undoes_it(
    followed: Appeal, light_user: User
) -> None:
    (letter,) = mail.outbox
    path, program = unsubscribe_of(letter), Client(enforce_csrf_checks=True)
    for _ in range(2):
        page = program.get(path).content.decode()
        assert "No more letters" in page, "opening the page changes nothing"
    assert not AppealContact.objects.get(appeal=followed).unsubscribed
    answer = program.post(path, ONE_CLICK, headers={"Origin": "null"})
    assert answer.status_code == 200, "RFC 8058 wants no redirect"
    perform(followed.pk, ANSWER, Person(light_user), version=2, text="It burns")
    deliver_due()
    assert len(mail.outbox) == 1
    follow = f"/en/follow/{followed.contact.secret}/"
    assert "You wanted no more letters" in program.get(follow).content.decode()
    assert "The letters come again" in program.post(path, {"do": "resume"}).content.decode()
    assert "You wanted no more letters" not in program.get(follow).content.decode()
    assert program.post(path, {"do": "other"}).status_code == 400


def test_a_letter_that_waits_is_not_sent_to_whoever_has_stopped_them(
    followed: Appeal, light_user: User, client: Client
) -> None:
    path = unsubscribe_of(mail.outbox[0])
    perform(followed.pk, ANSWER, Person(light_user), version=2, text="It burns")
    client.post(path, ONE_CLICK)
    deliver_due()
    assert len(mail.outbox) == 1


def test_the_link_is_good_for_nothing_else(followed: Appeal, client: Client) -> None:
    path = unsubscribe_of(mail.outbox[0])
    assert followed.contact.secret not in path
    forged = path[:-3] + ("AA/" if path[-3:] != "AA/" else "BB/")
    for wrong in (forged, "/en/letters/x/", "/en/letters/%00/", f"/en/letters/{followed.contact.secret}/"):
        assert client.get(wrong).status_code == 404
        assert client.post(wrong, ONE_CLICK).status_code == 404
    assert "resident@example.org" not in client.get(path).content.decode()


def test_followers_have_the_link_of_their_own_appeal(
    submission: Callable[..., Submission], light_user: User, client: Client
) -> None:
    original = submit(submission(), sender=None).appeal
    twin = submit(submission(email="neighbour@example.org", language="en"), sender=None).appeal
    AppealContact.objects.filter(appeal=twin).update(email_proven=True)
    perform(twin.pk, DUPLICATE, Person(light_user), version=1, original=original.number)
    deliver_due()
    mail.outbox.clear()
    perform(original.pk, ANSWER, Person(light_user), version=1, text="It burns")
    deliver_due()
    (letter,) = [letter for letter in mail.outbox if letter.to == ["neighbour@example.org"]]
    client.post(unsubscribe_of(letter), ONE_CLICK)
    assert list(AppealContact.objects.filter(unsubscribed=True)) == [twin.contact]


def test_a_service_has_no_link_and_a_person_has_one(
    submission: Callable[..., Submission], chooses: Callable[..., User], client: Client
) -> None:
    user = chooses("at_once")
    submit(submission(), sender=None, at=NOON)
    deliver_due(NOON)
    (of_service,) = [letter for letter in mail.outbox if letter.to == ["light@city.example"]]
    assert "List-Unsubscribe" not in of_service.extra_headers
    client.post(unsubscribe_of(to(user)[0]), ONE_CLICK)
    assert not LetterChoice.objects.get(user=user).wanted


def test_an_invitation_goes_through_the_outbox(city: GridCity, settings: Settings) -> None:
    by = MembershipFactory(service=city.services["office"], post=Post.ADMINISTRATOR).user
    person = invite(
        by, Newcomer("aida@city.example", "Аида", "Осмонова"), city.services["light"], "representative"
    )
    assert not mail.outbox
    with mail_server(silent=True) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 1
        deliver_due()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Message.objects.update(next_attempt_at=NOON - dt.timedelta(days=900))
    deliver_due()
    deliver_due()
    (letter,) = mail.outbox
    assert (letter.to, "password/reset/key" in letter.body) == ([person.email], True)
    assert "List-Unsubscribe" not in letter.extra_headers
    settings.LIMITS = {"password-reset": Rate(1, 1, 86_400)}
    invite_again(by, person)
    deliver_due()
    assert len(mail.outbox) == 2
    with pytest.raises(TooMany):
        invite_again(by, person)


def test_whoever_has_logged_in_meanwhile_is_not_invited(city: GridCity) -> None:
    by = MembershipFactory(service=city.services["office"], post=Post.ADMINISTRATOR).user
    person = invite(
        by, Newcomer("aida@city.example", "Аида", "Осмонова"), city.services["light"], "representative"
    )
    User.objects.filter(pk=person.pk).update(last_login=NOON)
    deliver_due()
    assert not mail.outbox
