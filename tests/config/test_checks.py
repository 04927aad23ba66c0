"""System checks: silent on this machine, and each reports a problem when it should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.checks import run_checks

from config import checks


class Answers:
    """A database that answers each statement containing a key with the key's value; fit by default."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = {
            "server_version_num": 15,
            "rolsuper": False,
            "pg_available_extensions": "postgis pg_trgm btree_gist",
            "extversion": "3.3.2",
            "postgis_lib_version": "3.3.2",
            "pg_encoding_to_char": "UTF8",
            "lower(": True,
            "datctype": "C.UTF-8",
            "spatial_ref_sys": 1,
            "FROM pg_extension": "plpgsql postgis pg_trgm btree_gist",
        } | dict(answers)

    def __call__(self, statement: str) -> Any:
        # The first matching key: "extversion" comes before the table it is read from.
        return next(value for key, value in self.answers.items() if key in statement)


@pytest.mark.django_db
def test_this_machine_is_fit():
    found = [
        message for message in run_checks(databases=["default"]) if str(message.id).startswith("oshcity.")
    ]
    assert found == []


@pytest.mark.parametrize("check", checks.DATABASE_CHECKS)
def test_fit_database_has_no_messages(check):
    assert check(Answers({})) == []


@pytest.mark.parametrize(
    ("answers", "number", "words"),
    [
        ({"server_version_num": 14}, "E004", "PostgreSQL 14 is too old"),
        ({"FROM pg_extension": "plpgsql postgis pg_trgm"}, "E005", "lacks the extension btree_gist"),
        ({"extversion": "3.2.1", "postgis_lib_version": "3.2.1"}, "E006", "PostGIS 3.2.1"),
        ({"extversion": "3.3.2", "postgis_lib_version": "3.4.0"}, "W006", "the machine has 3.4.0"),
        ({"pg_encoding_to_char": "SQL_ASCII"}, "E007", "encoding SQL_ASCII"),
        ({"lower(": False, "datctype": "C"}, "E007", "locale C:"),
        ({"spatial_ref_sys": 0}, "E008", "does not know EPSG:"),
    ],
)
def test_unfit_database(answers, number, words):
    (message,) = [message for check in checks.DATABASE_CHECKS for message in check(Answers(answers))]
    assert message.id == f"oshcity.{number}"
    assert words in message.msg
    assert message.hint


def test_database_without_postgis_is_reported_once():
    found = [
        message
        for check in checks.DATABASE_CHECKS
        for message in check(Answers({"FROM pg_extension": "plpgsql"}))
    ]
    assert [message.id for message in found if "postgis" in message.msg] == ["oshcity.E005"]


def test_psycopg_3_is_an_error(monkeypatch: pytest.MonkeyPatch):
    assert checks.psycopg_3_is_absent() == []
    monkeypatch.setattr(checks, "find_spec", lambda name: object() if name == "psycopg" else None)
    (message,) = checks.psycopg_3_is_absent()
    assert message.is_serious()
    assert "pip uninstall -y psycopg" in message.hint


@pytest.mark.parametrize(
    ("text", "oldest", "fits"),
    [
        ("3.12.4", (3, 6), True),
        ("3.6.0dev", (3, 6), True),
        ("3.5.9", (3, 6), False),
        ("3.14.1-CAPI-1.20.5", (3, 11), True),
        ("3.9.0-CAPI-1.16.2", (3, 11), False),
    ],
)
def test_versions_are_compared_as_numbers(text, oldest, fits):
    assert (checks.version_message("GDAL", text, oldest, "oshcity.E002") == []) is fits


def test_superuser_may_still_create_what_the_server_has():
    """Before its first migration a new database has none of them, and ``migrate`` must be allowed to run."""
    assert checks.extensions_are_there(Answers({"FROM pg_extension": "plpgsql", "rolsuper": True})) == []
    missing = Answers(
        {"FROM pg_extension": "", "rolsuper": True, "pg_available_extensions": "pg_trgm btree_gist"}
    )
    assert [message.id for message in checks.extensions_are_there(missing)] == ["oshcity.E005"]
