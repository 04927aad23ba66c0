"""The planner's road: counts, hotspots, their map and words, the places behind them, and the files to take along."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OFFICE, PHONE, Open, path_of
from tests.browser.faults import violations
from tests.factories import PlaceFactory
from tests.grid import CITY, IN_EAST, GridCity, at
from tests.reports.planting import around, everywhere, planter

#: What a hot cell's card begins and ends with, and the summary.
WORDS = {
    "ky": ("1 жерде кайрылуулар кокус жайгашууга караганда ачык көп", "көп; кокустук эң көбү 100дөн 1"),
    "ru": (
        "В 1 месте обращений явно больше, чем дало бы случайное размещение",
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
    expect(page.locator(".report-main .notice")).to_contain_text(summary)
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
    # The fullest is drawn first; what is hot by its neighbours alone has no appeals to show.
    hot.first.click()
    card = drawn.locator(".leaflet-popup")
    expect(card).to_contain_text(surest)
    with page.context.expect_page() as opened:
        card.locator("a[target=_blank]").click()
    expect(opened.value.locator(".appeal-row").first).to_be_visible()
    opened.value.close()

    assert violations(page) == []
    for link, begins in ((".geojson", b'{"type":"FeatureCollection"'), (".csv", b"\xef\xbb\xbfcell,i,j")):
        with page.expect_download() as taken:
            page.locator(f".report-downloads a[href*='hotspots{link}']").click()
        assert Path(taken.value.path()).read_bytes().startswith(begins)

    # A question of its own, kept over to the counts and back.
    page.locator(".report-filters select[name=category]").select_option("lamp")
    page.locator(".report-filters button").click()
    page.wait_for_url(re.compile("category=lamp"))
    expect(page.locator(".report-main .notice")).to_be_visible()
    page.go_back()
    expect(page.locator(".report-main .notice")).to_contain_text(summary)

    page.locator("#hot-places ~ table a").first.click()
    page.wait_for_url(re.compile(r"bbox=([\d.,]|%2C)+"))
    west, south, east, north = map(float, re.split("%2C|,", page.url.partition("bbox=")[2].partition("&")[0]))
    assert CITY[0] < west < IN_EAST[0] < east < CITY[2]
    assert CITY[1] < south < IN_EAST[1] < north < CITY[3]
    assert window.complaints.said == []
