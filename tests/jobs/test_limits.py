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


#: How each kind of process starts, once Django is there.
STARTS = {
    "web": "import config.wsgi",
    "worker": (
        "from jobs.worker import Worker; Worker.run = lambda self: None\n"
        "from django.core.management import call_command; call_command('worker', skip_checks=True)"
    ),
    "command": "",
}

#: Django's start is most of the time: the processes are children of one that has made it.
_EACH = f"""
import os, sys
import django; django.setup()
from django.db import connection
for kind, start in {STARTS!r}.items():
    if os.fork() == 0:
        exec(start)
        with connection.cursor() as cursor:
            for name in {SHOWN!r}:
                cursor.execute(f"SHOW {{name}}")
                print(kind, cursor.fetchone()[0])
        sys.stdout.flush()
        os._exit(0)
    assert os.wait()[1] == 0, kind
"""


@pytest.fixture(scope="module")
def shown(django_db_setup: None) -> dict[str, list[str]]:
    """The settings of the first session of each kind of process."""
    # The database in the settings, not the test's own: nothing in it is read or written.
    done = subprocess.run(
        [sys.executable, "-c", _EACH],
        cwd=settings.BASE_DIR,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    return {kind: [value for of, value in lines if of == kind] for kind in STARTS}


def test_a_web_process_gives_up_soon(shown: dict[str, list[str]]) -> None:
    assert shown["web"] == ["15s", "5s", "1min", "2s"]


def test_a_worker_may_take_its_time(shown: dict[str, list[str]]) -> None:
    assert shown["worker"] == ["10min", "1min", "10min", "2s"]


def test_a_command_may_work_as_long_as_it_likes_but_not_wait_for_others_or_make_them_wait(
    shown: dict[str, list[str]],
) -> None:
    assert shown["command"] == ["0", "1min", "1h", "2s"]
