"""The tests' own databases: copied from a template, one per process, none shared."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from bootstrap import testing
from tests import databases


@pytest.mark.django_db
def test_this_process_has_a_slot_of_its_own():
    name = connection.settings_dict["NAME"]
    slot = int(name.rsplit("_", 1)[1])
    keeper = databases.maintenance()
    try:
        assert databases._scalar(keeper, databases._TRY, databases.LOCK_CLASS, slot) is False
    finally:
        keeper.close()


@pytest.mark.django_db(transaction=True)
def test_next_process_gets_a_fresh_copy_of_the_same_template(django_db_blocker: DjangoDbBlocker):
    mine = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE left_behind ()")
    try:
        with databases.own_database() as other:
            assert other != mine
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT current_database(), to_regclass('left_behind'), count(*) FROM django_migrations"
                )
                database, left, migrations = cursor.fetchone()
            assert (database, left) == (other, None)
            assert migrations > 20
    finally:
        assert connection.settings_dict["NAME"] == mine
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE left_behind")
    keeper = databases.maintenance()
    try:
        assert not databases.exists(keeper, other)
    finally:
        keeper.close()


def test_fingerprint_follows_the_migrations(settings, tmp_path, monkeypatch: pytest.MonkeyPatch):
    class Room:
        path = str(tmp_path)

    monkeypatch.setattr(databases.apps, "get_app_configs", lambda: [Room])
    (tmp_path / "migrations").mkdir()
    before = databases.fingerprint()
    (tmp_path / "migrations" / "0001_initial.py").write_text("operations = []")
    after = databases.fingerprint()
    assert before != after
    (tmp_path / "migrations" / "0001_initial.py").write_text("operations = [1]")
    assert databases.fingerprint() not in {before, after}


@pytest.mark.parametrize(
    ("arguments", "parallel"),
    [
        ([], True),
        (["tests/geo", "-k", "tile"], True),
        (["-n0"], False),
        (["-n", "4"], False),
        (["-nauto"], False),
        (["--pdb"], False),
        (["tests/geo/test_tiles.py"], False),
        (["tests/geo/test_tiles.py::test_pin"], False),
        (["-p", "no:xdist"], False),
        (["--numprocesses=3"], False),
    ],
)
def test_suite_is_run_in_parallel_unless_told_otherwise(arguments, parallel):
    assert bool(testing.workers(arguments)) is parallel


def test_whatever_a_test_starts_finds_what_was_compiled_before():
    """Compiling the product is more than half of each start, and the tests start Python hundreds of times."""
    asked = "import sys; print(sys.dont_write_bytecode)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert (said.strip(), sys.dont_write_bytecode) == ("False", False)
