"""The places of the queue: beside the list on a screen, in its stead on a phone; and the way from one to the next."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from tests.browser.conftest import LANGUAGES, OFFICE, PHONE, Open, at_desk, log_in, path_of
from tests.browser.faults import running_out
from tests.factories import AppealFactory
from tests.grid import IN_EAST, IN_PARK, OUTSIDE, GridCity, at

MAP = 'city-map[aria-busy="false"]'


@pytest.fixture
def row(city: GridCity) -> list[int]:
    """Numbers of five in a row from west to east, all due today."""
    return [
        AppealFactory(
            category=city.categories["lamp"],
            due_on=timezone.localdate(),
            point=Point(IN_EAST[0] + step / 500, IN_EAST[1], srid=4326),
            address="Масалиев көчөсү, 12-үйдүн жанында, аялдаманын артында",
        ).number
        for step in range(5)
    ]


def middle_of_map(page: Any) -> tuple[float, float]:
    """The middle of the map, in pixels of the screen: the middle one of the row lies there."""
    box = page.locator("desk-map city-map").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pin_marks_its_row_and_a_row_its_pin(
    visit: Open, row: list[int], representative: User, language: str
) -> None:
    window = visit(**OFFICE)
    page = at_desk(window, representative, language)
    page.click("desk-map [data-switch]")
    expect(page.locator("desk-map [data-said]")).to_contain_text("5")
    page.wait_for_selector(MAP)
    page.mouse.click(*middle_of_map(page))
    expect(page.locator(".desk-row[aria-current=true]")).to_have_attribute("data-appeal", str(row[2]))
    expect(page.locator("[data-chosen] a")).to_contain_text(f"№ {row[2]}")
    page.locator(f"#appeal-{row[4]} [data-key=open]").focus()
    expect(page.locator("desk-map city-map")).to_have_attribute("data-pin", str(row[4]))
    expect(page.locator("desk-map canvas")).to_be_visible()
    expect(page.locator(".desk-row[aria-current=true]")).to_have_attribute("data-appeal", str(row[4]))
    assert running_out(page) == []
    if language == "ky":
        # It is there when one comes back, until it is put away.
        page.reload()
        page.wait_for_selector(MAP)
    page.click("desk-map [data-switch]")
    expect(page.locator("desk-map city-map")).to_be_hidden()
    assert window.complaints.said == []


def test_the_map_has_the_whole_list_and_not_the_page_alone(
    visit: Open, row: list[int], representative: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.queue.PAGE_SIZE", 2)
    monkeypatch.setattr("desk.views.PAGE_SIZE", 2)
    window = visit(**OFFICE)
    page = at_desk(window, representative, "en")
    said = page.locator("desk-map [data-said]")
    page.click("desk-map [data-switch]")
    expect(said).to_contain_text("all appeals of this list: 5")
    page.wait_for_selector(MAP)
    page.mouse.click(*middle_of_map(page))
    # The third has no row on this page.
    expect(page.locator("[data-chosen] a")).to_contain_text(f"№ {row[2]}. lamp en")
    expect(page.locator(".desk-row[aria-current=true]")).to_have_count(0)
    monkeypatch.setattr("desk.pins.PINS_MAX", 3)
    page.reload()
    expect(said).to_contain_text("first 3 appeals of this list and those of this page; there are more")
    # What cannot be had is said, and the page's own pins stay.
    page.route("**/desk/pins/**", lambda route: route.abort())
    page.reload()
    expect(said).to_contain_text("this page alone: 2")
    page.unroute("**/desk/pins/**")
    page.reload()
    page.wait_for_selector(MAP)
    page.mouse.click(*middle_of_map(page))
    page.click("[data-chosen] a")
    page.wait_for_url(f"**/desk/appeals/{row[1]}/**")


def test_the_pin_is_put_right_on_a_map_that_says_who_would_answer(
    visit: Open, city: GridCity, representative: User
) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST))
    window = visit(**OFFICE)
    log_in(window, representative)
    page = window.go(path_of("desk:appeal", "en", appeal.number))
    form = page.locator("details:has([value=correct])")
    form.locator("summary").click()
    page.wait_for_selector("appeal-pin " + MAP)
    place, answers = page.locator("#correct-point"), form.locator("appeal-pin .route")
    expect(answers).to_contain_text("Same place and category")

    # Dragged.
    pin = page.locator("appeal-pin .map-pick-pin")
    pin.scroll_into_view_if_needed()
    box = pin.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y + 10)
    page.mouse.move(x - 60, y + 20)
    page.mouse.up()
    expect(place).not_to_have_value("")
    lat, lon = map(float, place.input_value().split(","))
    assert IN_EAST[0] - 0.005 < lon < IN_EAST[0] and IN_EAST[1] - 0.005 < lat < IN_EAST[1]
    expect(answers).to_contain_text("Answers: light en")

    # For another category somebody else answers.
    page.select_option("#correct-category", "pothole")
    expect(answers).to_contain_text("Answers: roads en")
    page.select_option("#correct-category", "")
    expect(answers).to_contain_text("Answers: light en")

    # With the keyboard: the map is moved, and its middle taken.
    page.locator("appeal-pin canvas").focus()
    page.keyboard.press("Enter")
    dragged = f"{lat:.6f}, {lon:.6f}"
    expect(place).not_to_have_value(dragged)

    # Typed; what is none, and what is outside of the city, is said.
    place.fill("somewhere")
    expect(form.locator("appeal-pin .field-error")).to_contain_text("not a latitude and longitude")
    place.fill(f"{OUTSIDE[1]}, {OUTSIDE[0]}")
    expect(answers).to_contain_text("outside")
    form.locator("appeal-pin > button").click()
    expect(place).to_have_value("")
    expect(answers).to_contain_text("Same place and category")
    place.fill(f"{IN_PARK[1]}, {IN_PARK[0]}")
    expect(answers).to_contain_text("Answers: green en")

    page.fill("#correct-text", "The lamp is in the park")
    form.locator(".desk-step__send .button").first.click()
    # It is another service's now, as was said.
    page.wait_for_url("**/desk/?*")
    expect(page.get_by_text("who answers: green en")).to_be_visible()
    appeal.refresh_from_db()
    assert appeal.service == city.services["green"]
    assert (round(appeal.point.x, 6), round(appeal.point.y, 6)) == IN_PARK
    # A place outside of the city is refused, which a browser writes down.
    assert [said for said in window.complaints.said if "/api/route" not in said] == []


def test_on_a_phone_the_map_takes_the_place_of_the_list(
    visit: Open, row: list[int], representative: User
) -> None:
    window = visit(**PHONE)
    page = at_desk(window, representative, "ky")
    page.click("desk-map [data-switch]")
    page.wait_for_selector(MAP)
    expect(page.locator(".desk-table")).to_be_hidden()
    page.touchscreen.tap(*middle_of_map(page))
    page.click("[data-chosen] a")
    page.wait_for_url(f"**/desk/appeals/{row[2]}/**")


def test_the_field_list_from_where_one_is(visit: Open, row: list[int], representative: User) -> None:
    window = visit(
        **PHONE,
        permissions=["geolocation"],
        geolocation={"latitude": IN_EAST[1], "longitude": IN_EAST[0] + 0.009},
    )
    page = at_desk(window, representative, "ky")
    page.click('a[href*="/desk/field/"]')
    stops = page.locator("[data-appeal]")
    expect(stops.first).to_have_attribute("data-appeal", str(row[0]))
    page.click("field-start button")
    page.wait_for_url("**start=**")
    assert stops.evaluate_all("(all) => all.map((one) => Number(one.dataset.appeal))") == row[::-1]
    for language in LANGUAGES:
        window.go(path_of("desk:field-list", language))
        window.at_rest()
        assert running_out(page) == [], language
    page.locator(".button--primary").first.click()
    page.wait_for_url("**/desk/appeals/**#answer-text")
    assert window.complaints.said == []
