from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from appeals.actions.perform import perform
from appeals.actions.submit import Submission, submit
from appeals.actors import Person
from appeals.models import Appeal, Message
from appeals.notify.delivery import PAUSES, Delivery, deliver_due
from appeals.workflow import ANSWER, HIDE

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
    perform(appeal.pk, ANSWER, service_actor, version=1, text="The lamp <b>burns</b> & shines")
    deliver_due()
    assert any("The lamp <b>burns</b> & shines" in letter.body for letter in mail.outbox)


def test_failing_mail_is_retried_with_pauses_then_parked(
    appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailMessage, fail_silently: bool = False) -> int:
        raise SMTPServerDisconnected("gone")

    monkeypatch.setattr(EmailMessage, "send", refuse)
    now = timezone.now()
    for pause in PAUSES:
        assert deliver_due(now) == Delivery(sent=0, failed=2)
        assert deliver_due(now + pause - dt.timedelta(seconds=1)) == Delivery(sent=0, failed=0)
        now += pause
    deliver_due(now)
    assert set(Message.objects.values_list("state", "attempts")) == {("parked", len(PAUSES) + 1)}
    assert "SMTPServerDisconnected" in Message.objects.first().error  # type: ignore[union-attr]


def test_a_hidden_appeals_text_is_not_repeated(
    submission: Callable[..., Submission], office_actor: Person
) -> None:
    submit(submission(text="A word that may be read"), sender=None)
    deliver_due()
    assert any("may be read" in letter.body for letter in mail.outbox)
    mail.outbox.clear()
    appeal = submit(submission(text="A word that must not be read"), sender=None).appeal
    perform(appeal.pk, HIDE, office_actor, version=1, text="Rude")
    deliver_due()
    assert len(mail.outbox) == 2
    assert not any("must not be read" in letter.body for letter in mail.outbox)
