"""The Chromium that screenshots and browser tests drive through Playwright: a system's own, never a downloaded one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bootstrap import packages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

#: WebGL without a graphics card, as root, and without requests of the browser's own.
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # Maps are drawn by WebGL in software; pages need not be put together by it too, which takes six times as long.
    "--disable-gpu-compositing",
    # A page lives for seconds: what a script would gain by V8 optimizing it is less than the optimizing takes.
    "--js-flags=--no-opt --no-maglev",
)


#: A script's condition: the page's maps are drawn or say why they cannot be, its fonts are there, nothing moves any more.
AT_REST = """async () => {
    await document.fonts.ready;
    const drawn = [...document.querySelectorAll("city-map")].every((map) =>
        map.getAttribute("aria-busy") === "false" || map.querySelector(".city-map__note:not([data-without-scripts]), .map-status--error"));
    const moving = document.getAnimations().some((one) =>
        one.playState === "running" && one.effect?.getComputedTiming().iterations !== Infinity);
    return document.readyState === "complete" && drawn && !moving;
}"""


class NoChromium(RuntimeError):
    """None is installed."""


def launch(playwright: Playwright) -> Browser:
    """A new headless browser. Raises ``NoChromium``."""
    executable = packages.browser()
    if executable is None:
        raise NoChromium("no Chromium: apt-get install chromium, or name one by CHROMIUM")
    return playwright.chromium.launch(executable_path=executable, args=FLAGS)


def until(page: Page, condition: str, *, seconds: float = 120) -> None:
    """Waits until the script's promise is true; raises ``TimeoutError``.

    Playwright's own way evaluates text in the page, which the site's policy forbids.
    """
    deadline = time.monotonic() + seconds
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(condition)
        page.wait_for_timeout(50)
