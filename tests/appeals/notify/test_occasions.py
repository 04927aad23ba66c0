"""Messages about other matters than the steps of appeals: all that holds for letters holds for each kind and channel."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import LetterChoice, User
from appeals.models import Message
from appeals.notify import carriers, occasions
from appeals.notify.carriers import Outcome, carried_by
from appeals.notify.delivery import AWAY, _in_turn, _taken, deliver_due
from appeals.notify.letters import Letter
from appeals.notify.occasions import About, File, Recipient, Subscription, Words, declare, queue
from appeals.notify.outbox import about, drop, send_again
from tests.factories import MessageFactory, UserFactory
from tests.grid import GridCity
from tests.mailserver import mail_server

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 7, 13, 6, tzinfo=dt.UTC)  # noon in Osh
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class Club:
    """A subscription that is kept here."""

    key: str
    stopped: bool = False
    sort, title, why, stop_line, afterwards, choice, forgotten = (
        "club", "The club's letters", "You are of the club.", "No more of the club:", "", None, False,
    )  # fmt: skip

    def stop(self) -> None:
        self.stopped = True

    def resume(self) -> None:
        self.stopped = False


@dataclass
class Clubs:
    """A kind of messages with a file, as a room declares it."""

    members: dict[str, Club] = field(default_factory=lambda: {"7": Club("7")})

    def about(self, message: Message) -> About:
        return About(f"club, {message.occasion}", "a member", "/en/")

    def is_wanted(self, message: Message) -> bool:
        return not self.members["7"].stopped

    def compose(self, together: Sequence[Message]) -> Words:
        (message,) = together
        if message.occasion == "gone":
            raise FileNotFoundError("what it was made of is gone")
        return Words(
            f"Club, {message.occasion}", "Meets.\n", files=(File("a.pdf", b"%PDF", "application/pdf"),)
        )

    def subscription(self, message: Message) -> Subscription | None:
        return self.members["7"]

    def subscribed(self, key: str) -> Subscription | None:
        return self.members.get(key)


@pytest.fixture
def clubs(monkeypatch: pytest.MonkeyPatch) -> Clubs:
    kind = Clubs()
    monkeypatch.setattr(occasions, "_DECLARED", dict(occasions._DECLARED))
    declare("club", kind)
    return kind


def to(address: str, **more: object) -> Recipient:
    return Recipient(address, "en", **more)  # type: ignore[arg-type]


def test_nobody_hears_of_an_occasion_twice(clubs: Clubs) -> None:
    queue("club", "May", [to("a@mail.example"), to("b@mail.example")], NOON)
    queue("club", "May", [to("b@mail.example"), to("c@mail.example")], NOON)
    queue("club", "June", [to("a@mail.example")], NOON)
    assert deliver_due(NOON).sent == 4
    assert sorted((letter.to[0], letter.subject) for letter in mail.outbox) == [
        ("a@mail.example", "Club, June"),
        ("a@mail.example", "Club, May"),
        ("b@mail.example", "Club, May"),
        ("c@mail.example", "Club, May"),
    ]
    assert mail.outbox[0].attachments == [("a.pdf", b"%PDF", "application/pdf")]
    queue("club", "May", [to("a@mail.example")], NOON)
    assert deliver_due(NOON).sent == 0


def test_one_press_stops_the_letters_of_a_kind_and_the_page_undoes_it(clubs: Clubs, client: Client) -> None:
    queue("club", "May", [to("a@mail.example")], NOON)
    deliver_due(NOON)
    (letter,) = mail.outbox
    (address,) = re.findall(r"No more of the club:\n\S+?(/en/letters/\S+)", letter.body)
    assert letter.extra_headers["List-Unsubscribe"].endswith(f"{address}>")
    page = client.get(address).content.decode()
    assert "The club&#x27;s letters" in page and "You are of the club." in page
    client.post(address, ONE_CLICK)
    queue("club", "June", [to("a@mail.example")], NOON)
    assert deliver_due(NOON).sent == 0
    assert Message.objects.get(occasion="June").state == "unwanted"
    assert "The letters come again" in client.post(address, {"do": "resume"}).content.decode()
    assert not clubs.members["7"].stopped
    clubs.members.clear()
    assert client.get(address).status_code == 404


def test_what_cannot_be_composed_holds_up_no_other(clubs: Clubs) -> None:
    queue("club", "gone", [to("a@mail.example")], NOON)
    queue("of a room gone", "x", [to("a@mail.example")], NOON)
    queue("club", "May", [to("a@mail.example")], NOON)
    delivery = deliver_due(NOON)
    assert (delivery.sent, delivery.failed) == (1, 2)
    failed = Message.objects.exclude(state="sent").order_by("pk")
    assert [(each.state, each.attempts, each.error) for each in failed] == [
        ("queued", 1, "FileNotFoundError: what it was made of is gone"),
        ("queued", 1, "LookupError: no room declares messages of the kind of a room gone"),
    ]
    assert [about(each).words for each in failed] == ["club, gone", "of a room gone"]


def test_an_address_that_takes_no_mail_gets_none_of_any_kind(clubs: Clubs, city: GridCity) -> None:
    MessageFactory(state="parked", recipient="gone@mail.example", dead_since=timezone.now(), error="5.1.1")
    queue("club", "May", [to("gone@mail.example")], NOON)
    assert deliver_due(NOON).sent == 0
    parked = Message.objects.filter(kind="club")
    assert list(parked.values_list("state", "error")) == [("parked", "5.1.1")]
    assert send_again(parked) == 1
    parked.update(state="parked")
    assert drop(parked) == 1


def test_the_quiet_hours_of_a_person_are_kept(clubs: Clubs) -> None:
    person: User = UserFactory()
    LetterChoice.objects.create(
        user=person, language="en", quiet_from=dt.time(11), quiet_until=dt.time(13, 30)
    )
    queue("club", "May", [to(person.email, person=person)], NOON)
    assert deliver_due(NOON).sent == 0
    assert deliver_due(NOON + dt.timedelta(hours=1, minutes=30)).sent == 1


class Pigeons:
    """Carries in memory."""

    def __init__(self, sent: list[tuple[str, str]]) -> None:
        self.sent = sent

    def open(self) -> None:
        pass

    def send(self, letter: Letter, recipient: str) -> None:
        if recipient == "nowhere":
            raise ValueError("no such loft")
        self.sent.append((recipient, letter.subject))

    def outcome(self, failure: Exception) -> Outcome:
        return Outcome.NEVER

    def close(self) -> None:
        pass


@pytest.fixture
def pigeons(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    monkeypatch.setattr(carriers, "_CARRIERS", dict(carriers._CARRIERS))
    sent: list[tuple[str, str]] = []
    carried_by("pigeon", lambda: Pigeons(sent))  # type: ignore[arg-type]
    return sent  # type: ignore[return-value]


def test_a_server_that_is_away_holds_up_no_other_channel(
    clubs: Clubs, pigeons: list[tuple[str, str]], settings: Settings
) -> None:
    queue("club", "May", [to("a@mail.example"), to("loft", channel="pigeon"), to("nowhere", channel="pigeon")], NOON)  # fmt: skip
    with mail_server(silent=True) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 1
        delivery = deliver_due(NOON)
    assert (delivery.sent, delivery.failed, pigeons) == (1, 1, [("loft", "Club, May")])
    assert dict(Message.objects.values_list("recipient", "state")) == {
        "a@mail.example": "queued",
        "loft": "sent",
        "nowhere": "parked",
    }
    assert Message.objects.get(recipient="a@mail.example").next_attempt_at == NOON + AWAY


def test_the_next_message_is_found_without_sorting_all_that_wait(clubs: Clubs) -> None:
    """An appeal may be told to thousands at one moment."""
    queue("club", "May", [to(f"{n}@mail.example") for n in range(20)], NOON)
    with connection.cursor() as cursor:
        # As it would be for many of them.
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = _taken(_in_turn(Message.Channel.EMAIL, NOON))[:1].explain()
    assert "message_due" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "club", "occasion": "May"},
        {"event": None},
        {"event": None, "audience": "", "kind": "club"},
        {"event": None, "audience": "", "occasion": "May"},
        {"event": None, "kind": "club", "occasion": "May"},
        {"audience": ""},
    ],
)
def test_a_message_is_about_one_thing(city: GridCity, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="message_is_about_one_thing"), transaction.atomic():
        MessageFactory(**wrong)
