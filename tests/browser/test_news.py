"""The Mayor's Office draws works on the map, looks at them, publishes them; everybody sees them on the map until they end."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from desk.models import FormDraft
from news.models import NewsItem
from tests.browser.conftest import OFFICE, Open, Visit, log_in, path_of
from tests.browser.pixels import colour_px
from tests.factories import MembershipFactory
from tests.grid import GridCity
from tools.chromium import AT_REST, until


@pytest.fixture
def editor(city: GridCity, settings: Any, tmp_path: Path) -> User:
    settings.MEDIA_ROOT = tmp_path
    user: User = MembershipFactory(service=city.services["office"]).user
    return user


def works_px(page: Page) -> int:
    """Pixels of the map in the colour of the outline of works."""
    return colour_px(page, "--status-accepted")


def press(canvas: Locator, across: float, down: float) -> None:
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] * across, "y": box["height"] * down})


def corners(page: Page, n: int) -> list[str]:
    """The corners that the field holds, once there are so many."""
    until(page, f"document.querySelector('[name=corners]').value.split('\\n').filter(Boolean).length === {n}")
    return page.input_value("[name=corners]").split("\n")


def test_works_are_drawn_previewed_published_and_seen(visit: Open, editor: User) -> None:
    window: Visit = visit(**OFFICE)
    log_in(window, editor)
    page = window.go(path_of("desk:news-new", "ru"))
    for language in ("ky", "ru", "en"):
        page.fill(f"[name=title_{language}]", f"Water {language}")
        page.fill(f"[name=body_{language}]", "It is off.")
    page.select_option("[name=kind]", "works")
    now = timezone.localtime()
    page.fill("[name=starts_at]", f"{now - dt.timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.fill("[name=ends_at]", f"{now + dt.timedelta(days=1):%Y-%m-%dT%H:%M}")
    page.select_option("[name=shape]", "area")
    window.map_drawn()
    canvas = page.locator("drawn-place canvas")
    # With the mouse; a corner is dragged; one is added and removed with the keys.
    for across, down in ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7)):
        press(canvas, across, down)
    before = corners(page, 3)
    last = page.locator(".map-corner").nth(2)
    box, frame = last.bounding_box(), canvas.bounding_box()
    assert box is not None
    assert frame is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.6, frame["y"] + frame["height"] * 0.8, steps=4)
    page.mouse.up()
    dragged = corners(page, 3)
    assert dragged[:2] == before[:2]
    assert dragged[2] != before[2]
    canvas.focus()
    page.keyboard.press("Enter")
    assert corners(page, 4)[:3] == dragged
    added = page.locator(".map-corner").nth(3)
    added.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Delete")
    assert corners(page, 3) == dragged
    expect(page.locator(".map-corner").nth(2)).to_be_focused()
    page.locator("drawn-place button:has-text('Убрать угол')").click()
    corners(page, 2)
    press(canvas, 0.35, 0.75)
    drawn = corners(page, 3)
    window.map_drawn()
    assert works_px(page) > 100
    # Nothing is kept by looking at it.
    with window.context.expect_page() as opened:
        page.locator("button[name=preview][value=en]").click()
    preview = opened.value
    window.complaints.listen(preview)
    preview.wait_for_selector('city-map[aria-busy="false"]')
    expect(preview.locator("h1")).to_have_text("Water en")
    assert works_px(preview) > 100
    assert not NewsItem.objects.exists()
    preview.close()
    page.check("[name=when][value=now]")
    page.locator("form.news-form button.button--primary").click()
    expect(page.locator(".messages")).to_contain_text("Опубликовано.")
    item = NewsItem.objects.get()
    assert sorted(item.place.corners.split("\n")) == sorted(drawn)
    assert window.complaints.said == []
    public = visit(**OFFICE)
    seen = public.go(path_of("public:news-item", "ky", item.pk))
    public.map_drawn()
    assert works_px(seen) > 100
    public.go(path_of("public:map", "en"))
    public.map_drawn()
    assert works_px(seen) > 100
    lon, lat = item.spot.coords  # type: ignore[union-attr]
    # Far enough that the whole area is in view, and pressed in its middle with the keyboard.
    public.go(path_of("public:about", "en"))
    public.go(f"{path_of('public:map', 'en')}#map=13/{lat:.5f}/{lon:.5f}")
    public.map_drawn()
    seen.locator("city-map canvas").focus()
    seen.keyboard.press("Enter")
    link = seen.locator(".map-card a.map-card__item")
    expect(link).to_contain_text("Water en")
    expect(link).to_have_attribute("href", path_of("public:news-item", "en", item.pk))
    seen.keyboard.press("Escape")
    seen.locator(".map-layers summary").click()
    toggle = seen.get_by_role("checkbox", name="Planned works")
    expect(toggle).to_be_checked()
    toggle.uncheck()
    # The legend has the colour too.
    seen.locator(".map-layers summary").click()
    until(seen, AT_REST)
    assert works_px(seen) == 0
    # Whoever writes an appeal there learns that it is known, and can go on.
    public.go(f"{path_of('public:appeal-new', 'en')}?lon={lon:.6f}&lat={lat:.6f}#step-place")
    expect(seen.locator(".known-works a")).to_have_text("Water en")
    expect(seen.locator("[data-next]")).to_be_enabled()
    NewsItem.objects.update(ends_at=timezone.now())
    public.go(path_of("public:map", "ky"))
    public.map_drawn()
    assert works_px(seen) == 0
    assert public.complaints.said == []


def test_what_is_written_is_there_again_after_the_page_is_left_and_the_session_has_ended(
    visit: Open, editor: User, photo: dict[str, Any]
) -> None:
    window = visit(**OFFICE, maps=False)
    log_in(window, editor)
    page = window.go(path_of("desk:news-new", "en"))
    until(page, "Boolean(customElements.get('desk-sheet'))")
    page.fill("[name=title_en]", "No water")
    page.check("[name=when][value=later]")
    page.set_input_files("[name=picture]", photo)
    expect(page.locator(".news-form__picture")).to_be_visible()
    expect(page.locator("[data-said]")).to_contain_text("unfinished version is kept")
    # The last words are on the machine alone: nobody is logged in any more.
    Session.objects.all().delete()
    page.fill("[name=body_en]", "Until 18:00.")
    expect(page.locator("[data-standing=nobody]")).to_be_visible()
    page.close()
    assert FormDraft.objects.get().values["body_en"] == ""
    window.page = window.context.new_page()
    log_in(window, editor)
    page = window.go(path_of("desk:news-new", "en"))
    expect(page.locator("[data-said]")).to_contain_text("unfinished version is kept")
    assert FormDraft.objects.get().values["body_en"] == "Until 18:00."
    assert page.input_value("[name=body_en]") == "Until 18:00."
    assert page.input_value("[name=title_en]") == "No water"
    assert page.is_checked("[name=when][value=later]")
    expect(page.locator(".news-form__picture")).to_be_visible()
    # Thrown away, and taken back.
    with page.expect_response("**/draft/"):
        page.click("[data-throw]")
    assert page.input_value("[name=title_en]") == ""
    assert not FormDraft.objects.exists()
    page.click("[data-back]")
    expect(page.locator("[data-said]")).to_contain_text("unfinished version is kept")
    page.check("[name=when][value=draft]")
    page.fill("[name=title_ky]", "Суу жок")
    page.fill("[name=body_ky]", "Саат 18ге чейин.")
    page.click("desk-sheet .button--primary")
    page.wait_for_url(re.compile(r"/desk/news/\d+/$"))
    item = NewsItem.objects.get()
    assert (item.title_en, item.body_en, bool(item.picture)) == ("No water", "Until 18:00.", True)
    assert not FormDraft.objects.exists()
    assert window.go(path_of("desk:news-new", "en")).input_value("[name=title_en]") == ""
