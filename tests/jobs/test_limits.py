"""Limits of database sessions, read from real processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

SHOWN = (
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "client_connection_check_interval",
)


def shown_by(start: str) -> list[str]:
    """The settings of the first session of a process that starts with this code."""
    code = f"""
{start}
from django.db import connection
with connection.cursor() as cursor:
    for name in {SHOWN!r}:
        cursor.execute(f"SHOW {{name}}")
        print(cursor.fetchone()[0])
"""
    # The database in the settings, not the test's own: nothing in it is read or written.
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_web_process_gives_up_soon() -> None:
    assert shown_by("import config.wsgi") == ["15s", "5s", "1min", "2s"]


def test_a_worker_may_take_its_time() -> None:
    start = (
        "import django; django.setup()\n"
        "from jobs.worker import Worker; Worker.run = lambda self: None\n"
        "from django.core.management import call_command; call_command('worker', skip_checks=True)"
    )
    assert shown_by(start) == ["10min", "1min", "10min", "2s"]


def test_a_command_may_work_as_long_as_it_likes_but_not_wait_for_others_or_make_them_wait() -> None:
    assert shown_by("import django; django.setup()") == ["0", "1min", "1h", "2s"]


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Makes sure the server runs, whichever test comes first."""
