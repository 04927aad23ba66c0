from __future__ import annotations

import io
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from PIL import Image

from tools.chromium import AT_REST, NoChromium, launch, until

SIZES = {"phone": (390, 844), "desktop": (1280, 860)}


class Command(BaseCommand):
    help = "Takes screenshots of a running city with Debian's Chromium, for README.md and for review."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "pages", nargs="*", help="URL paths after the language, such as news/; the map by default"
        )
        parser.add_argument("--url", default="http://localhost:8000", help="URL of the running city")
        parser.add_argument("--languages", default="en", help="comma-separated, or all")
        parser.add_argument("--sizes", default="phone,desktop", help="comma-separated: phone, desktop")
        parser.add_argument("--login", default="", help="email:password of a staff member")
        parser.add_argument("--dark", action="store_true")
        parser.add_argument("--full", action="store_true", help="the whole page, not just the first screen")
        parser.add_argument("--out", type=Path, default=settings.BASE_DIR / "docs" / "screenshots")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise CommandError("this needs the test requirements: run ./manage.py test once") from None
        languages = [code for code, _name in settings.LANGUAGES]
        if options["languages"] != "all":
            languages = options["languages"].split(",")
        options["out"].mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            try:
                browser = launch(playwright)
            except NoChromium as missing:
                raise CommandError(str(missing)) from None
            try:
                for size in options["sizes"].split(","):
                    for language in languages:
                        self._photograph(browser, size, language, options)
            except Error as error:
                raise CommandError(f"is the city running at {options['url']}? {error.message}") from None
            finally:
                browser.close()

    def _photograph(self, browser: Any, size: str, language: str, options: dict[str, Any]) -> None:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=2 if size == "phone" else 1,
            color_scheme="dark" if options["dark"] else "light",
            has_touch=size == "phone",
            is_mobile=size == "phone",
            reduced_motion="reduce",
        )
        page = context.new_page()
        if options["login"]:
            email, _colon, password = options["login"].partition(":")
            page.goto(f"{options['url']}/{language}/accounts/login/")
            page.fill("input[name=login]", email)
            page.fill("input[name=password]", password)
            page.press("input[name=password]", "Enter")
            page.wait_for_url(lambda address: "login" not in address)
        for address in options["pages"] or [""]:
            page.goto(f"{options['url']}/{language}/{address}", wait_until="networkidle")
            until(page, AT_REST)
            name = address.strip("/").split("?")[0].replace("/", "-") or "map"
            suffix = "-dark" if options["dark"] else ""
            target = options["out"] / f"{name}-{size}-{language}{suffix}.png"
            picture = Image.open(io.BytesIO(page.screenshot(full_page=options["full"])))
            # A quarter of the bytes: the pages have few colours. The median cut loses those of few pixels, such as the red of
            # what is overdue.
            few = picture.convert("RGB").quantize(
                256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
            )
            few.save(target, optimize=True)
            self.stdout.write(str(target))
        context.close()
