"""Anybody may write any address into a form: what its reader gets before he has shown that he wants it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from appeals.actions.perform import perform
from appeals.actions.submit import Submission, submit
from appeals.actors import Person
from appeals.identifiers import new_uuid7
from appeals.models import Appeal, AppealContact, Message
from appeals.notify.delivery import deliver_due
from appeals.workflow import ACCEPT, ANSWER
from bootstrap.rates import Rate

pytestmark = pytest.mark.django_db

READER = "resident@example.org"
SPAM = "YOU WON: https://phish.example"


@pytest.fixture
def appeal(submission: Callable[..., Submission]) -> Appeal:
    sent = submission(text=SPAM, address=SPAM, name=SPAM, language="en", email=READER)
    return submit(sent, sender=None).appeal


def letters() -> list[str]:
    """Those to the reader that are sent now."""
    mail.outbox.clear()
    deliver_due()
    return [str(letter.body) for letter in mail.outbox if letter.to == [READER]]


def link_in(body: str) -> str:
    found = re.search(r"http://localhost:8000(\S+)", body)
    assert found
    return found[1]


def test_the_first_letter_holds_no_word_of_the_sender(appeal: Appeal) -> None:
    (body,) = letters()
    assert "phish" not in body
    assert "YOU WON" not in body
    assert f"№ {appeal.number}" in body
    assert appeal.category.name in body
    assert body.count("http") == 1


def test_nothing_else_comes_before_its_link_was_opened(
    appeal: Appeal, client: Client, service_actor: Person
) -> None:
    (first,) = letters()
    # The sender has made the secret, and proves nothing with it.
    own = client.get(f"/en/follow/{appeal.contact.secret}/")
    assert "Open the link in the letter" in own.content.decode()
    client.get(f"/en/follow/{appeal.contact.secret}/", {"letter": "guessed"})
    perform(appeal.pk, ACCEPT, service_actor, version=1)
    assert letters() == []
    client.head(link_in(first))
    assert not AppealContact.objects.get().email_proven
    opened = client.get(link_in(first), follow=True)
    assert opened.redirect_chain == [(f"/en/follow/{appeal.contact.secret}/", 302)]
    assert f"{appeal.contact.email} is confirmed" in opened.content.decode()
    assert "Open the link in the letter" not in opened.content.decode()
    perform(appeal.pk, ANSWER, service_actor, version=2, text="The lamp is new.")
    (answer,) = letters()
    assert "The lamp is new." in answer


def test_a_proof_is_of_its_own_appeal_alone(appeal: Appeal, submission: Callable[..., Submission]) -> None:
    (first,) = letters()
    other = submit(submission(id=new_uuid7(), email=READER), sender=None).appeal
    Client().get(f"/en/follow/{other.contact.secret}/", {"letter": link_in(first).partition("=")[2]})
    assert not AppealContact.objects.filter(email_proven=True).exists()


def test_one_address_gets_a_few_first_letters_whoever_names_it(
    submission: Callable[..., Submission], settings: Settings
) -> None:
    settings.LIMITS = {"first-letter": Rate(2, 1, 86_400)}
    for email in (READER, READER.upper(), READER, READER):
        submit(submission(id=new_uuid7(), email=email), sender=None)
    assert Appeal.objects.count() == 4
    assert Message.objects.filter(audience="author").count() == 2
