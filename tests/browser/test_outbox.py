"""Appeals with films on a network that comes and goes: each arrives once and whole, and the outbox says how it goes."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Response, Route, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from appeals.identifiers import new_uuid7
from appeals.models import Appeal, Attachment
from bootstrap.rates import Rate
from rates.taking import SUBMIT, SUBMIT_PROVEN, TooMany, take
from tests.browser.conftest import Open, Visit, at_step, path_of, write
from tests.browser.test_offline import worker_ready
from tests.browser.test_refused_files import film
from tests.grid import IN_EAST, GridCity
from web import sending
from web.templatetags import scripts

FORM = path_of("public:appeal-new", "en")
HERE = {
    "geolocation": {"longitude": IN_EAST[0], "latitude": IN_EAST[1]},
    # No others: the service worker, which Playwright cannot take the network from, does not send by itself.
    "permissions": ["geolocation"],
}
PART = 16 * 1024


@pytest.fixture(autouse=True)
def _small_parts(stored_in: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A film of some hundred kilobytes goes in parts; what pages tell their scripts is drawn anew for it."""
    monkeypatch.setattr(sending, "RESUMABLE_FROM_BYTES", 50_000)
    monkeypatch.setattr(sending, "PART_MIN", PART)
    monkeypatch.setattr(sending, "PART_MAX", PART)
    scripts.for_scripts.cache_clear()
    yield
    scripts.for_scripts.cache_clear()


@pytest.fixture
def heavy_film() -> dict[str, Any]:
    """A second of film, and a box of noise that no player minds (ISO/IEC 14496-12, 8.1.2)."""
    noise = os.urandom(9 * PART)
    made = film("film.mp4", 1)
    return made | {"buffer": made["buffer"] + struct.pack(">I4s", len(noise) + 8, b"free") + noise}


@contextmanager
def out_of_order(server: LiveServer) -> Iterator[None]:
    """Whoever connects is turned away, as while the server starts again."""
    server.thread.httpd.verify_request = lambda *_: False
    yield
    server.thread.httpd.verify_request = lambda *_: True


def comes(page: Page, wanted: Callable[[], object]) -> None:
    """Waits, while the browser works, until there is what is wanted."""
    deadline = time.monotonic() + 120
    while not wanted():
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)


def arrived_whole(sent: dict[str, Any]) -> bool:
    (video,) = Attachment.objects.all()
    content = video.original.read()
    return (
        video.appeal is not None
        and content == sent["buffer"]
        and bytes(video.digest) == hashlib.sha256(content).digest()
    )


def test_two_appeals_and_a_film_outlive_the_tab_and_the_server(
    visit: Open, city: GridCity, live_server: LiveServer, heavy_film: dict[str, Any]
) -> None:
    window = visit(workers=True, maps=False, **HERE)
    page = window.go(FORM)
    worker_ready(page)
    page.reload()
    window.context.set_offline(True)
    for text, files in (("No light in the yard", []), ("Water on the road", [heavy_film])):
        page.goto(window.root + FORM)
        write(page, text, files)
    waiting = page.locator(".outbox__line[data-state=waiting]")
    expect(waiting).to_have_count(2)
    expect(waiting.first).to_contain_text("Waiting for a connection")
    page.close()
    assert not Appeal.objects.exists()
    assert [one for one in window.complaints.said if one.startswith("uncaught")] == []

    # Back again, while the server begins to answer: what was on its way then goes once more.
    with out_of_order(live_server):
        window.context.set_offline(False)
        page = window.context.new_page()
        page.goto(window.root + FORM)
        expect(page.locator(".outbox__line")).to_have_count(2)
    page.reload()
    registered = page.locator(".outbox__line--success")
    expect(registered).to_have_count(2)
    by_text = {appeal.text: appeal.number for appeal in Appeal.objects.all()}
    assert by_text.keys() == {"No light in the yard", "Water on the road"}
    for text, number in by_text.items():
        expect(registered.filter(has_text=text)).to_contain_text(f"Registered: № {number}")
    assert arrived_whole(heavy_film)
    assert Appeal.objects.count() == 2


class Parts:
    """The parts of a film that the page sends: which were taken, and which of them is lost or kept back."""

    def __init__(self, window: Visit) -> None:
        self.taken: list[tuple[int, int]] = []
        self.sent = 0
        self.kept_back: Route | None = None
        self._window = window
        window.page.route("**/api/uploads/resumable/*/", self._route)
        window.page.on("response", self._answered)

    def _route(self, route: Route) -> None:
        self.sent += 1
        if self.sent == 4:
            # The network dies in the middle of the film.
            self._window.context.set_offline(True)
            route.abort()
        elif self.sent == 7:
            self.kept_back = route
        else:
            route.continue_()

    def _answered(self, response: Response) -> None:
        if response.request.method == "PATCH" and response.status == 204:
            begin = int(response.request.headers["upload-offset"])
            self.taken.append((begin, int(response.headers["upload-offset"])))


def test_a_film_goes_on_where_it_stopped(visit: Open, city: GridCity, heavy_film: dict[str, Any]) -> None:
    window = visit(maps=False, **HERE)
    page = window.go(FORM)
    parts = Parts(window)
    write(page, "A film of a lamp", [heavy_film])
    assert parts.taken == [(0, PART), (PART, 2 * PART), (2 * PART, 3 * PART)]

    row = page.locator(".outbox__line")
    row.get_by_role("button", name="Send now").click()
    expect(row).to_contain_text("There is still no connection.")

    # It goes on by itself, says how far it is, and can be held back.
    window.context.set_offline(False)
    expect(row.locator("[data-words]")).to_have_text(re.compile("Sending: [4-9][0-9] %"))
    # No part is between the browser and the server: one that the server takes would go once more for want of an answer.
    comes(page, lambda: parts.kept_back)
    row.get_by_role("button", name="Do not send").click()
    expect(row).to_contain_text("Not sent. It is kept on this device.")
    expect(row).to_have_attribute("data-state", "held")
    row.get_by_role("button", name="Send now").click()
    expect(page.locator(".outbox__line--success")).to_contain_text("A film of a lamp")

    # A route that nobody ends is told of by the next test's log.
    with suppress(Error):
        parts.kept_back.abort()

    # Not a byte of it came twice.
    size = len(heavy_film["buffer"])
    assert parts.taken == [(begin, min(begin + PART, size)) for begin in range(0, size, PART)]
    assert arrived_whole(heavy_film)
    assert Appeal.objects.count() == 1


def test_what_was_typed_before_the_language_was_changed_is_there(visit: Open, city: GridCity) -> None:
    page = visit(maps=False).go(FORM)
    at_step(page, "text")
    # At once, as nobody waits for a draft to be kept; the first letters are kept already.
    page.fill("[name=text]", "Жарык жо")
    expect(page.locator("[data-saved]")).not_to_be_empty()
    page.locator("[name=text]").press_sequentially("к")
    page.locator(".languages [lang=ru]").click()
    expect(page).to_have_url(re.compile("/ru/"))
    expect(page.locator("[name=text]")).to_have_value("Жарык жок")


#: Files of two ages, of which an unfinished form names one of the older.
FILES = """async (ids) => {
    const { writeDraft, writeFile } = await import("city/outbox/store.js");
    for (const id of ids) await writeFile({ id, name: "a.jpg", type: "image/jpeg", blob: new Blob(["a"]), sent: false });
    await writeDraft({ id: ids[0], secret: "", values: {}, files: [ids[1]] });
}"""
STAY = """async (ids) => {
    const { readFile } = await import("city/outbox/store.js");
    return (await Promise.all(ids.map(readFile))).map(Boolean);
}"""


def test_photos_that_nobody_takes_up_do_not_stay_for_ever(visit: Open, city: GridCity) -> None:
    page = visit(maps=False).go(path_of("public:about", "en"))
    old = [f"01900000-0000-7000-8000-00000000000{n}" for n in range(2)]
    ids = [*old, str(new_uuid7())]
    page.evaluate(FILES, ids)
    assert page.evaluate(STAY, ids) == [True, True, True]
    page.goto(page.url.replace("about/", "appeals/new/"))
    expect(page.locator(".appeal-form[data-at]")).to_be_visible()
    comes(page, lambda: page.evaluate(STAY, ids) == [False, True, True])


def test_it_goes_with_the_tab_closed(visit: Open, city: GridCity, heavy_film: dict[str, Any]) -> None:
    window = visit(workers=True, maps=False, **HERE | {"permissions": ["geolocation", "background-sync"]})
    page = window.go(FORM)
    worker_ready(page)
    page.reload()
    window.context.set_offline(True)
    write(page, "From the pocket", [heavy_film])
    # A page of another site: none of ours is open.
    watching = window.context.new_page()
    devtools = window.context.new_cdp_session(watching)
    registrations: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: registrations.extend(one["registrationId"] for one in said["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    page.close()
    window.context.set_offline(False)
    comes(watching, lambda: registrations)
    devtools.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": window.root, "registrationId": registrations[-1], "tag": "outbox", "lastChance": False},
    )
    comes(watching, Appeal.objects.exists)
    # What it did is on the next page.
    page = window.context.new_page()
    page.goto(window.root + FORM)
    expect(page.locator(".outbox__line--success")).to_contain_text("From the pocket")
    assert arrived_whole(heavy_film)
    assert Appeal.objects.count() == 1


def test_the_list_of_ones_own_follows_the_outbox(visit: Open, city: GridCity) -> None:
    window = visit(maps=False, **HERE)
    page = window.go(FORM)
    window.context.set_offline(True)
    write(page, "A lamp by the school")
    page.route("**/api/appeals/", lambda route: route.abort())
    window.context.set_offline(False)
    page.goto(window.root + path_of("public:mine", "en"))
    expect(page.locator("my-appeals")).to_contain_text(
        "What is still to be sent from this device is named above."
    )
    page.unroute("**/api/appeals/")
    page.evaluate("window.dispatchEvent(new Event('outbox:changed'))")
    expect(page.locator("my-appeals .appeal-row")).to_contain_text("A lamp by the school")
    expect(page.locator(".outbox__line--success")).to_be_visible()
    # An evening in Greenwich is the next morning in the city.
    page.evaluate(
        """() => {
          const sent = { number: 1, secret: "x", about: "By night", at: "2026-05-31T20:34:00.000Z" };
          localStorage.setItem("my-appeals", JSON.stringify([sent]));
          window.dispatchEvent(new Event("outbox:shown"));
        }"""
    )
    expect(page.locator("my-appeals .appeal-row")).to_contain_text("1 June 2026")

    # The page that says that it is kept says so no longer than it is.
    page.goto(window.root + FORM)
    window.context.set_offline(True)
    write(page, "A lamp in the yard")
    told = page.locator("main")
    expect(told).to_contain_text("There is no network.")
    window.context.set_offline(False)
    expect(told.locator("h1")).to_contain_text("Registered: №")
    expect(told).not_to_contain_text("There is no network.")
    expect(told.get_by_role("link", name="Follow it")).to_be_visible()
    # Nothing of it is printed with a page, and half of a small phone holds what it says.
    expect(page.locator(".outbox")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".outbox")).to_be_hidden()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 180, "height": 370})
    assert page.evaluate("document.documentElement.scrollWidth") <= 180


#: The answer to an appeal breaks off once, after the server has taken it.
BREAKS_OFF = """() => {
    const whole = window.fetch;
    window.fetch = async (url, options) => {
        const answer = await whole(url, options);
        if (!String(url).endsWith("/api/appeals/")) return answer;
        await answer.text();
        window.fetch = whole;
        const broken = new ReadableStream({ start: (end) => end.error(new TypeError("broken off")) });
        return new Response(broken, { status: answer.status });
    };
}"""


def test_an_appeal_whose_answer_broke_off_is_not_called_refused(visit: Open, city: GridCity) -> None:
    window = visit(maps=False, **HERE)
    page = window.go(FORM)
    window.context.set_offline(True)
    write(page, "A lamp by the school")
    page.evaluate(BREAKS_OFF)
    window.context.set_offline(False)
    comes(page, Appeal.objects.exists)
    # Whoever looks later sends it again: it is the same one.
    page.goto(window.root + path_of("public:mine", "en"))
    expect(page.locator(".outbox__line--success")).to_contain_text("A lamp by the school")
    assert Appeal.objects.count() == 1


def test_a_device_without_room_says_so_and_nothing_is_lost(
    visit: Open, city: GridCity, heavy_film: dict[str, Any]
) -> None:
    window = visit(maps=False, **HERE)
    window.context.add_init_script("""
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (...given) {
            if (this.name === "files") throw new DOMException("full", "QuotaExceededError");
            return put.apply(this, given);
        };
    """)
    page = window.go(FORM)
    window.context.set_offline(True)
    at_step(page, "files")
    page.set_input_files("[data-file-input]", [heavy_film])
    no_room = "There is no room to keep it on this device. Leave this page open until it is sent."
    expect(page.locator(".file__state")).to_have_text(no_room)
    # It goes by itself as soon as it can.
    window.context.set_offline(False)
    expect(page.locator(".file__state")).to_contain_text("Attached")
    (video,) = Attachment.objects.all()
    assert video.original.read() == heavy_film["buffer"]


def test_a_large_file_goes_without_another_script(
    visit: Open, city: GridCity, heavy_film: dict[str, Any]
) -> None:
    window = visit(maps=False, **HERE)
    page = window.go(FORM)
    at_step(page, "files")
    # Whoever could not load one while the network was away would wait for ever where the browser asks for it once.
    page.route("**/*.js*", lambda route: route.abort())
    page.set_input_files("[data-file-input]", [heavy_film])
    expect(page.locator(".file__state")).to_contain_text("Attached")


def test_a_network_that_is_dead_without_a_word_is_met_by_a_file(
    visit: Open, city: GridCity, heavy_film: dict[str, Any]
) -> None:
    window = visit(maps=False, **HERE)
    window.page.clock.install()
    page = window.go(FORM)
    silent = re.compile("/api/uploads/|/healthz")
    page.route(silent, lambda route: route.abort())
    at_step(page, "files")
    page.set_input_files("[data-file-input]", [heavy_film])
    expect(page.locator(".offline-banner")).to_contain_text("You are offline.")
    # The server is asked until it answers, and the file goes at once.
    page.unroute(silent)
    page.clock.fast_forward(10_000)
    expect(page.locator(".offline-banner")).not_to_contain_text("You are offline.")
    expect(page.locator(".file__state")).to_contain_text("Attached")


def test_what_failed_while_the_network_was_there_is_tried_again(
    visit: Open, city: GridCity, heavy_film: dict[str, Any]
) -> None:
    window = visit(maps=False, **HERE)
    window.page.clock.install()
    page = window.go(FORM)
    page.route("**/api/uploads/resumable/", lambda route: route.abort(), times=1)
    at_step(page, "files")
    page.set_input_files("[data-file-input]", [heavy_film])
    expect(page.locator(".file__state")).to_have_text("Will be sent when you are back online")
    page.clock.fast_forward(10_000)
    expect(page.locator(".file__state")).to_contain_text("Attached")
    assert Attachment.objects.get().original.read() == heavy_film["buffer"]


def test_a_busy_connection_is_asked_for_a_proof_which_the_device_finds(
    visit: Open, city: GridCity, settings: Settings
) -> None:
    settings.LIMITS = {"submit": Rate(2, 1, 86_400), "submit-proven": Rate(2, 1, 86_400)}
    settings.PROOF_NUMBERS = 20_000
    take(SUBMIT, "address 127.0.0.1")
    window = visit(maps=False, **HERE)
    page = window.go(FORM)
    window.context.set_offline(True)
    write(page, "A lamp by the school")
    # What is said meanwhile, however fast this device counts.
    page.evaluate(
        """() => new MutationObserver(() => {
          window.said ??= document.querySelector(".outbox")?.textContent.match(/calculation: \\d+ %/)?.[0];
        }).observe(document.body, { childList: true, subtree: true })"""
    )
    window.context.set_offline(False)
    expect(page.locator("main h1")).to_contain_text("Registered: №")
    assert not Appeal.objects.get().is_held
    with pytest.raises(TooMany):
        take(SUBMIT_PROVEN, "address 127.0.0.1", cost=2)
    assert re.fullmatch(r"calculation: \d+ %", page.evaluate("window.said"))
