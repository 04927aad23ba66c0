"""The desk as people use it: an office screen, a phone, the keyboard alone."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from accounts.posts import Post
from appeals.models import Appeal
from appeals.vocabulary import Kind
from desk.models import SavedFilter
from districts.models import Category, Service
from tests.browser.conftest import LANGUAGES, OFFICE, PHONE, Open, at_desk, log_in, path_of
from tests.browser.faults import running_out
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import GridCity

ROWS_LEAST = 12


@pytest.fixture
def queue(city: GridCity) -> list[int]:
    """Numbers of thirty appeals, the most urgent first."""
    return [
        AppealFactory(
            category=city.categories["lamp"],
            due_on=timezone.localdate() + dt.timedelta(days=n - 3),
            text="Мектептин жанындагы жолдо чырактар күйбөйт, балдар караңгыда басып жүрүшөт. " * 3,
            address="Масалиев көчөсү, 12-үйдүн жанында, аялдаманын артында",
        ).number
        for n in range(30)
    ]


def test_every_tab_of_the_office_is_seen_on_an_office_screen(visit: Open, queue: list[int]) -> None:
    office = MembershipFactory(service=Service.objects.office()).user
    window = visit(maps=False, **OFFICE)
    for language in LANGUAGES:
        at_desk(window, office, language)
        window.at_rest()
        # As after some years: in one line, so that the list keeps its rows.
        window.page.evaluate(
            "for (const count of document.querySelectorAll('.desk-tabs .count')) count.textContent = '1000+'"
        )
        window.at_rest()
        rows = window.page.locator("[data-appeal]").nth(ROWS_LEAST - 1)
        assert rows.evaluate("(row) => row.getBoundingClientRect().bottom <= innerHeight"), language
        seen = window.page.evaluate(
            """() => [...document.querySelectorAll(".desk-tabs a")].map((tab) => {
                const {left, right, top, bottom} = tab.getBoundingClientRect();
                const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
                return left >= 0 && right <= innerWidth && tab.contains(there);
            })"""
        )
        assert seen == [True] * 10, language


@pytest.mark.parametrize("language", LANGUAGES)
def test_twelve_rows_fit_on_an_office_screen_and_nothing_runs_out(
    visit: Open, queue: list[int], representative: User, language: str
) -> None:
    User.objects.filter(pk=representative.pk).update(last_name="Токтосунова-Абдрахманова")
    window = visit(**OFFICE)
    at_desk(window, representative, language)
    window.at_rest()
    seen = window.page.evaluate(
        """() => [...document.querySelectorAll("[data-appeal]")].filter((row) => {
            const {top, bottom, height} = row.getBoundingClientRect();
            return height > 0 && top >= 0 && bottom <= innerHeight;
        }).length"""
    )
    assert seen >= ROWS_LEAST
    for width in (1366, 1024, 960):
        window.page.set_viewport_size({"width": width, "height": 768})
        window.at_rest()
        assert running_out(window.page) == [], width


@pytest.mark.parametrize(("language", "screen"), [("ky", PHONE), ("ru", OFFICE), ("en", OFFICE)])
def test_a_filter_is_saved_seen_renamed_removed_and_put_back_by_keys_alone(
    visit: Open, queue: list[int], representative: User, language: str, screen: dict[str, Any]
) -> None:
    SavedFilter.objects.create(owner=representative, name="Эски", query="category=gone")
    window = visit(**screen)
    log_in(window, representative)
    page = window.page

    def press(selector: str) -> None:
        page.focus(selector)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        window.at_rest()
        assert running_out(page) == []

    window.go(f"{path_of('desk:queue', language)}?tab=overdue&q=чырактар")
    press("a[href*='/desk/filters/?']")
    page.focus("#new-name")
    page.keyboard.type("Караңгы көчөлөр")
    press("#new-name")
    here = page.locator(".desk-saved [aria-current]")
    assert here.inner_text().split() == ["Караңгы", "көчөлөр", "3"]
    press(".desk-saved a:last-child")
    row = SavedFilter.objects.get(name="Караңгы көчөлөр")
    page.fill(f"#filter-{row.pk} [name=name]", "Жарык жок")
    press(f"#filter-{row.pk} [value=rename]")
    press(f"#filter-{row.pk} [value=remove]")
    assert not SavedFilter.objects.kept().filter(pk=row.pk).exists()
    press("[value=restore]")
    assert SavedFilter.objects.kept().get(pk=row.pk).name == "Жарык жок"


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_late_an_appeal_is_fits_its_column(
    visit: Open, queue: list[int], representative: User, language: str
) -> None:
    long_ago = timezone.now() - dt.timedelta(days=550)
    Appeal.objects.filter(number=queue[0]).update(
        submitted_at=long_ago, due_on=long_ago.date() + dt.timedelta(days=20), escalated_at=timezone.now()
    )
    window = visit(**OFFICE)
    at_desk(window, representative, language)
    window.at_rest()
    # A mark that is wider than its cell is not drawn at all: three dots stand in its place.
    wider = window.page.evaluate(
        """() => [...document.querySelectorAll("td .due, td .status")].filter((mark) => {
            const cell = mark.closest("td");
            const room = cell.getBoundingClientRect().right - parseFloat(getComputedStyle(cell).paddingRight);
            return mark.getBoundingClientRect().right > room;
        }).map((mark) => mark.textContent)"""
    )
    assert window.page.locator(".desk-row .due--overdue").count() > 0
    assert wider == []
    # The Mayor's Office has one column more; what an appeal is about is read there too, with words of its text.
    name = "Нужно освещение улицы"
    Category.objects.filter(code="lamp").update(name_ky=name, name_ru=name, name_en=name)
    Appeal.objects.filter(number=queue[0]).update(kind=Kind.REQUEST)
    at_desk(window, MembershipFactory(service=Service.objects.get(is_office=True)).user, language)
    window.at_rest()
    cut = window.page.evaluate(
        """() => [...document.querySelectorAll(".desk-row__what a")].filter((name) => {
            const right = name.closest("th").getBoundingClientRect().right;
            return name.getBoundingClientRect().right + 16 > right;
        }).length"""
    )
    assert window.page.locator(".desk-row__what a").count() > 0
    assert cut == 0
    # However long the name is, the mark of the law stands whole in its cell.
    law = window.page.locator(".desk-row__law").first
    cell = law.locator("xpath=ancestor::td").bounding_box()
    mark = law.bounding_box()
    assert cell is not None and mark is not None
    assert mark["width"] > 10
    assert mark["x"] + mark["width"] <= cell["x"] + cell["width"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_runs_out_on_a_phone(
    visit: Open, city: GridCity, queue: list[int], representative: User, language: str
) -> None:
    long_ago = timezone.now() - dt.timedelta(days=550)
    Appeal.objects.filter(number=queue[0]).update(
        submitted_at=long_ago, due_on=long_ago.date(), escalated_at=long_ago
    )
    window = visit(**PHONE)
    log_in(window, representative)
    for name, *args in (
        ("desk:queue",),
        ("desk:appeal", queue[0]),
        ("desk:print-appeal", queue[0]),
        ("desk:print-list",),
        ("desk:templates",),
        ("desk:drafts",),
    ):
        window.go(path_of(name, language, *args))
        window.at_rest()
        assert running_out(window.page) == [], name
    window = visit(**PHONE)
    log_in(window, MembershipFactory(service=city.services["office"]).user)
    for name in ("desk:queue", "desk:scoreboard"):
        window.go(path_of(name, language))
        window.at_rest()
        assert running_out(window.page) == [], name


@pytest.mark.parametrize("size", [PHONE, OFFICE], ids=["phone", "office"])
def test_the_whole_file_is_taken_as_paper_and_for_programs(
    visit: Open, city: GridCity, size: dict[str, Any]
) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], text="Өзгөн көчөсүндө чырак күйбөйт")
    administrator = MembershipFactory(service=city.services["office"], post=Post.ADMINISTRATOR).user
    window = visit(**size, maps=False)
    log_in(window, administrator)
    page = window.go(path_of("desk:appeal", "ru", appeal.number))
    for form, begins in (("PDF", b"%PDF-"), ("JSON", b"{")):
        with page.expect_download() as taken:
            page.get_by_role("button", name=form).click()
        assert taken.value.suggested_filename.endswith(f".{form.lower()}")
        assert Path(taken.value.path()).read_bytes().startswith(begins)
    page.reload()
    lines = page.locator("section[aria-labelledby=file-title] li")
    expect(lines).to_have_text([re.compile("JSON$"), re.compile("PDF$"), re.compile("на странице$")])
    window.at_rest()
    assert running_out(page) == []
    assert window.complaints.said == []
