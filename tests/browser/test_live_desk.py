"""Two people at the same desk see each other and what the other does, without loading a page again."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal
from appeals.workflow import ACCEPT
from tests.browser.conftest import OFFICE, Open, at_desk, give_password, path_of
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import GridCity


@pytest.fixture
def colleague(city: GridCity) -> User:
    user: User = MembershipFactory(service=city.services["light"]).user
    return user


def test_changes_and_colleagues_appear_by_themselves_and_move_nothing(
    visit: Open, city: GridCity, representative: User, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.views.EVERY_MS", 200)
    appeals: list[Appeal] = [AppealFactory(category=city.categories["lamp"]) for _ in range(3)]
    mine, theirs = visit(**OFFICE, maps=False), visit(**OFFICE, maps=False)
    at_desk(mine, representative, "en")
    at_desk(theirs, colleague, "en")
    row = mine.page.locator(f"#appeal-{appeals[1].number}")
    mine.at_rest()
    before = row.bounding_box()
    perform(appeals[0].pk, ACCEPT, Person(colleague), version=1)
    AppealFactory(category=city.categories["lamp"])
    bar = mine.page.locator("desk-live .notice")
    expect(bar).to_contain_text("Changes in this list: 2")
    assert row.bounding_box() == before
    bar.get_by_role("link").click()
    expect(mine.page.locator("[data-appeal]")).to_have_count(4)
    expect(bar).to_be_hidden()

    for window in (mine, theirs):
        window.go(f"/en/desk/appeals/{appeals[1].number}/")
    expect(mine.page.locator("[data-present]")).to_contain_text(f"{colleague} has this open")
    theirs.page.locator("#answer-text").fill("A new lamp")
    expect(mine.page.locator("[data-present]")).to_contain_text(f"{colleague} is answering this right now")
    mine.page.locator("#note-text").evaluate("(field) => field.closest('details').open = true")
    mine.page.locator("#note-text").fill("Ask the plant")
    perform(appeals[1].pk, ACCEPT, Person(colleague), version=1)
    expect(mine.page.locator("[data-changed]")).to_contain_text("Taken in progress: light en")
    assert mine.page.locator("#note-text").input_value() == "Ask the plant"
    assert mine.complaints.said == []


def test_a_page_says_that_the_session_is_over_and_goes_on_with_one_renewed_in_another_tab(
    visit: Open, city: GridCity, representative: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.views.EVERY_MS", 200)
    appeal = AppealFactory(category=city.categories["lamp"])
    window = visit(**OFFICE, maps=False)
    at_desk(window, representative, "en")
    page = window.go(path_of("desk:appeal", "en", appeal.number))
    Session.objects.all().delete()
    expect(page.locator("[data-standing=nobody]")).to_be_visible()
    other = window.context.new_page()
    other.goto(window.root + path_of("account_login", "en"))
    with page.expect_response(lambda answer: answer.url.endswith("/presence/") and answer.ok):
        give_password(other, representative)
    expect(page.locator("[data-standing=back]")).to_be_visible()
