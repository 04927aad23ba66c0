"""The places of the queue: beside the list on a screen, in its stead on a phone; and the way from one to the next."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from tests.browser.conftest import LANGUAGES, OFFICE, PHONE, Open, at_desk, path_of
from tests.browser.faults import running_out
from tests.factories import AppealFactory
from tests.grid import IN_EAST, GridCity

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
    page.wait_for_selector(MAP)
    page.mouse.click(*middle_of_map(page))
    expect(page.locator(".desk-row[aria-current=true]")).to_have_attribute("data-appeal", str(row[2]))
    expect(page.locator("[data-chosen] a")).to_contain_text(f"№ {row[2]}")
    page.locator(f"#appeal-{row[4]} [data-key=open]").focus()
    expect(page.locator("desk-map city-map")).to_have_attribute("data-pin", str(row[4]))
    expect(page.locator("desk-map canvas")).to_be_visible()
    expect(page.locator(".desk-row[aria-current=true]")).to_have_attribute("data-appeal", str(row[4]))
    assert running_out(page) == []
    # It is there when one comes back, until it is put away.
    page.reload()
    page.wait_for_selector(MAP)
    page.click("desk-map [data-switch]")
    expect(page.locator("desk-map city-map")).to_be_hidden()
    assert window.complaints.said == []


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
