"""The planner's road: counts, hotspots, their map and words, the places behind them, and the files to take along."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import OFFICE, PHONE, Open, path_of
from tests.browser.faults import violations
from tests.factories import PlaceFactory
from tests.grid import CITY, IN_EAST, IN_PARK, GridCity, at
from tests.reports.planting import KILOMETRE, around, everywhere, planter

#: What a hot cell's card begins and ends with, and the summary.
WORDS = {
    "ky": (
        "1 жерде кайрылуулар картанын чакмактары кокус аралаштырылгандагыга караганда ачык көп",
        "көп; кокустук эң көбү 100дөн 1",
    ),
    "ru": (
        "В 1 месте обращений явно больше, чем было бы при случайном перемешивании ячеек карты",
        "больше; случайность не чаще 1 из 100",
    ),
}


@pytest.mark.parametrize(("language", "screen"), [("ru", PHONE), ("ky", OFFICE)], ids=["phone", "office"])
def test_a_planner_sees_where_there_are_more_and_goes_there(
    visit: Open, city: GridCity, language: str, screen: dict[str, Any]
) -> None:
    planter(city)(everywhere() + around(IN_EAST, 60))
    PlaceFactory(
        kind="landmark",
        name_ky="Кыргыз-Россия технологиялык университетинин колледжи",
        name_ru="Железнодорожновокзальная площадь",
        point=at((IN_EAST[0] + 0.001, IN_EAST[1])),
    )
    summary, surest = WORDS[language]
    window = visit(**screen)
    page = window.go(path_of("reports:heatmap", language) + "?cell=250")
    page.locator(".report-kinds a").nth(1).click()
    expect(page.locator(".report-main .notice").first).to_contain_text(summary)
    # A phone shows what is too wide by making everything smaller: the window would measure itself by it.
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["viewport"]["width"]

    # The map: red where it was planted, grey elsewhere, a card with the numbers, a legend that says how sure.
    drawn = page.frame_locator(".report-frame iframe")
    hot = drawn.locator("path.cell.hot-3")
    expect(hot.first).to_be_visible()
    assert hot.first.evaluate("(cell) => getComputedStyle(cell).fill") == "rgb(163, 22, 31)"
    assert drawn.locator("path.cell.even").count() > 50
    expect(drawn.locator(".legend")).to_contain_text(surest)
    page.locator(".report-frame").scroll_into_view_if_needed()
    # One stop of the Tab key for all cells, and the arrows between them.
    assert drawn.locator('path.cell[tabindex="0"]').count() == 1
    assert drawn.locator('path.cell:not([tabindex="-1"])').count() == 1
    hot.first.focus()
    stop = drawn.locator("path.cell:focus")
    began = stop.bounding_box()
    stop.press("ArrowDown")
    assert stop.bounding_box()["y"] > began["y"]
    # The fullest is drawn first; what is hot by its neighbours alone has no appeals to show.
    hot.first.click()
    card = drawn.locator(".leaflet-popup")
    expect(card).to_contain_text(surest)
    with page.context.expect_page() as opened:
        # By its key: under load the map goes on moving below the pointer.
        card.locator("a[target=_blank]").press("Enter")
    expect(opened.value.locator(".appeal-row").first).to_be_visible()
    opened.value.close()

    assert violations(page) == []
    for link, begins in (
        (".geojson", b'{"type":"FeatureCollection"'),
        (".csv", b"\xef\xbb\xbfcell,i,j"),
        (".pdf", b"%PDF-"),
        (".tif", b"II*"),
    ):
        with page.expect_download() as taken:
            page.locator(f".report-downloads a[href*='hotspots{link}']").click()
        assert Path(taken.value.path()).read_bytes().startswith(begins)

    # A question of its own, kept over to the counts and back.
    page.locator(".report-filters select[name=category]").select_option("lamp")
    page.locator(".report-filters button").click()
    page.wait_for_url(re.compile("category=lamp"))
    expect(page.locator(".report-main .notice").first).to_be_visible()
    page.go_back()
    # The form says what was asked, and not what was chosen next.
    expect(page.locator(".report-main .notice").first).to_contain_text(summary)
    expect(page.locator(".report-filters select[name=category]")).to_have_value("")

    page.locator("#hot-places ~ .report-wide a").first.click()
    page.wait_for_url(re.compile(r"bbox=([\d.,]|%2C)+"))
    (bbox,) = parse_qs(urlsplit(page.url).query)["bbox"]
    west, south, east, north = map(float, bbox.split(","))
    assert CITY[0] < west < IN_EAST[0] < east < CITY[2]
    assert CITY[1] < south < IN_EAST[1] < north < CITY[3]
    assert window.complaints.said == []


def test_a_planner_follows_the_months_compares_districts_and_prints(visit: Open, city: GridCity) -> None:
    plant = planter(city)
    for month in range(1, 13):
        places = everywhere(30, month) + around(IN_PARK, 35, month, KILOMETRE)
        places += around(IN_EAST, 40, 1, KILOMETRE) if month == 12 else []
        moment = dt.datetime(2025, month, 10, 12, tzinfo=timezone.get_default_timezone())
        plant(places, submitted_at=moment)
    plant(everywhere(1), submitted_at=dt.datetime(2024, 12, 10, 12, tzinfo=timezone.get_default_timezone()))
    window = visit(**PHONE)
    page = window.go(path_of("reports:hotspots", "ru") + "?from=2025-01-01&to=2025-12-31&cell=500")
    page.locator(".report-kinds a").nth(2).click()
    expect(page.locator("#patterns ~ table")).to_contain_text(
        "Обращений явно больше в последнем месяце, раньше такого не было."
    )
    # The map is seen without scrolling, and what it says and can be asked follows it.
    tops = [
        page.locator(part).first.bounding_box()["y"]
        for part in (".report-frame", ".report-main .notice", ".report-settings")
    ]
    assert tops == sorted(tops)
    assert tops[0] < PHONE["viewport"]["height"] * 0.6
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]

    # The map: the pattern of each place, then month by month with the keys of the keyboard.
    drawn = page.frame_locator(".report-frame iframe")
    new = drawn.locator("path.cell.pattern-new")
    expect(new.first).to_be_visible()
    assert new.first.evaluate("(cell) => getComputedStyle(cell).fill") == "rgb(214, 0, 108)"
    slider, month = drawn.get_by_role("slider"), drawn.locator(".steps output")
    overall, single = (drawn.locator(".legend > div").nth(n) for n in (0, 1))
    expect(overall).to_be_visible()
    slider.focus()
    slider.press("End")
    expect(month).to_contain_text("2025")
    expect(drawn.locator("path.cell.hot-3").first).to_be_visible()
    expect(new).to_have_count(0)
    expect(single).to_be_visible()
    expect(overall).to_be_hidden()
    hot = drawn.locator("path.cell.hot-3, path.cell.hot-2")
    last = hot.count()
    slider.press("ArrowLeft")
    assert 0 < hot.count() < last
    slider.press("Home")
    expect(new.first).to_be_visible()
    play = drawn.locator(".steps button")
    play.press("Enter")
    expect(slider).not_to_have_js_property("value", "0")
    expect(play).to_have_text("Пауза")
    play.press("Enter")
    expect(play).to_have_text("Показать по месяцам")
    page.emulate_media(reduced_motion="reduce")
    expect(play).to_be_hidden()
    assert violations(page) == []
    for link, begins in ((".geojson", b'{"type":"FeatureCollection"'), (".csv", b"\xef\xbb\xbfcell,i,j")):
        with page.expect_download() as taken:
            page.locator(f".report-downloads a[href*='trends{link}']").click()
        assert Path(taken.value.path()).read_bytes().startswith(begins)
    page.locator("#trend-places ~ table a").first.click()
    page.wait_for_url(re.compile("bbox="))

    # The districts, whose map leads to their appeals.
    page = window.go(path_of("reports:districts", "ru"))
    expect(page.locator(".report-main .notice")).to_contain_text("Это не показатель на жителя")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
    name = page.locator("#rates ~ .report-wide tbody th").first.bounding_box()
    assert name and name["height"] < 60
    district = drawn.locator("path.cell").first
    expect(district).to_be_visible()
    page.locator(".report-frame").scroll_into_view_if_needed()
    district.click()
    with page.context.expect_page() as opened:
        drawn.locator(".leaflet-popup a[target=_blank]").click()
    opened.value.wait_for_url(re.compile("district=(east|west)"))
    opened.value.close()
    assert violations(page) == []

    # On paper: the map in the middle as on the screen, the day, no control and no card.
    page.emulate_media(media="print")
    expect(page.locator(".report-made")).to_be_visible()
    expect(drawn.locator(".leaflet-popup")).to_be_hidden()
    frame = page.locator(".report-frame iframe").bounding_box()
    sheet = drawn.locator(".leaflet-container").bounding_box()
    assert frame and sheet
    assert sheet["x"] >= frame["x"] and sheet["x"] + sheet["width"] <= frame["x"] + frame["width"]
    assert abs(sheet["x"] + sheet["width"] / 2 - frame["x"] - frame["width"] / 2) < 2
    assert window.complaints.said == []


def test_a_table_of_many_columns_is_as_wide_as_a_screen_and_cuts_no_word(
    visit: Open, city: GridCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.answer_sentences._MOST_LEVEL_HEADS", 1)
    name = "Жилкомуправление и электроснабжение"
    city.services["light"].__class__.objects.update(short_ru=name)
    planter(city)([IN_EAST] * 30 + [IN_PARK] * 30, submitted_at=timezone.now() - dt.timedelta(days=60))
    path = path_of("reports:answers", "ru")

    # What of the letters of each word does not stand beside the first.
    cut = """
        (table) => [...table.querySelectorAll("th, td")].flatMap((cell) => {
            const text = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = [];
            while (text.nextNode()) {
                for (const word of text.currentNode.data.matchAll(/[^\\s-]+/g)) {
                    const range = document.createRange();
                    range.setStart(text.currentNode, word.index);
                    range.setEnd(text.currentNode, word.index + word[0].length);
                    const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.bottom)));
                    const rising = text.currentNode.parentElement.matches(".report-rising");
                    if (lines.size > 1 && !rising) found.push(word[0]);
                }
            }
            return found;
        })
    """
    for width in (320, 360, 390):
        page = visit(viewport={"width": width, "height": 844}).go(path)
        for table in page.locator(".report-wide table").all():
            assert table.evaluate(cut) == []
    page = visit(**OFFICE).go(path)
    wide = page.locator("[aria-labelledby='by-service'].report-wide")
    assert wide.evaluate("(wide) => wide.scrollWidth <= wide.clientWidth")
    expect(wide).to_contain_text(name)
    for head in wide.locator(".report-rising").all():
        box = head.bounding_box()
        assert box and box["width"] < 40 < box["height"]
