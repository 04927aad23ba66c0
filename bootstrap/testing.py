"""``./manage.py test``: pytest in the same environment on every machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bootstrap import catalogues, frontend, packages
from bootstrap.checkout import Checkout
from bootstrap.cluster import test_cluster
from bootstrap.console import say
from bootstrap.variables import ALL, DATABASE_URL


def run(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Exit code of pytest, or of the mutation of what the tests protect (``--mutate``).

    The tests get their own database server or, if ``DATABASE_URL`` is set, their own databases on that
    server.
    """
    frontend.ensure(checkout, dev=True)
    catalogues.compile_stale(checkout.root)
    with _database(checkout) as url, _scratch(checkout) as scratch:
        # The developer's own installation is not the tests'.
        for variable in ALL:
            os.environ.pop(variable.name, None)
        os.environ.update(variables(url, scratch))
        _live_in(checkout.cache / "home")
        _keep_what_is_compiled()
        browser = packages.browser()
        if browser:
            os.environ["CHROMIUM"] = browser
        # Playwright's own node needs libatomic, which minimal systems lack; ours runs everywhere.
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(frontend.node_folder(checkout) / "node"))
        os.chdir(checkout.root)
        if "--mutate" in arguments:
            return subprocess.call([sys.executable, "-m", "tools.mutation", *arguments])
        import pytest

        return int(pytest.main([*workers(arguments), *measured(arguments)]))


def variables(url: str, scratch: Path) -> Mapping[str, str]:
    """Environment variables for the settings under test; files are written to ``scratch``."""
    for folder in ("media", "uploads", "static"):
        (scratch / folder).mkdir(parents=True, exist_ok=True)
    return {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "of-the-tests-and-of-nothing-else-0123456789-abcdefghijklmnopqrstuvwxyz",
        # Chooses plain static files; Django's test runner turns DEBUG itself off.
        "DEBUG": "1",
        "MEDIA_ROOT": str(scratch / "media"),
        "UPLOADS_ROOT": str(scratch / "uploads"),
        "STATIC_ROOT": str(scratch / "static"),
    }


def _live_in(home: Path) -> None:
    """Chromium, Jupyter and Matplotlib keep files of their own here instead of in the developer's home."""
    home.mkdir(parents=True, exist_ok=True)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ.pop(name, None)
    os.environ["HOME"] = str(home)


def _keep_what_is_compiled() -> None:
    """The tests start Python hundreds of times, and half of a start would be to compile the product anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def measured(arguments: Sequence[str]) -> list[str]:
    """pytest's arguments; ``--coverage`` stands for those of pytest-cov, which pyproject.toml configures."""
    return ["--cov" if one == "--coverage" else one for one in arguments]


def workers(arguments: Sequence[str]) -> list[str]:
    """pytest-xdist's arguments: several processes for the whole suite, none for a single file or test."""
    own = any(
        re.match(r"-n\d*$|-n[a-z]+$|--numprocesses|--dist|--pdb|--trace|-pno:xdist", one) for one in arguments
    )
    single = any(one.endswith(".py") or "::" in one for one in arguments)
    if own or single or "no:xdist" in arguments:
        return []
    # worksteal gives each process neighbouring tests, which share their module's fixtures. One process more than there
    # are processors: some tests wait for a limit of time to pass, or for the database.
    return ["-n", str(min(8, 1 + max(2, os.cpu_count() or 2))), "--dist", "worksteal"]


@contextmanager
def _database(checkout: Checkout) -> Iterator[str]:
    if DATABASE_URL.is_set(os.environ):
        say("  ..  Tests use their own databases on the server of DATABASE_URL")
        yield os.environ["DATABASE_URL"]
        return
    with test_cluster(checkout).running() as url:
        yield url


@contextmanager
def _scratch(checkout: Checkout) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="test-", dir=checkout.var))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
