"""Who changed what: the administrator narrows it, follows a row, and comes back to all of it."""

from __future__ import annotations

from playwright.sync_api import expect

from accounts.posts import Post
from districts.models import Service
from tests.browser.conftest import DESKTOP, Open, log_in, path_of
from tests.factories import MembershipFactory
from tests.grid import GridCity


def test_found_by_kind_person_and_row(visit: Open, city: GridCity) -> None:
    administrator = MembershipFactory(service=city.services["office"], post=Post.ADMINISTRATOR).user
    Service.objects.filter(code="light").update(phone="+996 3222 5-55-55")
    window = visit(**DESKTOP)
    log_in(window, administrator)
    page = window.go(path_of("desk:templates", "en"))
    page.fill("[name=title]", "Mended")
    page.fill("[name=text]", "The lamp {number} shines.")
    page.locator("main form .button--primary").click()
    expect(page.locator("main")).to_contain_text("The template is kept.")
    page = window.go(path_of("desk:people", "en"))
    page.get_by_role("link", name="Who changed what").click()
    newest = page.locator(".person").first
    expect(newest).to_contain_text("Mended")
    expect(newest).to_contain_text(f"{administrator} · at the desk")
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Who", exact=True).select_option(label=str(administrator))
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".person")).to_have_count(1)
    page.get_by_role("link", name="Clear").click()
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("What", exact=True).select_option(label="Service")
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_role("button", name="Find").click()
    expect(newest).to_contain_text("+996 3222 5-55-55")
    expect(page.locator(".person")).to_have_count(len(city.services) + 1)
    page.get_by_role("link", name="light en").first.click()
    expect(page.locator(".person")).to_have_count(2)
    page.get_by_role("link", name="Show those of all").click()
    expect(page.locator(".person")).to_have_count(len(city.services) + 1)
    page.get_by_label("From").fill("2199-01-01")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".empty")).to_be_visible()
    # On a phone nothing runs out of the screen.
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("link", name="Clear").click()
    expect(newest).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert window.complaints.said == []
