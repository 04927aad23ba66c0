"""The public map in a browser over a million appeals: a road of drags from the whole city to one street.

A browser without a graphics card draws in software, so that its frames are held against those of the same road over a map
that shows no appeal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import Browser, Page, sync_playwright

from appeals.filters import parse_filter
from appeals.models import Appeal
from appeals.vocabulary import Status
from tests.bench.server import Server
from tests.bench.table import Line
from tools.chromium import AT_REST, launch, until

REQUEST_MAX_BYTES = 300_000
ZOOMS = range(10, 18)
#: Drags at each zoom, in pixels; each ends half a screen from where it began.
_DRAGS = ((-400, 0), (250, -250))
_STEPS = 15
_CLUSTERS = "/api/clusters.geojson"
#: The map begins with what waits for an answer.
_ALL = "status=" + ",".join(Status.values)
_NOTHING = f"{_ALL}&to=2001-01-01"

_COUNT_FRAMES = """() => {
    window.framesOfRoad = [];
    const count = (now) => {
        window.framesOfRoad.push(now);
        if (window.framesOfRoad.length < 100000) requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
}"""


@dataclass(frozen=True)
class _Road:
    """Encoded bytes of each request by its address, and milliseconds between two frames while the map was dragged."""

    sizes: dict[str, int]
    frames_ms: list[float]

    @property
    def largest(self) -> str:
        return max(self.sizes, key=lambda url: self.sizes[url])

    @property
    def slow_ms(self) -> float:
        return quantiles(self.frames_ms, n=20)[-1]

    def __str__(self) -> str:
        return f"{median(self.frames_ms):.0f} ms, one in twenty over {self.slow_ms:.0f} ms"


def panning(server: Server) -> list[Line]:
    """Bytes of the largest request, after each answer was compared with the rows; frames of both roads."""
    with _browser() as browser:
        over_nothing = _road(browser, server, _NOTHING)
        over_all = _road(browser, server, _ALL)
    answers = [url for url in over_all.sizes if urlsplit(url).path == _CLUSTERS]
    assert len(answers) >= len(ZOOMS), answers
    for url in answers:
        _shows_what_there_is(server, url)
    largest = over_all.sizes[over_all.largest]
    path = urlsplit(over_all.largest).path
    return [
        Line(
            f"panning the map from z{ZOOMS[0]} to z{ZOOMS[-1]}: largest of {len(over_all.sizes)} requests, {len(answers)} of them for appeals",
            f"{largest / 1000:.1f} kB {path}",
            f"{REQUEST_MAX_BYTES / 1000:.0f} kB",
            largest / REQUEST_MAX_BYTES,
            "at most 1",
            largest <= REQUEST_MAX_BYTES,
        ),
        Line(
            "frames while it is dragged",
            str(over_all),
            f"{over_nothing} of a map without appeals",
            over_all.slow_ms / over_nothing.slow_ms,
            "",
            kept=True,
        ),
    ]


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


def _road(browser: Browser, server: Server, query: str) -> _Road:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, service_workers="block")
    page.set_default_timeout(300_000)
    sizes = _listen(page)
    west, south, east, north = settings.CITY_BOUNDS
    with translation.override("en"):
        path = reverse("public:map")
    page.goto(f"{server.url}{path}?{query}#map={ZOOMS[0]}/{(south + north) / 2}/{(west + east) / 2}")
    _drawn(page)
    frames_ms: list[float] = []
    for zoom in ZOOMS:
        page.evaluate(_COUNT_FRAMES)
        for right, down in _DRAGS:
            _drag(page, right, down)
            _drawn(page)
        moments = page.evaluate(
            "() => { const all = window.framesOfRoad; all.length = 1e6; return all.filter(Boolean); }"
        )
        frames_ms += [later - earlier for earlier, later in pairwise(moments)]
        if zoom < ZOOMS[-1]:
            page.locator("city-map canvas").press("Equal")
            _drawn(page)
    page.close()
    return _Road(sizes, frames_ms)


def _listen(page: Page) -> dict[str, int]:
    """Fills, as they end, with the bytes on the wire of each request."""
    sizes: dict[str, int] = {}
    addresses: dict[str, str] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def asked(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def ended(event: dict[str, Any]) -> None:
        url = addresses.get(event["requestId"], "")
        sizes[url] = max(sizes.get(url, 0), int(event["encodedDataLength"]))

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFinished", ended)
    return sizes


def _drawn(page: Page) -> None:
    # A drag is answered a moment after its end.
    page.wait_for_timeout(300)
    until(page, AT_REST, seconds=300)


def _drag(page: Page, right: int, down: int) -> None:
    box = page.locator("city-map canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + (box["width"] - right) / 2, box["y"] + (box["height"] - down) / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=_STEPS)
    page.mouse.up()


def _shows_what_there_is(server: Server, url: str) -> None:
    """The answer leaves out no appeal of its frame; the cells on its edge are counted whole."""
    answer = orjson.loads(server.get(url.removeprefix(server.url)).content)
    shown = sum(feature["properties"].get("count", 1) for feature in answer["features"])
    rows = Appeal.objects.public().filtered(parse_filter(QueryDict(urlsplit(url).query)))
    there_are = rows.order_by().count()
    assert shown == answer["numberMatched"] >= there_are, (url, shown, answer["numberMatched"], there_are)
