"""Every button that the workflow gives, pressed in a real browser: by the author, by the service and by the office."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal
from appeals.workflow import ANSWER, Status
from tests.browser.conftest import DESKTOP, LANGUAGES, Open, log_in, path_of
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import GridCity


@pytest.fixture
def answered(city: GridCity, representative: User) -> Appeal:
    appeal = AppealFactory(category=city.categories["lamp"])
    return perform(appeal.pk, ANSWER, Person(representative), version=1, text="The lamp is new.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_author_presses_both_buttons(visit: Open, answered: Appeal, language: str) -> None:
    window = visit()
    page = window.go(path_of("public:follow", language, answered.contact.secret))
    page.click("details:has([value=reopen]) summary")
    page.fill("#reopen-text", "It is dark again")
    page.click("form:has([value=reopen]) button")
    expect(page.locator(".timeline__step--reopen")).to_contain_text("It is dark again")
    expect(page.locator("form:has([value=close])")).to_have_count(0)
    answered.refresh_from_db()
    assert answered.status == Status.ACCEPTED

    Appeal.objects.filter(pk=answered.pk).update(status=Status.ANSWERED)
    page.reload()
    page.click("form:has([value=close]) button")
    expect(page.locator(".timeline__step--close")).to_be_visible()
    answered.refresh_from_db()
    assert answered.status == Status.CLOSED
    assert window.complaints.said == []


def test_staff_press_every_button(visit: Open, city: GridCity, representative: User) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    address = path_of("desk:appeal", "en", appeal.number)
    window = visit(**DESKTOP)
    log_in(window, representative, "en")
    page = window.go(address)
    page.click("form:has([value=accept]) button")
    expect(page.locator(".timeline__step--accept")).to_be_visible()
    page.fill("#answer-text", "The lamp is new.")
    page.click("form:has([value=answer]) button")
    expect(page.locator(".answer")).to_contain_text("The lamp is new.")
    page.click("form:has([value=close]) button")
    expect(page.locator(".timeline__step--close")).to_be_visible()

    office = visit(**DESKTOP)
    log_in(office, MembershipFactory(service=city.services["office"]).user, "en")
    page = office.go(address)
    for verb, words in (("reopen", "Not done yet"), ("hide", "A curse word")):
        page.click(f"details:has([value={verb}]) summary")
        page.fill(f"#{verb}-text", words)
        page.click(f"form:has([value={verb}]) button")
        expect(page.locator(f".timeline__step--{verb}")).to_contain_text(words)
    page.click("form:has([value=show]) button")
    expect(page.locator(".timeline__step--show")).to_be_visible()
    page.click("details:has([value=forward]) summary")
    page.select_option("#forward-to_service", "roads")
    page.fill("#forward-text", "The mast is theirs")
    page.click("form:has([value=forward]) button")
    expect(page.locator(".timeline__step--forward")).to_contain_text("The mast is theirs")
    appeal.refresh_from_db()
    assert (appeal.status, appeal.service, appeal.version) == (Status.NEW, city.services["roads"], 8)
    assert window.complaints.said == office.complaints.said == []
