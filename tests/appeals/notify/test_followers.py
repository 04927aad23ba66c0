"""Notices of an appeal's steps: to each browser that follows it, once a step, of what everybody sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.intake import followers
from appeals.models import Appeal, Follower, Message
from appeals.notify.delivery import deliver_due
from appeals.notify.followers import tell_followers
from appeals.vocabulary import Status
from appeals.workflow import ACCEPT, ANSWER, DUPLICATE, HIDE, NOTE, SHOW
from bootstrap.rates import Rate
from tests.appeals.alerts.test_push import Browser, Service, service, text_of
from tests.factories import AppealFactory, EventFactory
from tests.grid import GridCity
from tests.public.test_account import HERE as ACCOUNT
from tests.public.test_account import signed_in

__all__ = ["service"]


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    made: Appeal = AppealFactory(category=city.categories["lamp"], address="Масалиев 1")
    return made


def press(
    appeal: Appeal,
    service: Service,
    browser: Browser,
    do: str = "follow",
    language: str = "en",
    client: Client | None = None,
    **more: str,
) -> Any:
    data = {
        "endpoint": f"{service.url}/{browser.auth.decode()}",
        "p256dh": text_of(browser.point),
        "auth": text_of(browser.auth),
        "do": do,
    }
    return (client or Client()).post(f"/{language}/appeals/{appeal.number}/notices/", data | more)


def read(service: Service, browser: Browser) -> list[dict[str, str]]:
    """What the browser was sent, and no more is to be sent."""
    deliver_due()
    notices = [json.loads(browser.read(body)) for _headers, body in service.received]
    service.received.clear()
    return notices


def test_each_step_that_everybody_sees_is_told_once(
    appeal: Appeal, service: Service, light_user: User
) -> None:
    browser, person = Browser(), Person(light_user)
    for _time in range(2):
        assert (
            press(appeal, service, browser, language="ru")["Location"]
            == f"/ru/appeals/{appeal.number}/#notices"
        )
    assert Follower.objects.count() == 1
    perform(appeal.pk, ACCEPT, person, version=1)
    (accepted,) = read(service, browser)
    assert accepted["title"] == f"№ {appeal.number}. Принято в работу: light ru"
    assert accepted["body"] == "lamp ru · Масалиев 1\n"
    assert accepted["url"] == f"http://localhost:8000/ru/appeals/{appeal.number}/"
    perform(appeal.pk, NOTE, person, version=2, text="Between us")
    perform(appeal.pk, ANSWER, person, version=3, text="The lamp\nis new.")
    (answered,) = read(service, browser)
    assert (answered["body"], answered["lang"]) == ("The lamp is new.\n", "ru")
    press(appeal, service, browser, "stop")
    assert not Message.objects.filter(kind="followed appeal").exists(), "nothing of the browser is left"


def test_nothing_of_a_hidden_appeal_is_told(
    appeal: Appeal, service: Service, light_user: User, office_user: User
) -> None:
    browser, person, office = Browser(), Person(light_user), Person(office_user)
    press(appeal, service, browser)
    perform(appeal.pk, ACCEPT, person, version=1)
    # What waits is not sent any more.
    perform(appeal.pk, HIDE, office, version=2, text="Names somebody")
    perform(appeal.pk, ANSWER, person, version=3, text="The lamp is new.")
    assert read(service, browser) == []
    assert press(appeal, service, browser).status_code == 404
    perform(appeal.pk, SHOW, office, version=4)
    assert read(service, browser) == []
    tell_followers(
        EventFactory(appeal=appeal, version=6, verb=ACCEPT.code, to_status=Status.ACCEPTED, public=False)
    )
    assert read(service, browser) == []


def test_whoever_follows_a_repetition_is_told_of_what_it_repeats(
    city: GridCity, appeal: Appeal, service: Service, light_user: User
) -> None:
    browser, person = Browser(), Person(light_user)
    twin = AppealFactory(category=city.categories["lamp"])
    # Of both, which is one notice.
    for each in (twin, appeal):
        press(each, service, Browser(auth=b"another_browser0"))
    press(twin, service, browser)
    perform(twin.pk, DUPLICATE, person, version=1, original=appeal.number)
    deliver_due()
    service.received.clear()
    perform(appeal.pk, ANSWER, person, version=1, text="The lamp is new.")
    deliver_due()
    assert len(service.received) == 2
    answered = json.loads(browser.read(service.received[1][1]))
    assert answered["url"].endswith(f"/appeals/{appeal.number}/")


def test_the_author_is_led_to_the_own_page(appeal: Appeal, service: Service, light_user: User) -> None:
    browser, secret = Browser(), appeal.contact.secret
    assert press(appeal, service, browser, secret=secret)["Location"] == f"/en/follow/{secret}/#notices"
    another = Browser(auth=b"another_browser0")
    foreign = press(appeal, service, another, secret="x" * 30)
    assert foreign["Location"] == f"/en/appeals/{appeal.number}/#notices"
    perform(appeal.pk, ACCEPT, Person(light_user), version=1)
    deliver_due()
    own, others = service.received
    assert json.loads(browser.read(own[1]))["url"] == f"http://localhost:8000/en/follow/{secret}/"
    assert secret not in another.read(others[1]).decode()


def test_a_resident_finds_what_is_followed_on_every_device(
    city: GridCity, appeal: Appeal, service: Service
) -> None:
    here, there = signed_in(), signed_in()
    hidden = AppealFactory(category=city.categories["lamp"])
    for each in (appeal, hidden):
        assert press(each, service, Browser(), client=here).status_code == 302
    Appeal.objects.filter(pk=hidden.pk).update(hidden=True)
    shown = there.get(ACCOUNT).content.decode()
    assert "I follow" in shown
    assert appeal.text in shown
    assert hidden.text not in shown
    assert there.get(f"{ACCOUNT}data.json").json()["follows"] == [appeal.number]
    there.post(f"{ACCOUNT}delete/", {"what": "data", "sure": "yes"})
    assert not Follower.objects.exists()


def test_a_browser_that_is_no_more_is_forgotten(appeal: Appeal, service: Service, light_user: User) -> None:
    press(appeal, service, Browser())
    service.answer = 410
    perform(appeal.pk, ACCEPT, Person(light_user), version=1)
    deliver_due()
    assert not Follower.objects.exists()
    assert not Message.objects.filter(channel="push").exists()


def test_what_is_no_browser_and_too_much_is_refused(
    city: GridCity, appeal: Appeal, service: Service, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser()
    address = f"/en/appeals/{appeal.number}/notices/"
    for wrong in ({"endpoint": "https://evil.example/one"}, {"endpoint": ""}, {"p256dh": "x"}, {"auth": "x"}):
        page = press(appeal, service, browser, **wrong)
        assert page.status_code == 302
        assert not Follower.objects.exists()
    assert Client().post(address, {"do": "nonsense"}).status_code == 400
    assert Client().get(address)["Location"] == f"/en/appeals/{appeal.number}/#notices"
    assert Client(enforce_csrf_checks=True).post(address, {"do": "follow"}).status_code == 403
    press(appeal, service, browser)
    monkeypatch.setattr(followers, "FOLLOWED_MAX", 1)
    press(AppealFactory(category=city.categories["lamp"]), service, browser)
    assert press(appeal, service, browser).status_code == 302
    assert Follower.objects.get().appeal == appeal
    settings.LIMITS = {"alert-letter-sender": Rate(1, 1, 86_400)}
    assert press(appeal, service, browser).status_code == 429
