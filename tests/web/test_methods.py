"""A method that an address does not take is answered with 405 and those it takes, whoever asks and with what token."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.factories import AppealFactory
from tests.grid import GridCity

READ = [
    "/en/",
    "/en/news/",
    "/en/reports/heatmap/",
    "/en/reports/hotspots/",
    "/en/reports/trends/",
    "/en/reports/alerts/",
    "/en/reports/districts/",
    "/en/reports/answers/",
    "/en/reports/before-after/",
    "/en/reports/seasons/",
    "/api/appeals.geojson",
    "/api/places?q=osh",
    "/api/schema/",
    "/healthz",
]
FORMS = ["/en/appeals/new/", "/en/accounts/login/", "/en/accounts/password/reset/"]


@pytest.fixture(params=["nobody", "operator"])
def strict(request: pytest.FixtureRequest, city: GridCity) -> Client:
    """A client as a browser is: without a token its forms are refused."""
    client = Client(enforce_csrf_checks=True)
    if request.param == "operator":
        client.force_login(User.objects.create_superuser("operator@city.example"))
    return client


@pytest.mark.parametrize("method", ["QUERY", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE", "NONSENSE"])
@pytest.mark.parametrize("path", [*READ, *FORMS, "/api/appeals/"])
def test_an_unknown_method_is_405(strict: Client, path: str, method: str) -> None:
    answer = strict.generic(method, path, b"")
    assert answer.status_code == 405, path
    assert answer["Allow"]
    assert ("POST" in answer["Allow"]) is (path in {*FORMS, "/api/appeals/"})


@pytest.mark.parametrize("path", ["/api/appeals.geojson", "/api/places?q=osh", "/api/schema/", "/api/docs/"])
def test_what_can_only_be_read_is_405_to_a_form_without_a_token(strict: Client, path: str) -> None:
    answer = strict.post(path, {})
    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert "POST" not in answer["Allow"]


def test_one_appeal_too(strict: Client) -> None:
    appeal = AppealFactory()
    for method in ("POST", "QUERY"):
        assert strict.generic(method, f"/api/appeals/{appeal.number}/", b"").status_code == 405


@pytest.mark.parametrize("method", ["QUERY", "PUT", "DELETE"])
def test_the_admin_too(city: GridCity, method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("operator@city.example"))
    for path in ("/en/admin/", "/en/admin/news/newsitem/", "/en/admin/news/newsitem/add/"):
        assert client.generic(method, path, b"").status_code == 405, path


def test_a_form_without_a_token_is_still_refused(city: GridCity) -> None:
    client = Client(enforce_csrf_checks=True)
    for path in FORMS:
        assert client.post(path, {}).status_code == 403, path


@pytest.mark.parametrize("path", ["/api/appeals/", "/en/appeals/new/", "/api/uploads/"])
def test_a_body_of_unstated_length_is_411_and_not_taken_as_empty(
    city: GridCity, client: Client, path: str
) -> None:
    answer = client.generic(
        "POST", path, b"{}", "application/json", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked"
    )
    assert answer.status_code == 411
    kind = "application/problem+json" if path.startswith("/api/") else "text/html"
    assert answer["Content-Type"].startswith(kind)


def test_a_view_set_takes_the_methods_of_its_router(city: GridCity, settings: Settings) -> None:
    """No room has one today; the benchmark's reference is one."""
    settings.ROOT_URLCONF = "tests.bench.urls"
    client = Client(enforce_csrf_checks=True)
    AppealFactory()
    answer = client.get("/peer/drf-gis/appeals/")
    assert answer.status_code == 200
    assert answer.json()["count"] == 1
    assert client.post("/peer/drf-gis/appeals/", {}).status_code == 405
