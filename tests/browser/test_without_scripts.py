"""The whole way without JavaScript: plain forms, plain lists."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone, translation
from django.utils.formats import date_format
from playwright.sync_api import Route, expect

from appeals.deadlines import LegalClock
from appeals.models import Appeal
from tests.browser.conftest import LANGUAGES, Open, at_step, path_of
from tests.factories import AppealFactory, PlaceFactory
from tests.grid import IN_EAST, IN_PARK, IN_WEST, GridCity, at


def test_an_appeal_with_a_photo_by_its_address(
    visit: Open, city: GridCity, large_photo: dict[str, Any]
) -> None:
    page = visit(java_script_enabled=False).go(path_of("public:appeal-new", "en"))
    page.fill("[name=address]", "улица Масалиев")
    page.locator("[data-law] summary").click()
    page.check("[name=kind][value=complaint]")
    page.fill("[name=name]", "Бакыт Эсенов")
    page.fill("[name=postal_address]", "Ош, Ленин көчөсү 5")
    page.fill("[name=phone]", "0555 12 34 56")
    page.locator("details", has=page.locator("[value=lamp]")).locator("summary").click()
    page.check("[name=category][value=lamp]")
    page.fill("[name=text]", "No light at the stop.")
    page.set_input_files("[name=files]", [large_photo])
    page.click("[data-send]")
    page.wait_for_url("**/follow/**")

    appeal = Appeal.objects.get()
    assert (appeal.point.x, appeal.point.y) == IN_EAST
    assert appeal.attachments.count() == 1
    expect(page.locator("main")).to_contain_text(f"№ {appeal.number}")


def test_what_was_typed_and_sent_survives_an_error(
    visit: Open, city: GridCity, photo: dict[str, Any]
) -> None:
    for code, place in (("first", IN_EAST), ("second", IN_WEST)):
        PlaceFactory(
            name_ky=f"Ленин {code}", name_ru=f"Ленина {code}", name_en=f"Lenin {code}", point=at(place)
        )
    page = visit(java_script_enabled=False).go(path_of("public:appeal-new", "en"))
    page.fill("[name=address]", "Lenin")
    page.fill("[name=text]", "No light at the stop.")
    page.fill("[name=email]", "nobody")
    page.set_input_files("[name=files]", [photo])
    page.click("[data-send]")

    errors = page.locator("#errors")
    expect(errors).to_contain_text("choose one of them")
    expect(errors).to_contain_text("not an e-mail")
    expect(page.locator("[name=text]")).to_have_value("No light at the stop.")
    assert not Appeal.objects.exists()

    page.locator(".place-choices label", has_text="Lenin second").click()
    page.check("[name=kind][value=report]")
    page.locator("details", has=page.locator("[value=lamp]")).locator("summary").click()
    page.check("[name=category][value=lamp]")
    page.fill("[name=email]", "somebody@example.org")
    page.click("[data-send]")
    page.wait_for_url("**/follow/**")
    appeal = Appeal.objects.get()
    assert (appeal.point.x, appeal.point.y) == IN_WEST
    assert appeal.attachments.count() == 1
    assert appeal.contact.email == "somebody@example.org"


def test_the_list_and_its_filters(visit: Open, city: GridCity) -> None:
    lamp, tree = city.categories["lamp"], city.categories["tree"]
    for n in range(22):
        AppealFactory(category=lamp, text=f"lamp {n}", district=city.districts["east"])
    AppealFactory(category=tree, text="a tree", district=city.districts["west"])
    page = visit(java_script_enabled=False).go(path_of("public:map", "en"))
    expect(page.locator(".results__count")).to_have_text("23 appeals")
    expect(page.locator(".appeal-row")).to_have_count(20)
    page.click("[data-more]")
    expect(page.locator(".appeal-row")).to_have_count(3)

    page.locator(".filters__button").click()
    page.select_option("[name=category]", "tree")
    page.locator(".filters__actions button").click()
    expect(page.locator(".results__count")).to_have_text("1 appeal")
    expect(page.locator(".chip").first).to_contain_text("tree en")
    page.locator(".chip").first.click()
    expect(page.locator(".results__count")).to_have_text("23 appeals")


def test_a_browser_without_import_maps_has_the_list_and_the_form(visit: Open, city: GridCity) -> None:
    """It knows scripts, and none of ours begins: an older iPhone."""
    AppealFactory(category=city.categories["lamp"], text="dark")
    window = visit()

    def older(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('type="importmap"', 'type="of-the-future"'))

    window.context.route(re.compile(r"/en/(appeals/new/)?$"), older)
    page = window.go(path_of("public:map", "en"))
    expect(page.locator(".appeal-row")).to_contain_text("dark")
    expect(page.locator("main .without-map")).to_have_css("visibility", "visible")
    page = window.go(path_of("public:appeal-new", "en"))
    expect(page.locator("city-map .without-map")).to_have_css("visibility", "visible")
    expect(page.locator("button[name=ask]")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_answers_is_said_before_anything_is_sent(
    visit: Open, city: GridCity, photo: dict[str, Any], stored_in: object, language: str
) -> None:
    page = visit(java_script_enabled=False).go(path_of("public:appeal-new", language))
    ask = page.locator("button[name=ask]")
    ask.click()
    expect(page.locator("#errors"), "neither place nor category").to_be_visible()
    page.fill("[name=address]", "Масалиев")
    page.locator("details", has=page.locator("[value=lamp]")).locator("summary").click()
    page.check("[name=category][value=lamp]")
    page.fill("[name=text]", "No light at the stop.")
    page.set_input_files("[name=files]", [photo])
    ask.click()
    card = page.locator("#who-answers")
    expect(card).to_contain_text(f"light {language}")
    expect(card).to_contain_text(f"east {language}")
    with translation.override(language):
        expect(card).to_contain_text(date_format(LegalClock.read().due_on("", timezone.now())))
    assert not Appeal.objects.exists()
    expect(page.locator("[name=text]")).to_have_value("No light at the stop.")

    # Another address afterwards is another place.
    page.fill("[name=address]", "Токтогул")
    page.check("[name=kind][value=report]")
    page.click("[data-send]")
    page.wait_for_url("**/follow/**")
    appeal = Appeal.objects.get()
    assert (appeal.point.x, appeal.point.y) == IN_PARK
    assert appeal.attachments.count() == 1


def test_the_question_is_not_there_where_scripts_answer_it(visit: Open, city: GridCity) -> None:
    page = visit(maps=False).go(path_of("public:appeal-new", "en"))
    at_step(page, "send")
    expect(page.locator("[data-route]")).to_be_visible()
    expect(page.locator("#who-answers")).to_be_hidden()
