from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from appeals.actions.perform import perform
from appeals.actions.submit import Submission, submit
from appeals.actors import Person
from appeals.models import Appeal, AppealContact, Message
from appeals.notify.delivery import AWAY, PAUSES, WAITS_AT_MOST, Delivery, deliver_due
from appeals.workflow import ANSWER, HIDE
from tests.mailserver import MailServer, mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def appeal(submission: Callable[..., Submission]) -> Appeal:
    return submit(submission(), sender=None).appeal


def test_receipt_has_the_secret_link_and_the_services_letter_does_not(appeal: Appeal) -> None:
    assert deliver_due() == Delivery(sent=2, failed=0)
    to_author, to_service = sorted(mail.outbox, key=lambda letter: "resident" not in letter.to[0])
    assert f"/ru/follow/{appeal.contact.secret}/" in to_author.body
    assert str(appeal.number) in to_author.subject
    assert appeal.contact.secret not in to_service.body
    assert f"/desk/appeals/{appeal.number}/" in to_service.body
    assert not Message.objects.exclude(state="sent").exists()


@pytest.mark.parametrize(("language", "word"), [("ky", "кайрылуу"), ("ru", "обращение"), ("en", "appeal")])
def test_letter_is_in_the_language_of_the_appeal(
    submission: Callable[..., Submission], language: str, word: str
) -> None:
    submit(submission(language=language), sender=None)
    deliver_due()
    letter = next(letter for letter in mail.outbox if "resident" in letter.to[0])
    assert word in letter.subject.lower()


def test_nothing_is_sent_twice(appeal: Appeal) -> None:
    deliver_due()
    assert deliver_due() == Delivery(sent=0, failed=0)
    assert len(mail.outbox) == 2


def test_letter_includes_the_answer(appeal: Appeal, service_actor: Person) -> None:
    AppealContact.objects.filter(appeal=appeal).update(email_proven=True)
    perform(appeal.pk, ANSWER, service_actor, version=1, text="The lamp <b>burns</b> & shines")
    deliver_due()
    assert any("The lamp <b>burns</b> & shines" in letter.body for letter in mail.outbox)


@pytest.fixture
def through(settings: Settings) -> Callable[[MailServer], None]:
    """Letters go to that server, which has a second for each answer."""

    def send_through(server: MailServer) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 1

    return send_through


Through = Callable[[MailServer], None]


def test_a_refusal_for_now_is_retried_with_pauses_then_parked(appeal: Appeal, through: Through) -> None:
    with mail_server(codes={"resident@example.org": 450, "light@city.example": 450}) as server:
        through(server)
        now = timezone.now()
        for pause in PAUSES:
            assert deliver_due(now) == Delivery(sent=0, failed=2)
            assert deliver_due(now + pause - dt.timedelta(seconds=1)) == Delivery(sent=0, failed=0)
            now += pause
        deliver_due(now)
    assert set(Message.objects.values_list("state", "attempts")) == {("parked", len(PAUSES) + 1)}
    assert "no such mailbox" in Message.objects.first().error  # type: ignore[union-attr]


def test_a_refusal_for_good_is_parked_at_once_and_the_others_are_sent(
    appeal: Appeal, through: Through
) -> None:
    with mail_server(codes={"resident@example.org": 550}) as server:
        through(server)
        assert deliver_due() == Delivery(sent=1, failed=1)
        assert (server.taken, server.connections) == (["light@city.example"], 1)
    refused = Message.objects.get(recipient="resident@example.org")
    assert (refused.state, refused.attempts) == ("parked", 1)
    assert "550" in refused.error


def test_a_silent_server_is_asked_once_whatever_waits(
    submission: Callable[..., Submission], through: Through
) -> None:
    """Each letter would have cost the whole time limit."""
    for _ in range(3):
        submit(submission(), sender=None)
    now = timezone.now()
    with mail_server(silent=True) as server:
        through(server)
        assert deliver_due(now) == Delivery(sent=0, failed=0)
        assert deliver_due(now + AWAY - dt.timedelta(seconds=1)) == Delivery()
        assert server.connections == 1
        assert set(Message.objects.values_list("state", "attempts")) == {("queued", 0)}
        assert "imed out" in Message.objects.first().error  # type: ignore[union-attr]
    with mail_server() as server:
        through(server)
        assert deliver_due(now + AWAY) == Delivery(sent=6, failed=0)
        assert server.connections == 1, "one connection for all"
    assert not Message.objects.exclude(state="sent", error="").exists()


def test_a_server_that_hangs_up_ends_the_round(appeal: Appeal, through: Through) -> None:
    """The letter that it hung up on goes behind the others, should it be the cause."""
    now = timezone.now()
    with mail_server(hangs_up=True) as server:
        through(server)
        assert deliver_due(now) == Delivery(sent=0, failed=1)
        assert deliver_due(now) == Delivery()
        assert server.connections == 1
    assert sorted(Message.objects.values_list("state", "attempts")) == [("queued", 0), ("queued", 1)]


def test_nobody_waits_for_a_server_that_is_away_for_ever(appeal: Appeal, through: Through) -> None:
    with mail_server() as server:
        through(server)
    late = timezone.now() + WAITS_AT_MOST + dt.timedelta(minutes=1)
    assert deliver_due(late - dt.timedelta(hours=1)) == Delivery()
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}
    deliver_due(late)
    assert set(Message.objects.values_list("state", flat=True)) == {"parked"}


def test_a_hidden_appeals_text_is_not_repeated(
    submission: Callable[..., Submission], office_actor: Person
) -> None:
    submit(submission(text="A word that may be read"), sender=None)
    deliver_due()
    assert any("may be read" in letter.body for letter in mail.outbox)
    mail.outbox.clear()
    appeal = submit(submission(text="A word that must not be read"), sender=None).appeal
    AppealContact.objects.filter(appeal=appeal).update(email_proven=True)
    perform(appeal.pk, HIDE, office_actor, version=1, text="Rude")
    deliver_due()
    assert len(mail.outbox) == 3, "the receipt, the service's and that it is hidden"
    assert not any("must not be read" in letter.body for letter in mail.outbox)
