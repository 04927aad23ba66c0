"""The Chromium that screenshots and browser tests drive through Playwright: a system's own, never a downloaded one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootstrap import packages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

#: WebGL without a graphics card, as root, and without requests of the browser's own.
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)


class NoChromium(RuntimeError):
    """None is installed."""


def launch(playwright: Playwright) -> Browser:
    """A new headless browser. Raises ``NoChromium``."""
    executable = packages.browser()
    if executable is None:
        raise NoChromium("no Chromium: apt-get install chromium, or name one by CHROMIUM")
    return playwright.chromium.launch(executable_path=executable, args=FLAGS)
