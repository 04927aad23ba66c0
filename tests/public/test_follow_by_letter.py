"""Following somebody else's appeal by letter: asked, confirmed, told of its steps, ended by one press."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.intake import followers
from appeals.intake.letters_asked import forget_unconfirmed
from appeals.limits import ALERT_CONFIRM_DAYS
from appeals.models import Appeal, Follower, Message
from appeals.notify.delivery import deliver_due
from appeals.workflow import ACCEPT, ANSWER, HIDE, NOTE
from bootstrap.rates import Rate
from tests.factories import AppealFactory
from tests.grid import GridCity
from tests.public.test_account import HERE as ACCOUNT
from tests.public.test_account import signed_in

ASAN = "asan@example.org"


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    made: Appeal = AppealFactory(category=city.categories["lamp"], text="THE WORDS", address="Navoi 5")
    return made


def page_of(appeal: Appeal, language: str = "en") -> str:
    return f"/{language}/appeals/{appeal.number}/letters/"


def letters() -> list[mail.EmailMessage]:
    """What has gone out now."""
    mail.outbox.clear()
    deliver_due()
    return [letter for letter in mail.outbox if letter.to[0].lower() == ASAN]


def links_in(letter: mail.EmailMessage) -> list[str]:
    return re.findall(r"http://localhost:8000(\S+)", str(letter.body))


def test_letters_come_when_whoever_reads_the_address_has_said_so(
    appeal: Appeal, client: Client, light_user: User
) -> None:
    person = Person(light_user)
    assert page_of(appeal) in client.get(f"/en/appeals/{appeal.number}/").content.decode()
    assert (
        "Asan@example.org"
        in client.post(page_of(appeal, "ru"), {"email": " Asan@example.org"}).content.decode()
    )
    (question,) = letters()
    (link,) = links_in(question)
    assert "THE WORDS" not in question.body
    assert "Asan@example.org" in client.get(link).content.decode(), "which address it confirms"
    perform(appeal.pk, ACCEPT, person, version=1)
    assert letters() == [], "nobody has confirmed it"
    client.post(link, {"do": "confirm"})
    # Asked for again, by whomever: the same page, and no second letter.
    client.post(page_of(appeal), {"email": "ASAN@example.org"})
    perform(appeal.pk, NOTE, person, version=2, text="Between us")
    assert letters() == []
    perform(appeal.pk, ANSWER, person, version=3, text="The lamp is new.")
    (told,) = letters()
    assert f"№ {appeal.number}" in told.subject and "light ru" in told.subject
    assert "The lamp is new." in told.body
    of_appeal, stop = links_in(told)
    assert of_appeal == f"/ru/appeals/{appeal.number}/"
    assert stop in told.extra_headers["List-Unsubscribe"]
    assert client.post(stop, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Follower.objects.exists()
    assert not Message.objects.filter(recipient__iexact=ASAN).exists(), "nothing of the address is left"
    for ended in (link, stop):
        assert client.get(ended).status_code in {200, 404}
    assert client.get("/en/followed/unknown/").status_code == 404


def test_a_hidden_appeal_sends_nothing(
    appeal: Appeal, client: Client, light_user: User, office_user: User
) -> None:
    for email in (ASAN, "other@example.org"):
        client.post(page_of(appeal), {"email": email})
    followers.confirm(Follower.objects.get(email=ASAN))
    perform(appeal.pk, ACCEPT, Person(light_user), version=1)
    perform(appeal.pk, HIDE, Person(office_user), version=2, text="A reason")
    perform(appeal.pk, ANSWER, Person(light_user), version=3, text="Done")
    deliver_due()
    assert not {ASAN, "other@example.org"} & {letter.to[0] for letter in mail.outbox}
    assert client.get(page_of(appeal)).status_code == 404
    assert client.post(page_of(appeal), {"email": ASAN}).status_code == 404


def test_whoever_is_signed_in_follows_at_once_and_finds_takes_and_deletes_it(
    appeal: Appeal, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = signed_in(ASAN)
    assert f'value="{ASAN}"' in here.get(page_of(appeal)).content.decode()
    assert "come to" in here.post(page_of(appeal), {"email": ASAN}).content.decode()
    assert Follower.objects.get().confirmed_at is not None
    assert letters() == []
    assert "I follow" in here.get(ACCOUNT).content.decode()
    assert here.get(f"{ACCOUNT}data.json").json()["follows"] == [appeal.number]
    # Another's address is asked, and is not in the account of whoever named it.
    here.post(page_of(appeal), {"email": "other@example.org"})
    assert Follower.objects.filter(confirmed_at=None).count() == 1
    monkeypatch.setattr(followers, "FOLLOWED_MAX", 1)
    second = AppealFactory(category=appeal.category)
    assert here.post(page_of(second), {"email": ASAN}).status_code == 400
    here.post(f"{ACCOUNT}delete/", {"what": "data", "sure": "yes"})
    assert Follower.objects.get().email == "other@example.org"
    days = dt.timedelta(days=ALERT_CONFIRM_DAYS)
    assert forget_unconfirmed(timezone.now() + days / 2) == 0
    assert forget_unconfirmed(timezone.now() + days * 2) == 1


def test_what_is_no_address_and_too_much_is_refused(
    appeal: Appeal, client: Client, settings: Settings
) -> None:
    for wrong in ("", "nobody", "x" * 300 + "@example.org"):
        assert client.post(page_of(appeal), {"email": wrong}).status_code == 400
    settings.LIMITS = {"alert-letter": Rate(1, 1, 86_400)}
    assert client.post(page_of(appeal), {"email": ASAN}).status_code == 200
    answer = client.post(page_of(appeal), {"email": ASAN})
    assert answer.status_code == 429 and ASAN in answer.content.decode()
    assert Client(enforce_csrf_checks=True).post(page_of(appeal), {"email": ASAN}).status_code == 403
    token = re.findall(r"/followed/[^/]+/", str(_question().body))[0]
    assert client.post(f"/en{token}", {"do": "nonsense"}).status_code == 400
    client.post(f"/en{token}", {"do": "end"})
    assert not Follower.objects.exists()


def _question() -> mail.EmailMessage:
    (letter,) = letters()
    return letter
