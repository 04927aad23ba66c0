"""Fixtures of the whole suite; ./manage.py test sets the environment that they expect."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.test import TransactionTestCase
from django.test import client as test_client
from django.utils import translation
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django import DjangoDbBlocker, Settings

from tests import databases
from tests.people import administrator, city, committed, head, light_user, media_root, office_user, outsider
from tools.chromium import launch

__all__ = [
    "administrator",
    "city",
    "committed",
    "head",
    "light_user",
    "media_root",
    "office_user",
    "outsider",
]

# No clock: a busy machine is no fault of the product's. The rows of a database fixture are shared by a test's examples
# on purpose. A run of continuous integration tries the same examples each time, so that it never fails by chance on
# somebody else's change; everywhere else new ones are tried.
hypothesis.settings.register_profile(
    "city",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("city")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """The processes of the whole suite begin to import at different places.

    In a fresh checkout the modules of the tests have yet to be compiled, which takes as long as collecting them: each
    process compiles a part of them, and finds the others' parts done.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths"):
        return
    files = sorted(Path(__file__).parent.rglob("test_*.py"))
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in files[first:] + files[:first]:
        # What cannot be imported is reported where it is collected.
        with suppress(Exception):
            import_module(".".join(file.relative_to(session.config.rootpath).with_suffix("").parts))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test over an empty list is an error: pytest itself would skip it, and nobody reads the skipped."""
    empty = [
        item.nodeid
        for item in items
        for mark in item.iter_markers("skip")
        if "got empty parameter set" in str(mark.kwargs.get("reason", ""))
    ]
    if empty:
        raise pytest.UsageError(
            f"nothing is tested by {', '.join(empty)}: the list of its parameters is empty"
        )


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there by now stays until the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session", autouse=True)
def _context_of_the_page_alone() -> Iterator[None]:
    """An answer's context is that of its page. Django copies one more for each of the hundred parts of a page."""
    keep = test_client.store_rendered_templates

    def keep_the_first(store: dict[str, object], *args: object, **kwargs: object) -> None:
        if "context" not in store:
            keep(store, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_client, "store_rendered_templates", keep_the_first)
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process: Playwright's loop can run but once in it."""
    # Playwright's loop runs in this thread, where the tests ask the database too.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database of this process's own, copied from the migrated template."""
    with (
        pytest.MonkeyPatch.context() as patch,
        django_db_blocker.unblock(),
        databases.own_database(),
        django_db_blocker.block(),
    ):
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: databases.empty())
        yield


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> None:
    """A password's hash is slow on purpose, and every person of the tests has one."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def stored_in(
    settings: Settings,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The test's own folder, with "media" for what is served and "uploads" for what has just arrived.

    Files are worked on in another one of its own: a sweep must not take those of a test that runs beside it.
    The storage of what arrives is made when the models are, so that a changed setting alone would not move it.
    """
    from appeals.models import Attachment

    settings.VAR_DIR = tmp_path_factory.mktemp("var")
    settings.MEDIA_ROOT, settings.UPLOADS_ROOT = tmp_path / "media", tmp_path / "uploads"
    arriving = Attachment._meta.get_field("original").storage
    monkeypatch.setattr(arriving, "location", str(tmp_path / "uploads"))
    return tmp_path


@pytest.fixture(autouse=True)
def _texts_of_their_own(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test goes on reading what another one has begun, or the developer's own city has made."""
    own = tmp_path_factory.getbasetemp() / f"texts-{secrets.token_hex(8)}"
    settings.TEXTS_ROOT, settings.BUNDLE_ROOT = own, own / "bundle"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Words in English unless a test says otherwise, whatever the city's own language is."""
    with translation.override("en"):
        yield
