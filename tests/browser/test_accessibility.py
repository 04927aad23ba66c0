"""axe-core finds nothing serious on the main pages, by day and by night."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect

from accounts.models import User
from tests.browser.conftest import DESKTOP, PHONE, Open, log_in, path_of
from tests.factories import AppealFactory
from tests.grid import GridCity

_AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"

PUBLIC = ("public:map", "public:appeal-new", "public:news", "public:about", "account_login")


def violations(page: Any) -> list[str]:
    """Serious and critical ones, with the elements that they are about."""
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {[node['target'] for node in rule['nodes']][:4]}"
        for rule in found["violations"]
        if rule["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_public_pages(visit: Open, city: GridCity, screen: dict[str, Any], scheme: str) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    window = visit(**screen, color_scheme=scheme)
    paths = [path_of(name, "ky") for name in PUBLIC]
    paths += [
        path_of("public:appeal", "ru", appeal.number),
        path_of("public:follow", "en", appeal.contact.secret) + "?new=1",
    ]
    found = {}
    for path in paths:
        page = window.go(path)
        window.at_rest()
        found[path] = violations(page)
    assert {path: said for path, said in found.items() if said} == {}


def test_the_card_the_layers_and_the_errors(visit: Open, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"])
    window = visit()
    page = window.go(path_of("public:map", "en"))
    window.map_drawn()
    page.locator(".map-layers summary").click()
    window.at_rest()
    assert violations(page) == []
    page = window.go(path_of("public:appeal-new", "en"))
    window.map_drawn()
    page.click("[data-send]")
    expect(page.locator("#errors")).to_be_focused()
    window.at_rest()
    assert violations(page) == []


def test_the_desk(visit: Open, city: GridCity, representative: User) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], service=city.services["light"])
    window = visit(**DESKTOP)
    log_in(window, representative, "ru")
    window.at_rest()
    assert violations(window.page) == []
    page = window.go(path_of("desk:appeal", "ru", appeal.number))
    window.at_rest()
    assert violations(page) == []


def test_a_page_that_nobody_can_read_is_found(visit: Open, city: GridCity) -> None:
    """The search for violations, checked: were axe-core broken, the others would find nothing."""
    page = visit().go(path_of("public:about", "en"))
    page.evaluate("document.querySelector('main').innerHTML += '<img src=x><button></button>'")
    assert {rule.partition(":")[0] for rule in violations(page)} >= {"image-alt", "button-name"}
