"""The header of every page is as wide as the screen at most, whatever stands in it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from tests.browser.conftest import DESKTOP, LANGUAGES, Open, Visit, log_in, path_of
from tests.grid import GridCity

WIDTHS = (180, 240, 280, 320, 390, 768, *range(960, 1281, 40), 1366, 1920)
#: Where the menu is in the header.
DESKTOP_LEAST = 960

#: What of the header lies beyond its place or is cut, and the page if it is wider than the screen.
_BEYOND = """() => {
    const said = [];
    const {scrollWidth} = document.scrollingElement;
    if (scrollWidth > innerWidth) said.push(`the page: ${scrollWidth}`);
    const seen = ".site-header :is(.wordmark__city, .languages a, .site-nav a, .button, summary)";
    for (const part of document.querySelectorAll(seen)) {
        const {left, right, width} = part.getBoundingClientRect();
        const cut = !part.matches("summary") && part.scrollWidth > part.clientWidth + 1;
        if (width && (left < 0 || right > innerWidth || cut)) said.push(part.textContent.trim());
    }
    return said;
}"""

#: As in a city of four languages whose menu has one entry more.
_GROWN = """() => {
    for (const list of [".languages", ".site-nav ul"]) {
        const parts = document.querySelector(list);
        parts.append(parts.lastElementChild.cloneNode(true));
    }
}"""


def _beyond(window: Visit) -> dict[int, list[str]]:
    found = {}
    for width in WIDTHS:
        window.page.set_viewport_size({"width": width, "height": 768})
        if said := window.page.evaluate(_BEYOND):
            found[width] = said
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_header_is_wider_than_the_screen(
    visit: Open, city: GridCity, representative: User, language: str
) -> None:
    User.objects.filter(pk=representative.pk).update(last_name="Токтосунова-Абдрахманова")
    window = visit(maps=False)
    window.go(path_of("public:about", language))
    assert _beyond(window) == {}
    log_in(window, representative)
    for name in ("desk:queue", "reports:heatmap"):
        window.go(path_of(name, language))
        window.page.evaluate(_GROWN)
        assert _beyond(window) == {}, name


def test_letters_twice_as_large_make_no_header_wider(visit: Open, city: GridCity) -> None:
    window = visit(**DESKTOP, maps=False)
    window.go(path_of("public:about", "ky"))
    window.page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert {width: said for width, said in _beyond(window).items() if width >= DESKTOP_LEAST} == {}


def test_what_stays_below_the_header_knows_how_high_it_is(visit: Open, city: GridCity) -> None:
    window = visit(maps=False, viewport={"width": 1000, "height": 768}, is_mobile=False)
    page = window.go(path_of("public:about", "en"))

    def told() -> Any:
        page.wait_for_timeout(100)
        return page.evaluate(
            """() => {
                const inner = document.querySelector(".site-header__inner");
                const probe = inner.appendChild(document.createElement("i"));
                probe.style.cssText = "position: absolute; block-size: var(--header-height)";
                const told = probe.getBoundingClientRect().height;
                probe.remove();
                return [told === inner.offsetHeight, getComputedStyle(inner.parentElement).position, told > 60];
            }"""
        )

    # Two rows, one, and so many on a low screen that they go with the page.
    page.evaluate(_GROWN)
    assert told() == [True, "sticky", True]
    page.set_viewport_size({"width": 1366, "height": 768})
    assert told() == [True, "sticky", False]
    page.set_viewport_size({"width": 1000, "height": 300})
    assert told() == [False, "static", False]
