"""Fixtures of the whole suite; ./manage.py test sets the environment that they expect."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from django.utils import translation
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from tests import databases
from tests.people import city, light_user, media_root, office_user, outsider

__all__ = ["city", "light_user", "media_root", "office_user", "outsider"]

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process: Playwright's loop can run but once in it."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if executable is None:
        pytest.fail("no Chromium: apt-get install chromium, or name one by CHROMIUM")
    # Playwright's loop runs in this thread, where the tests ask the database too.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database of this process's own, copied from the migrated template."""
    with django_db_blocker.unblock(), databases.own_database(), django_db_blocker.block():
        yield


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Words in English unless a test says otherwise, whatever the city's own language is."""
    with translation.override("en"):
        yield
