"""Letters that come back as mail (RFC 3464): what park their address, what does not, and what is none of ours."""

from __future__ import annotations

import datetime as dt
import io
import sys
from email.message import EmailMessage

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from appeals.models import Message
from appeals.notify.bounces import BYTES_MAX
from appeals.notify.delivery import deliver_due
from appeals.notify.letters import message_id_of
from tests.factories import MessageFactory, UserFactory
from tests.grid import GridCity

pytestmark = pytest.mark.django_db

GONE = "Final-Recipient: rfc822; gone@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n <gone@example.org>: no such user\n"
FULL = "Final-Recipient: rfc822; gone@example.org\nAction: failed\nStatus: 4.2.2\nDiagnostic-Code: smtp; 452 mailbox full\n"
LATE = "Final-Recipient: rfc822; gone@example.org\nAction: delayed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect timed out\n"
TAKEN = "Final-Recipient: rfc822; gone@example.org\nAction: delivered\nStatus: 2.0.0\n"


def notification(
    message_id: str,
    recipient: str = GONE,
    returned: str = "message/rfc822",
    status: str = "message/delivery-status",
) -> bytes:
    """What a mail server sends to the sender of the letter with that id."""
    head = f"From: desk@osh.example\nTo: gone@example.org\nSubject: News\nMessage-ID:\n {message_id}\n"
    body = "\nThe letter.\n" if "headers" not in returned else ""
    return (
        "From: MAILER-DAEMON@mx.example.org\nTo: desk@osh.example\nSubject: Undelivered Mail Returned to Sender\n"
        "Message-ID: <another@mx.example.org>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="part"\n\n'
        "--part\nContent-Type: text/plain\n\nI'm sorry to have to inform you.\n\n"
        f"--part\nContent-Type: {status}\n\nReporting-MTA: dns; mx.example.org\n\n{recipient}\n"
        f"--part\nContent-Type: {returned}\n\n{head}{body}\n--part--\n"
    ).encode()


def bounce(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> str:
    """What ``./manage.py bounce < message`` says."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    said = io.StringIO()
    call_command("bounce", stdout=said)
    return said.getvalue()


@pytest.fixture
def sent(city: GridCity) -> Message:
    letter: Message = MessageFactory(state="sent", sent_at=timezone.now(), recipient="gone@example.org")
    return letter


@pytest.mark.parametrize(
    ("returned", "status"),
    [
        ("message/rfc822", "message/delivery-status"),
        ("text/rfc822-headers", "message/delivery-status"),
        ("message/global", "message/global-delivery-status"),
        ("message/global-headers", "message/global-delivery-status"),
    ],
)
def test_what_came_back_for_good_parks_the_address_until_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
    sent: Message,
    client: Client,
    administrator: User,
    returned: str,
    status: str,
) -> None:
    raw = notification(message_id_of(sent), returned=returned, status=status)
    assert f"letter-{sent.pk}" in bounce(monkeypatch, raw)
    sent.refresh_from_db()
    assert (sent.state, sent.error) == ("parked", "5.1.1: 550 5.1.1 <gone@example.org>: no such user")
    # Nothing more goes there, and the desk says so for each.
    later = MessageFactory(recipient=sent.recipient)
    other = MessageFactory()
    assert deliver_due().sent == 1
    assert [letter.to for letter in mail.outbox] == [[other.recipient]]
    later.refresh_from_db()
    assert (later.state, later.attempts) == ("parked", 0)
    client.force_login(administrator)
    page = client.get("/en/desk/letters/").content.decode()
    assert page.count("no such user") == page.count("The address has taken no mail") == 2
    # One press, and both that letter and those to come are tried.
    client.post("/en/desk/letters/", {"letter": later.pk, "do": "send"})
    MessageFactory(recipient=sent.recipient)
    assert deliver_due().sent == 2
    sent.refresh_from_db()
    assert sent.state == "parked"


def test_the_same_notification_twice_changes_nothing_more(
    monkeypatch: pytest.MonkeyPatch, sent: Message
) -> None:
    raw = notification(message_id_of(sent))
    bounce(monkeypatch, raw)
    before = Message.objects.filter(pk=sent.pk).values().get()
    assert "nothing was changed" in bounce(monkeypatch, raw)
    assert Message.objects.filter(pk=sent.pk).values().get() == before


@pytest.mark.parametrize(("recipient", "state"), [(FULL, "parked"), (LATE, "sent"), (TAKEN, "sent")])
def test_for_now_is_not_for_good(
    monkeypatch: pytest.MonkeyPatch, sent: Message, recipient: str, state: str
) -> None:
    """A letter that was given up is seen, its address goes on getting letters."""
    said = bounce(monkeypatch, notification(message_id_of(sent), recipient))
    assert f"letter-{sent.pk}" in said
    sent.refresh_from_db()
    assert (sent.state, sent.dead_since) == (state, None)
    MessageFactory(recipient=sent.recipient)
    assert deliver_due().sent == 1


def test_all_letters_of_the_day_come_back_together(monkeypatch: pytest.MonkeyPatch) -> None:
    person, now = UserFactory(), timezone.now()
    both = [
        MessageFactory(person=person, recipient=person.email, daily=True, state="sent", sent_at=now)
        for _ in range(2)
    ]
    before = MessageFactory(
        person=person, recipient=person.email, daily=True, state="sent", sent_at=now - dt.timedelta(days=1)
    )
    bounce(monkeypatch, notification(message_id_of(both[0])))
    assert set(Message.objects.filter(state="parked")) == set(both)
    before.refresh_from_db()
    assert before.state == "sent"


def test_a_guessed_id_parks_nobody(monkeypatch: pytest.MonkeyPatch, sent: Message) -> None:
    other = MessageFactory(state="sent", recipient=sent.recipient)
    real = message_id_of(sent)
    for forged in (
        f"<message-{sent.pk}@localhost>",
        f"<message-{sent.pk}.{'A' * 43}@localhost>",
        real.replace(f"message-{sent.pk}.", f"message-{other.pk}."),
        "<somebody-elses@example.org>",
    ):
        assert "ignored" in bounce(monkeypatch, notification(forged)), forged
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_a_letter_that_is_no_more_is_said(monkeypatch: pytest.MonkeyPatch, sent: Message) -> None:
    raw = notification(message_id_of(sent))
    sent.delete()
    assert "ignored" in bounce(monkeypatch, raw)


def _reply(message_id: str) -> bytes:
    reply = EmailMessage()
    reply["In-Reply-To"] = message_id
    reply["Subject"] = "Re: News"
    reply.set_content("Thank you! 5.1.1 failed")
    return bytes(reply)


def test_what_is_no_notification_is_said_and_ignored(monkeypatch: pytest.MonkeyPatch, sent: Message) -> None:
    ours = message_id_of(sent)
    broken = notification(ours)
    for raw in (
        b"",
        b"\x00\xff\xfe not a message",
        _reply(ours),
        broken.replace(b"Action: failed", b"Action: \xd0\xbd\xd0\xb5\xd1\x82"),
        broken.replace(b"Action: failed", b"X: y"),
        broken[: broken.index(b"Reporting-MTA")],
    ):
        assert "ignored" in bounce(monkeypatch, raw), raw
    sent.refresh_from_db()
    assert sent.state == "sent"


def test_what_the_notification_says_is_kept_as_plain_words(
    monkeypatch: pytest.MonkeyPatch, sent: Message
) -> None:
    raw = notification(message_id_of(sent)).replace(b"no such user", b"\x00\x1b[31m\xff" + b"x" * 5_000)
    bounce(monkeypatch, raw + b"\n" * BYTES_MAX)
    sent.refresh_from_db()
    assert sent.state == "parked"
    assert "\x00" not in sent.error and "\x1b" not in sent.error
    assert len(sent.error) <= 300


def test_without_a_database_the_mail_server_is_to_come_again(
    monkeypatch: pytest.MonkeyPatch, sent: Message
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr("appeals.notify.bounces.Message.objects.select_for_update", away)
    with pytest.raises(CommandError) as refused:
        bounce(monkeypatch, notification(message_id_of(sent)))
    assert refused.value.returncode == 75


def test_what_comes_back_goes_to_an_address_of_its_own(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL, settings.BOUNCES_TO = "City <desk@osh.example>", "bounces@osh.example"
    MessageFactory()
    deliver_due()
    (letter,) = mail.outbox
    assert letter.from_email == "bounces@osh.example"
    assert letter.message()["From"] == "City <desk@osh.example>"
