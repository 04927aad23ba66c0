"""A city of its own, started as people start it, attacked and killed; asked for by ``-m chaos`` alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.city import City, running_city

FIGURES: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks the tests of this folder, and leaves them out unless they are asked for by name of their mark."""
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.chaos)
    if ours and "chaos" not in str(config.getoption("markexpr")):
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """The demo city under ``./manage.py up``, with a database of its own and nothing in front."""
    with tempfile.TemporaryDirectory(prefix="chaos-", dir=os.environ.get("CHAOS_FOLDER")) as folder:
        os.chmod(folder, 0o755)
        with running_city(Path(folder) / "var") as one:
            yield one


@pytest.fixture
def figure() -> list[str]:
    """What is appended to it is printed at the end of the run."""
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)
