"""What is an outage, and how often it is said."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import Error, connection
from structlog.testing import capture_logs

from jobs.outage import AWAY, is_away, is_operational

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _it_is_there() -> Iterator[None]:
    connection.ensure_connection()
    yield
    connection.close()
    connection.ensure_connection()


def error_of(*statements: str) -> Error:
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except Error as error:
        return error
    raise AssertionError(statements)


KILL = "SELECT pg_terminate_backend(pg_backend_pid())"


@pytest.mark.parametrize(
    ("statements", "operational", "away"),
    [
        ([KILL], True, True),
        ([KILL.replace("pg_backend_pid()", "(SELECT pg_backend_pid())")], True, True),
        (["SET statement_timeout = 20", "SELECT pg_sleep(20)"], True, False),
        (["SELECT 1 / 0"], False, False),
        (["SELECT nothing"], False, False),
    ],
)
def test_what_is_an_outage(statements: list[str], operational: bool, away: bool) -> None:
    error = error_of(*statements)
    assert (is_operational(error), is_away(error)) == (operational, away)


def test_other_errors_are_none() -> None:
    assert not is_away(ValueError("x"))
    assert not is_away(None)


def test_a_connection_that_died_in_an_outage_and_is_used_after_it_is_not_said_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (mine,) = cursor.fetchone()

    def another() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [mine])
        AWAY.note(error_of(KILL))
        connection.close()
        connection.ensure_connection()
        connection.close()

    with capture_logs() as logs:
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
        AWAY.note(error_of("SELECT 1"))
    assert [log["event"] for log in logs] == ["database away", "database away: over"]


def test_the_next_one_is_said_again() -> None:
    with capture_logs() as logs:
        for _n in range(2):
            AWAY.note(error_of(KILL))
            connection.close()
            connection.ensure_connection()
    assert [log["event"] for log in logs] == ["database away", "database away: over"] * 2
