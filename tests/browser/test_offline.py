"""Without a network: pages seen before open, an appeal waits and is sent by itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from playwright.sync_api import Page, expect

from accounts.models import User
from appeals.models import Appeal, Attachment
from tests.browser.conftest import Open, log_in_by_password, path_of, write
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import IN_EAST, IN_WEST, GridCity, at


def worker_ready(page: Page) -> None:
    """Waits until the service worker stands between the page and the network."""
    page.evaluate(
        """() => navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller || new Promise(
            (resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, {once: true})))"""
    )


def kept(page: Page) -> None:
    """Waits until the worker has kept the page and all that it was made of."""
    deadline = time.monotonic() + 120
    while missing := page.evaluate(
        """async () => {
            const names = await caches.keys();
            const lists = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
            const kept = new Set(lists.flat().map((request) => request.url.split("#")[0]));
            // A map that is still being laid out gives up what it asked for first; its last frame is the one drawn.
            const asked = performance.getEntriesByType("resource").map((one) => new URL(one.name));
            const frames = asked.filter((url) => url.pathname === "/api/clusters.geojson").slice(-1);
            const rest = asked.filter((url) => url.origin === location.origin && url !== frames[0]
                && /^\\/static\\/|^\\/api\\/(base|districts)/.test(url.pathname));
            return [location, ...rest, ...frames].map((url) => url.href.split("#")[0])
                .filter((url) => !kept.has(url));
        }"""
    ):
        assert time.monotonic() < deadline, missing
        page.wait_for_timeout(50)


def test_the_list_seen_last_opens(visit: Open, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"], text="A dark corner")
    # Not in the map's frame; the list has it all the same, and its button says so.
    AppealFactory(category=city.categories["lamp"], point=at(IN_WEST), text="A broken lamp")
    window = visit(workers=True)
    page = window.go(path_of("public:map", "ky") + f"#map=15/{IN_EAST[1]}/{IN_EAST[0]}")
    window.map_drawn()
    worker_ready(page)
    expect(page.locator("[data-count-copy]")).to_have_text("2")
    kept(page)

    window.context.set_offline(True)
    page.reload()
    expect(page.locator(".appeal-row", has_text="A dark corner")).to_have_count(1)
    window.map_drawn()
    expect(page.locator("[data-count-copy]")).to_have_text("2")
    expect(page.locator(".offline-banner")).to_be_visible()
    # A page that was never opened says so in the reader's language, and the form is there all the same.
    page.goto(window.root + path_of("public:news", "ky"))
    expect(page.locator("html")).to_have_attribute("lang", "ky")
    expect(page.locator("main .empty")).to_be_visible()
    page.goto(window.root + path_of("public:appeal-new", "ky"))
    expect(page.locator("[data-next]")).to_be_visible()


def test_a_dead_network_that_the_browser_calls_alive_is_told_of(visit: Open, city: GridCity) -> None:
    window = visit(workers=True, maps=False)
    # Some browsers forget after a reload that they are offline, and none sees that a mast is dead.
    window.context.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', {get: () => true})")
    page = window.go(path_of("public:news", "en"))
    worker_ready(page)
    kept(page)

    window.context.set_offline(True)
    page.reload()
    expect(page.locator(".offline-banner")).to_have_text("You are offline. This is what was loaded before.")
    window.context.set_offline(False)
    expect(page.locator(".offline-banner")).to_have_text("You are back online.")
    expect(page.locator(".offline-banner")).to_be_hidden()


def test_an_appeal_waits_for_the_network(visit: Open, city: GridCity) -> None:
    window = visit(
        workers=True,
        geolocation={"longitude": IN_EAST[0], "latitude": IN_EAST[1]},
        permissions=["geolocation"],
    )
    page = window.go(path_of("public:appeal-new", "en"))
    worker_ready(page)
    page.reload()
    window.map_drawn()

    window.context.set_offline(True)
    page.reload()
    write(page, "Sent from a cellar")
    assert not Appeal.objects.exists()

    # Another page, later, with a network again: it goes by itself, once.
    page.goto(window.root + path_of("public:map", "en"))
    expect(page.locator(".outbox")).to_contain_text("Sent from a cellar")
    window.context.set_offline(False)
    expect(page.locator(".outbox__line--success")).to_be_visible()
    appeal = Appeal.objects.get()
    assert appeal.text == "Sent from a cellar"
    page.locator(".outbox__line--success a").click()
    page.wait_for_url("**/follow/**")
    expect(page.locator("main")).to_contain_text(f"№ {appeal.number}")
    expect(page.locator(".outbox__line")).to_have_count(0)

    # The device remembers it, also without a network, until it is told not to.
    remembered = page.get_by_role("checkbox", name="In “My appeals” on this device")
    expect(remembered).to_be_checked()
    page.locator(".site-bar").get_by_role("link", name="Mine").click()
    page.wait_for_url("**/mine/")
    worker_ready(page)
    kept(page)
    window.context.set_offline(True)
    page.reload()
    row = page.locator("my-appeals .appeal-row")
    expect(row).to_contain_text(f"№ {appeal.number}")
    expect(row).to_contain_text("Sent from a cellar")
    window.context.set_offline(False)
    row.get_by_role("link").click()
    page.wait_for_url("**/follow/**")
    remembered.uncheck()
    page.goto(window.root + path_of("public:mine", "en"))
    expect(page.locator("my-appeals")).to_contain_text("No appeal has been sent from this device yet.")


def test_what_staff_and_authors_see_is_not_kept(visit: Open, city: GridCity, representative: User) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    window = visit(workers=True, maps=False)
    page = window.go(path_of("public:map", "en"))
    worker_ready(page)
    page.goto(window.root + path_of("public:follow", "en", appeal.contact.secret))
    expect(page.locator("main")).to_contain_text(f"№ {appeal.number}")
    log_in_by_password(window, representative, "en")
    page.goto(window.root + path_of("desk:appeal", "en", appeal.number))
    expect(page.locator("main")).to_contain_text(f"№ {appeal.number}")
    window.context.clear_cookies()
    # What is seen last is kept after all that was seen before.
    page.goto(window.root + path_of("public:about", "en"))
    kept(page)
    urls = page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) =>
            (await (await caches.open(name)).keys()).map((request) => request.url)))).flat()"""
    )
    assert window.root + path_of("public:about", "en") in urls
    # Styles and scripts of those pages hold nothing of anybody.
    pages = [url for url in urls if not url.startswith(window.root + settings.STATIC_URL)]
    assert [url for url in pages if "/follow/" in url or "/desk/" in url or "/accounts/" in url] == []


def test_a_photo_that_is_hidden_is_not_shown_from_the_copy(
    visit: Open, city: GridCity, stored_in: Path, photo: dict[str, Any]
) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    picture = AttachmentFactory(appeal=appeal, large="")
    picture.large.save(f"{picture.pk}.jpg", ContentFile(photo["buffer"]))
    window = visit(workers=True, maps=False)
    page = window.go(path_of("public:appeal", "ky", appeal.number))
    worker_ready(page)
    status = "async (address) => (await fetch(address)).status"
    copies = "async (address) => Boolean(await caches.match(address, {ignoreVary: true}))"
    assert page.evaluate(status, picture.large.url) == 200
    assert page.evaluate(copies, picture.large.url)
    window.context.set_offline(True)
    assert page.evaluate(status, picture.large.url) == 200, "without a network the copy is shown"

    window.context.set_offline(False)
    Attachment.objects.filter(pk=picture.pk).update(hidden=True)
    assert page.evaluate(status, picture.large.url) == 404
    assert not page.evaluate(copies, picture.large.url)
