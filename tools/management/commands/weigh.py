from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from django.core.management.base import BaseCommand, CommandError

from tools.chromium import AT_REST, NoChromium, launch, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: Slow 4G as Lighthouse simulates it, and a phone's processor beside that of a desktop.
THROTTLED = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_638_400 / 8,
    "uploadThroughput": 750_000 / 8,
}
CPU_SLOWER = 4
#: The page's scripts listen.
USABLE = """() => document.documentElement.classList.contains("has-scripts")
    && [...document.querySelectorAll("appeal-browser, appeal-form")].every((one) => one.matches(":defined"))"""
#: What comes for the map alone.
OF_THE_MAP = ("maplibre", "/api/base", "/api/city", "/api/districts", "/api/clusters")


@dataclass
class Weight:
    """What a page loads: requests and bytes as they come over the network, compressed, headers included."""

    requests: int = 0
    bytes: int = 0

    def add(self, size: float) -> None:
        self.requests += 1
        self.bytes += int(size)

    def __str__(self) -> str:
        return f"{self.requests:3} requests {self.bytes / 1000:7.0f} kB"


@dataclass
class Loaded:
    """A page as it was loaded for the first time; times in seconds from the beginning of the navigation."""

    page: Weight = field(default_factory=Weight)
    of_the_map: Weight = field(default_factory=Weight)
    usable_s: float = 0
    drawn_s: float = 0


class Command(BaseCommand):
    help = (
        "Weighs the first load of pages of a running city in Chromium (over CDP) on a phone with a slow network: "
        f"slow 4G, a processor {CPU_SLOWER} times slower."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "pages",
            nargs="*",
            help="URL paths after the language; the map, the form and the newest appeal unless said otherwise",
        )
        parser.add_argument("--url", default="http://localhost:8000", help="URL of the running city")
        parser.add_argument("--language", default="ky")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise CommandError("this needs the test requirements: run ./manage.py test once") from None
        with sync_playwright() as playwright:
            try:
                browser = launch(playwright)
            except NoChromium as missing:
                raise CommandError(str(missing)) from None
            try:
                for path in options["pages"] or ["", "appeals/new/", newest_appeal(options["url"])]:
                    address = f"{options['url']}/{options['language']}/{path}"
                    loaded = load(browser, address)
                    self.stdout.write(
                        f"/{path:24} {loaded.page}   the map: {loaded.of_the_map}   "
                        f"usable {loaded.usable_s:.1f} s, drawn {loaded.drawn_s:.1f} s"
                    )
            except (Error, OSError) as error:
                raise CommandError(f"is the city running at {options['url']}? {error}") from None
            finally:
                browser.close()


def newest_appeal(url: str) -> str:
    """Path of its page, after the language."""
    with urlopen(f"{url}/api/appeals.geojson?page_size=1", timeout=60) as answer:  # noqa: S310 - the user's own city
        (feature,) = json.load(answer)["features"]
    return f"appeals/{feature['properties']['number']}/"


def load(browser: Browser, address: str) -> Loaded:
    """The page loaded for the first time, until its map is drawn; usable means that its scripts listen."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, service_workers="block"
    )
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    loaded, addresses = Loaded(), dict[str, str]()
    devtools.on(
        "Network.requestWillBeSent",
        lambda event: addresses.update({event["requestId"]: event["request"]["url"]}),
    )

    def finished(event: dict[str, Any]) -> None:
        url = addresses.get(event["requestId"], "")
        if url.startswith("http"):
            of_the_map = any(part in url for part in OF_THE_MAP)
            (loaded.of_the_map if of_the_map else loaded.page).add(event["encodedDataLength"])

    devtools.on("Network.loadingFinished", finished)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", THROTTLED)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWER})
    page.goto(address, wait_until="domcontentloaded")
    until(page, USABLE)
    loaded.usable_s = page.evaluate("performance.now() / 1000")
    until(page, AT_REST)
    loaded.drawn_s = page.evaluate("performance.now() / 1000")
    context.close()
    return loaded
