"""A real Chromium against a real server and PostGIS, on a screen of a phone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import translation
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    expect,
)
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.factories import PASSWORD, MembershipFactory, PlaceFactory, UserFactory
from tests.grid import IN_EAST, IN_PARK, GridCity, at, make_city
from tools.chromium import AT_REST, until
from web.bundles import BUNDLES_PREFIX, made
from web.styles import source, whole

LANGUAGES = ("ky", "ru", "en")

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1024, "height": 768}}
#: A screen of the Mayor's Office.
OFFICE: dict[str, Any] = {"viewport": {"width": 1366, "height": 768}}

#: Drawings in two dimensions stay, such as those that make a photo smaller.
WITHOUT_WEBGL = """
    const getContext = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind.startsWith("webgl") ? null : getContext.call(this, kind, ...rest);
    };
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # The server is another thread with a connection of its own: it sees only what is committed.
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session", autouse=True)
def _sheets_and_scripts_are_whole() -> Iterator[None]:
    """As where the static files have been collected: a hundred requests fewer for the first page of each window."""
    serve = StaticFilesHandler.serve

    @cache
    def put_together(name: str) -> str | bytes | None:
        if name.startswith(BUNDLES_PREFIX):
            return made(Path(name).stem)
        return whole(name, source) if name.endswith(".css") else None

    def serve_whole(handler: StaticFilesHandler, request: HttpRequest) -> HttpResponseBase:
        name = handler.file_path(request.path)
        content = put_together(name)
        if content is None:
            return serve(handler, request)
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return HttpResponse(content, content_type=kind, headers={"Cache-Control": "max-age=3600"})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "serve", serve_whole)
        yield


@dataclass
class Complaints:
    """What the browser complained of: errors on the console, uncaught exceptions, answers of 500 and more."""

    said: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(f"uncaught: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.said.append(f"console: {message.text} ({message.location.get('url')})")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.said.append(f"{response.status}: {response.url}")


@dataclass
class Visit:
    """A browser's window with the site's address before every path."""

    page: Page
    context: BrowserContext
    root: str
    complaints: Complaints

    def go(self, path: str) -> Page:
        self.page.goto(self.root + path)
        return self.page

    def map_drawn(self) -> None:
        """Waits until the map of the page is drawn with all that belongs on it."""
        self.page.wait_for_selector('city-map[aria-busy="false"]', state="attached")

    def at_rest(self) -> None:
        """Waits until the maps of the page are drawn, its fonts are there and nothing moves any more."""
        until(self.page, AT_REST)


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer, settings: Settings) -> Iterator[Open]:
    """Opens a window: ``visit()`` on a phone, ``visit(**DESKTOP)``, ``visit(java_script_enabled=False)`` …

    ``visit(maps=False)`` is on a device that cannot draw maps, for tests that look at none: without a graphics card one
    map takes more of the processor's time than ten pages.
    """
    settings.PUBLIC_URL = live_server.url
    settings.SCRIPTS_ARE_BUNDLED = True
    server = live_server.thread.httpd
    contexts: list[BrowserContext] = []
    complaints = Complaints()

    def open_window(*, workers: bool = False, maps: bool = True, **options: Any) -> Visit:
        context = browser.new_context(**{**PHONE, **options}, service_workers="allow" if workers else "block")
        context.set_default_timeout(120_000)
        contexts.append(context)
        if not maps:
            context.add_init_script(WITHOUT_WEBGL)
        page = context.new_page()
        complaints.listen(page)
        return Visit(page, context, live_server.url, complaints)

    yield open_window
    # A page that closes may have a word more to say; what the server hears or writes now would be the next test's.
    server.verify_request = lambda *_: False
    for context in contexts:
        context.close()
    answered(live_server.thread.host, live_server.thread.port)
    # Other tests ask the same server.
    server.verify_request = lambda *_: True


def answered(host: str, port: int) -> None:
    """Waits until the server, which takes no more connections, has answered all that came before."""
    with socket.create_connection((host, port), timeout=60) as last:
        # It takes one after the other: when this one is turned away, those before it have their threads.
        assert last.recv(1) == b""
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(60)
            assert not thread.is_alive(), "a window that has closed is still being answered"


@pytest.fixture
def city(transactional_db: None) -> GridCity:
    """The grid city with two places that can be searched for."""
    made = make_city()
    for name, place in (("Масалиев", IN_EAST), ("Токтогул", IN_PARK)):
        PlaceFactory(
            name_ky=f"{name} көчөсү", name_ru=f"улица {name}", name_en=f"{name} street", point=at(place)
        )
    return made


@pytest.fixture
def representative(city: GridCity) -> User:
    """Who answers for lamps."""
    user: User = UserFactory()
    MembershipFactory(user=user, service=city.services["light"])
    return user


@pytest.fixture
def photo() -> dict[str, Any]:
    """A file for an input, which the page sends as it is."""
    return noise(640, 480)


@pytest.fixture
def large_photo() -> dict[str, Any]:
    """A file for an input, larger than what the page sends."""
    return noise(2600, 1900)


def noise(width: int, height: int) -> dict[str, Any]:
    content = BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(content, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


def path_of(name: str, language: str, *args: object) -> str:
    """The page's path in the language."""
    with translation.override(language):
        return reverse(name, args=args)


def at_step(page: Page, step: str) -> None:
    """The form of a new appeal on a phone shows the step, as by the address that each of them has."""
    page.evaluate("step => { location.hash = `step-${step}`; }", step)
    page.wait_for_selector(f".appeal-form[data-at]:has([data-step~={step}]:not([data-elsewhere]))")


def write(page: Page, text: str, files: Sequence[dict[str, Any]] = ()) -> None:
    """Fills in the form of a new appeal on a phone, without a network, and sends it."""
    if files:
        at_step(page, "files")
        page.set_input_files("[data-file-input]", [*files])
        expect(page.locator(".file__state")).to_have_text("Will be sent when you are back online")
    at_step(page, "place")
    page.get_by_role("button", name="I am here").click()
    at_step(page, "what")
    page.fill("[data-category-search]", "lamp")
    page.locator("[data-leaf]:visible").first.click()
    at_step(page, "text")
    page.fill("[name=text]", text)
    at_step(page, "send")
    page.click("[data-send]")
    expect(page.locator(".kept")).to_be_visible()


def log_in(window: Visit, user: User) -> None:
    """The window is the user's from now on, as if it had been through the log-in page."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    window.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": window.root}])


def at_desk(window: Visit, user: User, language: str) -> Page:
    """The queue of a user who has just logged in."""
    log_in(window, user)
    return window.go(path_of("desk:queue", language))


def log_in_by_password(window: Visit, user: User, language: str) -> None:
    """Through the page, as people do, up to the queue."""
    window.go(path_of("account_login", language))
    give_password(window.page, user)
    window.page.wait_for_url("**/desk/**")


def give_password(page: Page, user: User) -> None:
    """Fills in the log-in page, and sends it."""
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", PASSWORD)
    page.click("main form button")
