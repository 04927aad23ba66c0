"""A database that takes too long or is away: statements cancelled, sessions killed, a server that is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from appeals.querysets import AppealQuerySet
from jobs import limits
from jobs.outage import AWAY
from tests.grid import GridCity
from tests.relay import relayed
from web import health, outage


def slow_for(milliseconds: int) -> Any:
    """Replaces ``visible_to`` with a statement that exceeds its limit."""

    def visible_to(self: AppealQuerySet, user: object) -> AppealQuerySet:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = %s", [milliseconds])
            try:
                cursor.execute("SELECT pg_sleep(20)")
            finally:
                connection.rollback()
                cursor.execute("SET statement_timeout = 0")
        raise AssertionError("it was not cancelled")

    return visible_to


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_a_page_says_so(
    client: Client, city: GridCity, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(AppealQuerySet, "visible_to", slow_for(50))
    answer = client.get(f"/{language}/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert '<p class="error-page__code" aria-hidden="true">503</p>' in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/appeals.geojson", "/api/clusters.geojson?zoom=12", "/api/appeals/1/"])
def test_the_api_says_so(client: Client, city: GridCity, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(AppealQuerySet, "visible_to", slow_for(50))
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["title"].startswith("This cannot be answered just now")


@pytest.mark.django_db(transaction=True)
def test_other_errors_stay_errors(client: Client, city: GridCity, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: AppealQuerySet, user: object) -> AppealQuerySet:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        raise AssertionError

    client.raise_request_exception = False
    monkeypatch.setattr(AppealQuerySet, "visible_to", broken)
    assert client.get("/api/appeals.geojson").status_code == 500


@contextmanager
def away() -> Iterator[None]:
    """
    The server of the default database is not there: nobody listens at its address. What the database said to another
    test a moment ago counts no more, and what it says in this one does not count afterwards.
    """
    connection.close()
    given = dict(connection.settings_dict)
    connection.settings_dict.update(HOST="127.0.0.1", PORT="1")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(health, "_probe", health._Probe())
            yield
    finally:
        connection.close()
        connection.settings_dict.update(given)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was logged, a line each, tracebacks included."""

    def lines() -> list[str]:
        return [
            record.getMessage() + ("\n" + str(record.exc_info) if record.exc_info else "")
            for record in caplog.records
            # What asyncio says of tasks is about a browser of another test, whenever the collector finds them.
            if record.levelname in {"WARNING", "ERROR", "CRITICAL"} and record.name != "asyncio"
        ]

    return lines


@pytest.mark.django_db(transaction=True)
def test_an_outage_is_said_to_everybody_and_logged_once(
    client: Client, city: GridCity, office_user: User, said: Callable[[], list[str]]
) -> None:
    # Of somebody who is logged in: what says so must not ask the database who it is.
    client.force_login(office_user)
    assert client.get("/en/").status_code == 200
    client.raise_request_exception = False
    assert client.get("/healthz").status_code == 200
    with away():
        for path in (
            "/ky/",
            "/ru/news/",
            "/en/about/",
            "/en/desk/",
            "/en/admin/",
            "/api/appeals.geojson",
            "/api/places?q=lenin",
        ):
            answer = client.get(path)
            assert (answer.status_code, answer["Retry-After"]) == (503, "30"), path
        answer = client.post(
            "/api/appeals/", {"category": "lamp", "text": "x"}, content_type="application/json"
        )
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert client.get("/healthz").status_code == 503
    assert client.get("/en/").status_code == 200
    first, *others = said()
    assert "database away" in first
    assert "/ky/" in first
    (last,) = others
    assert "database away: over" in last
    assert "noticed" in last
    assert "Traceback" not in first + last


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_page_of_an_outage_is_in_the_readers_language(client: Client, language: str) -> None:
    client.raise_request_exception = False
    with away():
        answer = client.get(f"/{language}/")
    assert f'<html lang="{language}">' in answer.content.decode()


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[limits.Limits], None]]:
    """Sets other limits of sessions, until the end of the test."""
    monkeypatch.setattr(limits, "SILENCE_S", 0.0)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "connect_timeout", 1)
    yield limits.limit_sessions
    limits.limit_sessions(limits.COMMANDS)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_says_nothing_is_away(
    client: Client,
    city: GridCity,
    limited: Callable[[limits.Limits], None],
    said: Callable[[], list[str]],
) -> None:
    client.raise_request_exception = False
    with relayed() as way:
        assert client.get("/en/").status_code == 200
        limited(limits.Limits(statement_s=1, lock_s=1, idle_s=1))
        way.block()
        # The first has a session, in which it waits for an answer; the others wait for one.
        for path in ("/ky/", "/ru/news/", "/api/appeals.geojson"):
            answer = client.get(path)
            assert (answer.status_code, answer["Retry-After"]) == (503, "30"), path
            connection.close()  # between two requests Django does it
        assert client.get("/healthz").status_code == 503
        limited(limits.WEB)
        way.open()
        assert client.get("/en/").status_code == 200
    first, last = said()
    assert "database away" in first
    assert "/ky/" in first
    assert "database away: over" in last
    assert "Traceback" not in first + last


@pytest.mark.django_db(transaction=True)
def test_while_the_database_says_nothing_one_asks_for_all(
    client: Client, city: GridCity, limited: Callable[[limits.Limits], None]
) -> None:
    """Pages that arrive meanwhile do not queue behind each other's waits."""
    client.raise_request_exception = False
    with relayed() as way:
        limited(limits.Limits(statement_s=1, lock_s=1, idle_s=1))
        way.block()
        assert client.get("/en/").status_code == 503
        connection.close()
        connection.settings_dict["OPTIONS"]["connect_timeout"] = (
            0  # who asks now asks until there is an answer
        )
        with AWAY.turn() as ours:
            assert ours
            for _ in range(3):
                assert client.get("/en/").status_code == 503
                connection.close()
        way.open()
        assert client.get("/en/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_session_that_was_killed_is_no_error_of_ours(
    client: Client, city: GridCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: AppealQuerySet, user: object) -> AppealQuerySet:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        raise AssertionError

    client.raise_request_exception = False
    monkeypatch.setattr(AppealQuerySet, "visible_to", killed)
    assert client.get("/api/appeals.geojson").status_code == 503
    monkeypatch.undo()
    connection.close()  # between two requests Django does it; its test client keeps the test's connection
    assert client.get("/api/appeals.geojson").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_many_statements_that_take_too_long_are_one_line(
    client: Client, city: GridCity, monkeypatch: pytest.MonkeyPatch, said: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(outage, "_slow", outage.Once("statement took too long"))
    monkeypatch.setattr(AppealQuerySet, "visible_to", slow_for(50))
    for _ in range(3):
        assert client.get("/en/").status_code == 503
    (line,) = said()
    assert "statement took too long" in line
