"""The desk by the keyboard, and what of an appeal is in view without scrolling."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from appeals.models import Appeal
from tests.browser.conftest import LANGUAGES, OFFICE, Open, Visit, at_desk, log_in_by_password, path_of
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import GridCity


@pytest.fixture
def queue(city: GridCity) -> list[int]:
    """Numbers of four appeals, the most urgent first."""
    today = timezone.localdate()
    return [
        AppealFactory(category=city.categories["lamp"], due_on=today + dt.timedelta(days=n)).number
        for n in range(4)
    ]


def focused(page: Page) -> str:
    """What has the focus: its row's number, or its id, or its words."""
    found: str = page.evaluate(
        """() => {
            const one = document.activeElement;
            return one.closest("[data-appeal]")?.dataset.appeal || one.id || one.textContent.trim();
        }"""
    )
    return found


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def at_queue(visit: Open, person: User, language: str = "en", *, maps: bool = False) -> Visit:
    window = visit(**OFFICE, maps=maps)
    at_desk(window, person, language)
    window.page.wait_for_selector("desk-keys:defined", state="attached")
    return window


def at(page: Page, number: int) -> None:
    page.wait_for_url(f"**/desk/appeals/{number}/**")
    page.wait_for_selector("desk-keys:defined", state="attached")


def test_the_first_appeal_takes_three_clicks_and_the_next_ones_no_mouse(
    visit: Open, queue: list[int], representative: User
) -> None:
    window = visit(maps=False, **OFFICE)
    log_in_by_password(window, representative, "en")
    page, clicks = window.page, []
    for step in (f"#appeal-{queue[0]} a", "#answer-text", "[data-verb=answer] .button--primary"):
        page.click(step)
        clicks.append(step)
        if step == "#answer-text":
            page.keyboard.type("The lamp is new.")
    expect(page.locator(".answer")).to_contain_text("The lamp is new.")
    assert len(clicks) <= 3
    # Who knows no keys presses Enter: the next one has the focus.
    expect(page.locator(".desk-next")).to_be_focused()
    press(page, "Enter")
    at(page, queue[1])
    press(page, "a", "Control+Enter")
    # Nothing is written yet.
    expect(page.locator("#answer-text")).to_be_focused()
    page.keyboard.type("jkna?/ all of it is text")
    expect(page.locator("#answer-text")).to_have_value("jkna?/ all of it is text")
    press(page, "Control+Enter")
    expect(page.locator(".answer")).to_contain_text("all of it is text")
    page.wait_for_selector("desk-keys:defined", state="attached")
    press(page, "n")
    at(page, queue[2])
    assert set(Appeal.objects.filter(status="answered").values_list("number", flat=True)) == set(queue[:2])


def test_along_the_queue_into_an_appeal_and_back_to_its_row(
    visit: Open, queue: list[int], representative: User
) -> None:
    page = at_queue(visit, representative).page
    press(page, "j", "j", "j", "k")
    assert focused(page) == str(queue[1])
    press(page, "o")
    at(page, queue[1])
    press(page, "j")
    at(page, queue[2])
    press(page, "k")
    at(page, queue[1])
    press(page, "a")
    assert focused(page) == "answer-text"
    press(page, "Escape", "g", "q")
    page.wait_for_url("**/desk/?*")
    page.wait_for_selector("desk-keys:defined", state="attached")
    press(page, "j")
    assert focused(page) == str(queue[2])
    press(page, "/")
    assert focused(page) == "q"


def test_keys_lie_in_the_same_places_with_a_russian_alphabet(
    visit: Open, queue: list[int], representative: User
) -> None:
    page = at_queue(visit, representative).page
    for key, code, shift in (("о", "KeyJ", False), ("о", "KeyJ", False), (",", "Slash", True)):
        page.evaluate(
            "(one) => document.body.dispatchEvent(new KeyboardEvent('keydown', {...one, bubbles: true}))",
            {"key": key, "code": code, "shiftKey": shift},
        )
    expect(page.locator("dialog")).to_be_visible()
    press(page, "Escape")
    assert focused(page) == str(queue[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keys_are_told_once_listed_and_can_be_switched_off(
    visit: Open, queue: list[int], representative: User, language: str
) -> None:
    page = at_queue(visit, representative, language).page
    expect(page.locator("[data-hint]")).to_be_visible()
    page.reload()
    page.wait_for_selector("desk-keys:defined", state="attached")
    expect(page.locator("[data-hint]")).to_be_hidden()
    press(page, "?")
    dialog = page.locator("dialog")
    expect(dialog).to_be_visible()
    assert dialog.locator("kbd").count() == 13
    dialog.locator("input").uncheck()
    dialog.locator("[data-close]").click()
    press(page, "j", "?")
    assert focused(page) != str(queue[0])
    expect(dialog).to_be_hidden()
    # The way to switch them on again needs none of them.
    page.click("[data-keys-help]")
    dialog.locator("input").check()
    press(page, "Escape", "j")
    assert focused(page) == str(queue[0])
    page.set_viewport_size({"width": 390, "height": 844})
    press(page, "?")
    expect(dialog).to_be_visible()


def test_the_answer_is_three_keys_away_without_shortcuts(
    visit: Open, queue: list[int], representative: User
) -> None:
    window = at_queue(visit, representative, maps=True)
    page = window.go(path_of("desk:appeal", "en", queue[0]))
    window.at_rest()
    press(page, "Tab", "Tab", "Enter")
    assert focused(page) == "answer-text"
    # As it is for whoever takes no short cut: the header, and then what to do before anything below it.
    before = page.evaluate(
        """() => {
            const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
                .filter((one) => one.checkVisibility() && one.tabIndex >= 0 && one.type !== "hidden");
            return stops.findIndex((one) => one.id === "answer-text");
        }"""
    )
    assert 0 < before <= 25


@pytest.mark.parametrize("language", LANGUAGES)
def test_answer_words_photos_due_date_and_map_are_in_view_on_an_office_screen(
    visit: Open, city: GridCity, representative: User, language: str
) -> None:
    text = "Мектептин жанындагы жолдо чырактар күйбөйт, балдар караңгыда басып жүрүшөт. " * 3
    appeal = AppealFactory(category=city.categories["lamp"], text=text)
    for _ in range(3):
        AttachmentFactory(appeal=appeal)
    window = at_queue(visit, representative, language, maps=True)
    page = window.go(path_of("desk:appeal", language, appeal.number))
    window.at_rest()
    out = page.evaluate(
        """() => ["#answer-text", "#answer-files", "[data-verb=answer] .button--primary", ".appeal-text .prose",
                  ".appeal-text .gallery", ".answerer__days", "city-map"].filter((part) => {
            const {top, bottom} = document.querySelector(part).getBoundingClientRect();
            return top < 0 || bottom > innerHeight + (part === "city-map" ? 120 : 0);
        })"""
    )
    assert out == []
    # Nothing lies over what is filled in.
    field, button = (page.locator(one).bounding_box() for one in ("#answer-files", "[data-key=publish]"))
    assert field and button and field["y"] + field["height"] <= button["y"]
