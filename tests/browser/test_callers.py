"""A dispatcher takes an appeal down while somebody speaks, and reads its number out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.posts import Post
from appeals.models import Appeal, Support
from tests.browser.conftest import LANGUAGES, OFFICE, PHONE, Open, at_desk
from tests.browser.faults import running_out, violations
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import IN_EAST, GridCity, at


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_the_queue_to_the_number_and_for_what_was_there_already(
    visit: Open, city: GridCity, photo: dict[str, Any], media_root: Path, language: str
) -> None:
    there = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), text="Чырак күйбөйт")
    dispatcher = MembershipFactory(service=city.services["office"], post=Post.DISPATCHER).user
    window = visit(maps=language == "en", **OFFICE)
    at_desk(window, dispatcher, language)
    page = window.page
    page.click('.office-head a[href$="/desk/appeals/new/"]')
    page.select_option("#category", "lamp")
    page.select_option("#kind", "report")
    page.fill("#field-address", "Масалиев")
    page.click("#place-list [role=option]")
    expect(page.locator("[data-route] .route__service")).to_contain_text(f"light {language}")
    expect(page.locator("[data-route] .alike__one")).to_contain_text(f"№ {there.number}")
    page.check("[name=channel][value=visit]")
    page.fill("#text", "Мектептин жанында караңгы")
    page.set_input_files("#field-files", [photo, {**photo, "name": "second.jpg"}])
    page.click(".file:last-child .file__tools button:last-child")
    page.fill("#phone", "0555 12 34 56")
    window.at_rest()
    assert running_out(page) == []
    page.click("[data-send]")
    # Nothing is sent before what is perhaps the same was seen. The photo is on the server, and nowhere on this device.
    expect(page.locator("#alike")).to_be_focused()
    expect(page.locator(".file .file__state")).to_have_count(1)
    window.at_rest()
    assert violations(page) == []
    assert Appeal.objects.count() == 1
    page.click("[data-send]")
    page.wait_for_url("**/taken/")
    appeal = Appeal.objects.exclude(pk=there.pk).get()
    expect(page.locator("h1")).to_have_text(f"№ {appeal.number}")
    assert (appeal.source, appeal.contact.phone) == ("visit", "+996555123456")
    assert appeal.attachments.count() == 1
    assert running_out(page) == []
    assert violations(page) == []
    page.click(".caller-receipt .button--primary")
    page.set_viewport_size(PHONE["viewport"])
    page.select_option("#category", "lamp")
    page.click(".appeal-form__coordinates summary")
    page.fill("#field-coordinates", f"{IN_EAST[1]}, {IN_EAST[0]}")
    page.select_option("#kind", "report")
    page.fill("#phone", "0555 12 34 57")
    window.at_rest()
    assert running_out(page) == []
    page.click("[data-send]")
    page.click(f'[name=concerns][value="{there.number}"]')
    page.wait_for_url(f"**/desk/appeals/{there.number}/")
    assert Support.objects.filter(appeal=there).count() == 1
    assert Appeal.objects.count() == 2
    assert window.complaints.said == []
