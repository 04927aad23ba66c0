"""``/healthz``: whatever is asked, and whatever state the database is in."""

from __future__ import annotations

import socket

import pytest
from django.db import connection, transaction
from django.test import Client, override_settings

from web import health


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["localhost", "10.0.0.7:8000", "not a host"])
def test_it_answers_under_any_name(client: Client, host: str) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        answer = client.get("/healthz", headers={"Host": host})
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_it_can_only_be_read(client: Client) -> None:
    assert client.head("/healthz").status_code == 200
    answer = client.post("/healthz")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_hangs_holds_nobody(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE_S", 0.05)
    monkeypatch.setattr(health, "FRESH_S", 0.0)
    # It accepts connections and says nothing, as one that was stopped.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", str(silent.getsockname()[1]))
        for _ in range(3):
            assert client.get("/healthz").status_code == 503
        monkeypatch.undo()
        monkeypatch.setattr(health, "FRESH_S", 0.0)
    while client.get("/healthz").status_code != 200:
        pass  # the question that hung ends when the server's socket closes


@pytest.mark.django_db(transaction=True)
def test_whoever_locks_the_appeals_does_not_hold_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH_S", 0.0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK appeals_appeal IN ACCESS EXCLUSIVE MODE")
        assert client.get("/healthz").status_code == 200
