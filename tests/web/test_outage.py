"""Statements that take too long: real ones, cancelled by PostgreSQL itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from appeals.querysets import AppealQuerySet
from tests.grid import GridCity


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
    assert answer.json()["title"].startswith("This takes too long")


@pytest.mark.django_db(transaction=True)
def test_other_errors_stay_errors(client: Client, city: GridCity, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: AppealQuerySet, user: object) -> AppealQuerySet:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        raise AssertionError

    client.raise_request_exception = False
    monkeypatch.setattr(AppealQuerySet, "visible_to", broken)
    assert client.get("/api/appeals.geojson").status_code == 500
