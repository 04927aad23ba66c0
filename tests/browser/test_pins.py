"""The pin of a place is drawn on the map of its page, whether the style comes before it or after."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Route, expect
from pytest_django import Settings

from accounts.models import User
from appeals.models import SupportReply
from appeals.vocabulary import Kind, Status
from tests.browser.conftest import DESKTOP, PHONE, Open, Visit, log_in, path_of
from tests.browser.pixels import colour_px, rgb_of
from tests.factories import AppealFactory, AttributeValueFactory, NewsItemFactory
from tests.grid import IN_EAST, GridCity, at


def pin_px(window: Visit, colour: str) -> int:
    """Pixels of that colour of the page where the pin must be: in the middle of the map."""
    return colour_px(window.page, colour, middle=30)


@pytest.fixture
def page_with_pin(
    visit: Open, city: GridCity, representative: User, request: pytest.FixtureRequest
) -> tuple[Visit, str, str]:
    """A window, the path of a page with one pin, and the property of the pin's colour."""
    window = visit(**DESKTOP)
    if request.param == "news":
        item = NewsItemFactory(point=at(IN_EAST))
        return window, path_of("public:news-item", "en", item.pk), "--accent"
    appeal = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), status=Status.NEW)
    if request.param == "desk":
        log_in(window, representative)
    return window, path_of(f"{request.param}:appeal", "en", appeal.number), "--status-new"


PAGES = pytest.mark.parametrize("page_with_pin", ["public", "desk", "news"], indirect=True)


@PAGES
def test_the_pin_is_drawn_on_its_own_page(page_with_pin: tuple[Visit, str, str]) -> None:
    window, path, colour = page_with_pin
    window.go(path)
    window.at_rest()
    assert pin_px(window, colour) > 100
    assert window.complaints.said == []


def test_a_supporter_marks_a_place_with_a_tap_and_it_is_on_the_map(visit: Open, city: GridCity) -> None:
    appeal = AppealFactory(
        category=city.categories["tree"], kind=Kind.RECOMMENDATION, point=at(IN_EAST), status=Status.ACCEPTED
    )
    AttributeValueFactory(attribute__category=appeal.category)
    window = visit(**PHONE)
    page = window.go(path_of("public:appeal", "en", appeal.number))
    page.check("#support [type=radio]")
    page.click("#support details summary")
    place = page.locator("marked-place canvas")
    expect(page.locator("marked-place city-map")).to_have_attribute("aria-busy", "false")
    place.click(position={"x": 60, "y": 60})
    expect(page.locator("#field-coordinates")).not_to_have_value("")
    page.click("#support .button--primary")
    expect(page.get_by_text("1 place marked on the map")).to_be_visible()
    point = SupportReply.objects.get(value__attribute__category=appeal.category).point
    # West and north of the appeal, where the map began.
    assert point is not None
    assert IN_EAST[0] - 0.01 < point.x < IN_EAST[0] and IN_EAST[1] < point.y < IN_EAST[1] + 0.01
    page.locator(".place__map").scroll_into_view_if_needed()
    window.at_rest()
    assert colour_px(page, "--answer-1", middle=240) > 100
    assert window.complaints.said == []


STYLE: dict[str, Any] = {
    "version": 8,
    "sources": {},
    "layers": [{"id": "b", "type": "background", "paint": {"background-color": "#fafafa"}}],
}


@PAGES
def test_the_pin_is_drawn_when_the_style_comes_late(
    page_with_pin: tuple[Visit, str, str], settings: Settings
) -> None:
    """After all else that the page loads."""
    settings.BASE_MAP_STYLE = "http://maps.example.org/style.json"
    held: list[Route] = []
    window, path, colour = page_with_pin
    window.context.route(settings.BASE_MAP_STYLE, lambda route: held.append(route))
    window.go(path)
    expect(window.page.locator("city-map .city-map__canvas")).to_be_attached()
    while not held:
        window.page.wait_for_timeout(20)
    held[0].fulfill(json=STYLE)
    window.at_rest()
    assert pin_px(window, colour) > 100


@pytest.mark.parametrize("page_with_pin", ["public"], indirect=True)
def test_a_base_map_that_is_no_style_is_replaced(
    page_with_pin: tuple[Visit, str, str], settings: Settings
) -> None:
    settings.BASE_MAP_STYLE = "http://maps.example.org/style.json"
    window, path, colour = page_with_pin
    window.context.route(
        settings.BASE_MAP_STYLE, lambda route: route.fulfill(json={"version": 7, "layers": [{"id": 1}]})
    )
    window.go(path)
    window.at_rest()
    assert pin_px(window, colour) > 100


@pytest.mark.parametrize("page_with_pin", ["public"], indirect=True)
def test_the_pin_stays_when_the_colour_scheme_changes(page_with_pin: tuple[Visit, str, str]) -> None:
    window, path, colour = page_with_pin
    window.go(path)
    window.at_rest()
    by_day = rgb_of(window.page, colour)
    window.page.emulate_media(color_scheme="dark")
    deadline = time.monotonic() + 120
    while rgb_of(window.page, colour) == by_day or not pin_px(window, colour):
        assert time.monotonic() < deadline, "the pin has not the colour of the night"
        window.page.wait_for_timeout(20)
