"""The map of appeals: drawn without a base-map server, narrowed by filters that live in the address."""

from __future__ import annotations

import datetime as dt
import math
import re
from io import BytesIO

import brotli
import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Response, Route, expect
from pytest_django import Settings

from appeals.vocabulary import Status
from config.city import CITY
from public.views.map import PAGE_SIZE
from tests.browser.conftest import DESKTOP, LANGUAGES, Open, Visit, path_of
from tests.browser.faults import running_out
from tests.browser.pixels import colour_px
from tests.factories import AppealFactory
from tests.grid import IN_EAST, IN_WEST, GridCity, at
from tools.chromium import until

_NEAR_EAST = f"#map=16/{IN_EAST[1]}/{IN_EAST[0]}"


def colours(window: Visit) -> int:
    """How many different colours the middle of the map shows."""
    picture = Image.open(BytesIO(window.page.locator("city-map canvas").screenshot())).convert("RGB")
    width, height = picture.size
    middle = picture.crop((width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    return len(middle.getcolors(maxcolors=1 << 24) or ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_drawn_by_itself(visit: Open, city: GridCity, language: str) -> None:
    window = visit(**DESKTOP)
    foreign: list[str] = []
    window.page.on(
        "request", lambda request: request.url.startswith(window.root) or foreign.append(request.url)
    )
    window.go(path_of("public:map", language))
    window.map_drawn()

    assert colours(window) > 100
    assert [url for url in foreign if url.startswith("http")] == []
    assert window.complaints.said == []
    window.page.set_viewport_size({"width": 320, "height": 640})
    assert running_out(window.page) == []


def test_a_base_map_out_of_reach_is_replaced_by_the_city_s_own(
    visit: Open, city: GridCity, settings: Settings
) -> None:
    settings.BASE_MAP_STYLE = "http://localhost:1/style.json"
    window = visit(**DESKTOP)
    window.go(path_of("public:map", "en"))
    window.map_drawn()
    assert colours(window) > 100


def test_a_base_map_lies_below_the_appeals(visit: Open, city: GridCity, settings: Settings) -> None:
    AppealFactory(category=city.categories["lamp"], point=at(IN_EAST))
    settings.BASE_MAP_STYLE = "http://maps.example.org/style.json"
    style = {
        "version": 8,
        "sources": {},
        "layers": [{"id": "b", "type": "background", "paint": {"background-color": "#f0f"}}],
    }
    window = visit(**DESKTOP)
    window.context.route("http://maps.example.org/**", lambda route: route.fulfill(json=style))
    window.go(path_of("public:map", "en") + _NEAR_EAST)
    window.map_drawn()
    picture = Image.open(BytesIO(window.page.locator("city-map canvas").screenshot())).convert("RGB")
    assert picture.getpixel((picture.width // 3, picture.height // 2)) == (255, 0, 255)
    assert colours(window) > 20


def test_a_pin_opens_its_appeal(visit: Open, city: GridCity) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), text="The lamp at the corner")
    window = visit()
    page = window.go(path_of("public:map", "en") + _NEAR_EAST)
    window.at_rest()
    box = page.locator("city-map canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    card = page.locator(".map-card")
    expect(card).to_be_visible()
    expect(card).to_contain_text("lamp en")
    expect(card).to_contain_text("The lamp at the corner")
    card.get_by_role("link").click()
    page.wait_for_url(f"**{path_of('public:appeal', 'en', appeal.number)}")


def test_what_is_overdue_is_red(visit: Open, city: GridCity) -> None:
    """A pin, and of a bubble an arc; in words in the legend, the card and the list."""
    today = timezone.localdate()
    late = {"category": city.categories["lamp"], "due_on": today - dt.timedelta(days=1)}
    AppealFactory(**late, point=at(IN_EAST))
    AppealFactory(**late, point=at(IN_WEST))
    AppealFactory(**{**late, "due_on": today}, point=at(IN_WEST))
    window = visit(**DESKTOP)
    page = window.go(path_of("public:map", "en") + _NEAR_EAST)
    window.at_rest()
    assert colour_px(page, "--status-overdue", middle=30) > 100
    assert not colour_px(page, "--status-new", middle=30)
    page.locator("city-map canvas").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".map-card")).to_contain_text("Overdue")
    page.locator(".map-layers__button").click()
    expect(page.locator(".map-layers__legend")).to_contain_text("Overdue")
    expect(page.locator(".results__overdue")).to_contain_text("Overdue: 2")
    window.go(path_of("public:map", "ru") + f"#map=16/{IN_WEST[1]}/{IN_WEST[0]}")
    window.at_rest()
    assert 20 < colour_px(page, "--status-overdue", middle=40) < colour_px(page, "--status-new", middle=40)


def test_the_keyboard_opens_what_lies_in_the_middle(visit: Open, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"], point=at(IN_EAST))
    window = visit(**DESKTOP)
    page = window.go(path_of("public:map", "en") + _NEAR_EAST)
    window.map_drawn()
    page.locator("city-map canvas").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".map-card")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".map-card")).to_be_hidden()
    expect(page.locator("city-map canvas")).to_be_focused()


def test_back_closes_what_is_open_and_whoever_comes_back_finds_it_so(visit: Open, city: GridCity) -> None:
    for n in range(PAGE_SIZE + 2):
        AppealFactory(category=city.categories["tree"], text=f"tree {n}", point=at(IN_WEST))
    AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), text="The lamp at the corner")
    window = visit()
    page = window.go(path_of("public:map", "en") + _NEAR_EAST)
    card, rows = page.locator(".map-card"), page.locator(".appeal-row")

    def press_pin() -> None:
        window.at_rest()
        box = page.locator("city-map canvas").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(card).to_be_visible()

    press_pin()
    page.go_back()
    expect(card).to_be_hidden()
    press_pin()
    card.get_by_role("link").click()
    page.wait_for_url("**/appeals/*/")
    page.go_back()
    expect(card).to_contain_text("The lamp at the corner")
    card.get_by_role("button").click()
    expect(card).to_be_hidden()
    # Closing leaves nothing behind that Back would open again.
    until(page, "() => !history.state.card")

    page.click("[data-show=list]")
    page.click("[data-more]")
    expect(rows).to_have_count(PAGE_SIZE + 3)
    rows.last.get_by_role("link").click()
    page.wait_for_url("**/appeals/*/")
    page.go_back()
    expect(rows).to_have_count(PAGE_SIZE + 3)
    expect(rows.last).to_be_in_viewport()
    page.go_back()
    expect(page.locator(".results")).to_be_hidden()
    expect(page.locator("city-map canvas")).to_be_visible()
    # The language switch leads to the same part of the map.
    window.at_rest()
    expect(page.locator(".languages a").first).to_have_attribute(
        "href", re.compile(r"#map=16\.00/40\.52\d*/72\.7")
    )
    assert window.complaints.said == []


def test_filters_are_in_the_address_and_the_back_button_undoes_them(visit: Open, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"], status=Status.NEW, text="dark")
    AppealFactory(
        category=city.categories["tree"], status=Status.ANSWERED, text="dry tree", point=at(IN_WEST)
    )
    window = visit(**DESKTOP)
    page = window.go(path_of("public:map", "en"))
    window.map_drawn()
    count = page.locator(".results__count")
    # What awaits an answer comes first; the switch among the layers is one of the filters.
    expect(count).to_have_text("1 appeal")
    assert colour_px(page, "--status-answered") == 0
    page.locator(".map-layers__button").click()
    with page.expect_response(re.compile(r"/api/clusters\.geojson\?.*status=new%2C.*answered")):
        page.get_by_label("Answered ones too").check()
    expect(count).to_have_text("2 appeals")
    window.map_drawn()
    assert colour_px(page, "--status-answered")
    page.go_back()
    expect(count).to_have_text("1 appeal")
    expect(page.get_by_label("Answered ones too")).not_to_be_checked()
    page.locator(".results__done a").click()
    expect(count).to_have_text("2 appeals")
    expect(page.get_by_label("Answered ones too")).to_be_checked()

    page.keyboard.press("Escape")
    page.locator(".filters__button").click()
    with page.expect_request(re.compile(r"/api/clusters\.geojson\?.*status=answered")):
        page.select_option("[name=status]", Status.ANSWERED)
    expect(count).to_have_text("1 appeal")
    expect(page).to_have_url(re.compile(r"\?status=answered"))
    expect(page.locator(".appeal-row")).to_contain_text("dry tree")
    # The language switch keeps the filters.
    expect(page.locator(".languages a").first).to_have_attribute("href", re.compile("status=answered"))

    page.select_option("[name=category]", "lamp")
    expect(count).to_have_text("0 appeals")
    expect(page.locator(".empty")).to_be_visible()
    page.go_back()
    expect(count).to_have_text("1 appeal")
    expect(page.locator("[name=category]")).to_have_value("")
    page.go_back()
    expect(count).to_have_text("2 appeals")
    expect(page.locator("[name=status]")).to_have_value(re.compile("^new,.*closed$"))
    expect(page.get_by_label("Answered ones too")).to_be_checked()
    page.go_forward()
    expect(count).to_have_text("1 appeal")
    page.reload()
    expect(count).to_have_text("1 appeal")


def test_only_what_the_map_shows(visit: Open, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), text="in the east")
    AppealFactory(category=city.categories["lamp"], point=at(IN_WEST), text="in the west")
    window = visit(**DESKTOP)
    page = window.go(path_of("public:map", "en") + _NEAR_EAST)
    window.map_drawn()
    page.check("[data-frame]")
    expect(page.locator(".appeal-row")).to_have_count(1)
    expect(page.locator(".appeal-row")).to_contain_text("in the east")
    expect(page).to_have_url(re.compile("bbox="))


def test_a_failed_request_says_so_and_can_be_repeated(visit: Open, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"])
    window = visit(**DESKTOP)
    broken = {"now": True}
    window.context.route(
        re.compile(r"/api/clusters\.geojson"),
        lambda route: route.abort() if broken["now"] else route.continue_(),
    )
    page = window.go(path_of("public:map", "en"))
    expect(page.locator(".map-status--error")).to_be_visible()
    broken["now"] = False
    page.locator(".map-status__retry").click()
    expect(page.locator(".map-status--error")).to_have_count(0)

    # What cannot be is no failure: it is said what is wrong, trying again is not offered, and nothing else is shown.
    window.go(path_of("public:map", "en") + "?from=2026-05-02&to=2026-05-01")
    expect(page.locator(".map-status")).to_have_text("The period ends before it begins.")
    expect(page.locator(".map-status__retry")).to_have_count(0)
    expect(page.locator(".notice--error")).to_contain_text("The period ends before it begins.")
    expect(page.locator(".appeal-row")).to_have_count(0)


def test_scripts_that_the_network_lost_are_asked_for_again(visit: Open, city: GridCity) -> None:
    window = visit(**DESKTOP)
    scripts = re.compile(r"/bundles/(browse|map)\b.*\.js")
    window.context.route(scripts, lambda route: route.abort())
    page = window.go(path_of("public:map", "en"))
    missing = page.locator("body > .notice")
    expect(missing).to_contain_text("A part of this page could not be loaded.")
    expect(page.locator(".map-status--error")).to_contain_text("The map could not be loaded.")
    # Some browsers ask for a module once: what fails again has the page loaded anew.
    with page.expect_event("load"):
        page.locator(".map-status__retry").click()
    expect(missing).to_be_visible()
    window.context.unroute(scripts)
    missing.get_by_role("button").click()
    window.map_drawn()
    expect(missing).to_have_count(0)


def test_what_the_device_does_to_the_map_is_said(visit: Open, city: GridCity) -> None:
    window = visit(**DESKTOP, geolocation={"longitude": 74.6, "latitude": 42.87}, permissions=["geolocation"])
    page = window.go(path_of("public:map", "en") + _NEAR_EAST)
    window.map_drawn()
    said = page.locator(".map-status")
    page.get_by_role("button", name="Show where I am").click()
    expect(said).to_contain_text("outside the city")
    window.map_drawn()
    expect(said, "also after what belongs there was loaded").to_contain_text("outside the city")

    # As when the phone is short of memory; and what was asked for before arrives afterwards.
    held: list[Route] = []
    window.context.route(re.compile(r"/api/clusters\.geojson"), lambda route: held.append(route))
    page.fill("[name=q]", "lamp")
    while not held:
        page.wait_for_timeout(20)
    page.locator("city-map canvas").evaluate(
        "canvas => canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    expect(said).to_contain_text("The list has the same appeals.")
    with page.expect_response(re.compile(r"/api/clusters\.geojson.*q=lamp")):
        window.context.unroute(re.compile(r"/api/clusters\.geojson"))
    page.wait_for_timeout(300)
    expect(said, "whatever arrives").to_contain_text("The list has the same appeals.")
    # By its key: without a context nothing is drawn, and a pointer waits for the next frame.
    page.get_by_role("button", name="Try again").press("Enter")
    window.map_drawn()
    expect(said).not_to_contain_text("stopped drawing")
    assert colours(window) > 100
    expect(page.locator(".map-layers")).to_have_count(1)

    page.emulate_media(media="print")
    for tool in (".maplibregl-ctrl-zoom-in", ".map-layers"):
        expect(page.locator(tool)).to_be_hidden()


def test_first_pages_are_light_and_ask_for_their_scripts_at_once(visit: Open, city: GridCity) -> None:
    """What comes before the map library, compressed; one after the other the scripts would be six ways to the server."""
    for number in range(40):
        AppealFactory(category=city.categories["lamp"], text=f"{number} " + "Түнкүсүн караңгы. " * 20)
    for name, ready, foreign, most_kb in (
        ("public:map", ".city-map__note", ("form", "desk"), 350),
        ("public:appeal-new", ".city-map__ask", ("browse", "map", "desk"), 120),
    ):
        window = visit(maps=False)
        answers: list[Response] = []
        window.page.on("response", lambda answer, seen=answers: seen.append(answer))
        page = window.go(path_of(name, "ky"))
        page.locator(ready).last.wait_for(state="attached")
        page.wait_for_load_state("networkidle")
        loaded, named = page.evaluate(
            """() => [
                performance.getEntriesByType("resource").map(({name}) => name).filter((name) => name.includes("/web/bundles/")),
                [...document.querySelectorAll("link[rel=modulepreload]")].map(({href}) => href),
            ]"""
        )
        assert set(loaded) == set(named) != set()
        assert not any(f"/{bundle}.js" in url for url in loaded for bundle in foreign)
        weights = {answer.url: len(brotli.compress(answer.body(), quality=5)) for answer in answers}
        assert not any("maplibre" in url for url in weights)
        assert len(answers) <= 15, sorted(weights)
        assert sum(weights.values()) < most_kb * 1000, weights
        assert window.complaints.said == []


def test_a_touch_of_the_still_picture_brings_the_map_there(visit: Open, city: GridCity) -> None:
    window = visit()
    page = window.go(path_of("public:appeal-new", "en") + "#step-place")
    still, touch = page.locator(".city-map__still"), page.locator(".city-map__ask")
    touch.wait_for()
    until(page, "() => document.querySelector('.city-map__still').naturalWidth > 0")
    frame = still.bounding_box()
    assert frame is not None
    touch.click(position={"x": 60, "y": 80})
    # The touch is the pin, also before there is a map.
    expect(page.locator("[name=lon]")).not_to_have_value("")
    expect(page.locator("[data-place-said]")).to_contain_text("where you tapped")
    window.map_drawn()
    expect(still).to_have_count(0)
    expect(page.locator(".map-pick-pin")).to_be_in_viewport()
    degrees = 360 / 512 / 2**CITY.zoom
    east, north = 60 - frame["width"] / 2, frame["height"] / 2 - 80
    lon, lat = CITY.center
    flat = math.cos(math.radians(lat))
    assert float(page.input_value("[name=lon]")) == pytest.approx(lon + east * degrees, abs=2 * degrees)
    assert float(page.input_value("[name=lat]")) == pytest.approx(
        lat + north * degrees * flat, abs=2 * degrees
    )
    assert window.complaints.said == []


def test_without_webgl_the_list_is_there_and_the_map_says_why(visit: Open, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"], text="dark")
    window = visit(**DESKTOP, maps=False)
    page = window.go(path_of("public:map", "en"))
    expect(page.locator(".city-map__note")).to_contain_text("cannot draw the map")
    expect(page.locator(".appeal-row")).to_contain_text("dark")
