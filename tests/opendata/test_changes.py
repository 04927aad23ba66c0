"""What changed since: ``updated_at``, ``updated_after``, and which appeals a copy must forget."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pgtrigger
import pytest
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from appeals.models import Appeal
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import IN_WEST, GridCity, at, make_city

LISTS = ["/api/appeals.geojson", "/data/appeals.geojson"]
REMOVED = "/data/removed.json"
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def _aged(appeal: Appeal) -> Appeal:
    """The appeal as if nothing had happened to it for long."""
    with transaction.atomic(), pgtrigger.ignore("appeals.Appeal:updated_at_is_kept"):
        Appeal.objects.filter(pk=appeal.pk).update(updated_at=LONG_AGO)
    appeal.refresh_from_db()
    return appeal


def _ids(client: Client, path: str, since: object = "") -> set[str]:
    answer = client.get(path, {"updated_after": since} if since else {})
    assert answer.status_code == 200
    return {feature["id"] for feature in json.loads(answer.getvalue())["features"]}


@pytest.mark.parametrize(
    "change",
    [
        {"status": "accepted"},
        {"text": "Other words"},
        {"point": at(IN_WEST)},
        {"hidden": True},
        {"due_on": dt.date(2030, 1, 1)},
        {"answered_at": LONG_AGO},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whoever_changes_what_is_public_is_noted(city: GridCity, change: dict[str, Any]) -> None:
    appeal = _aged(AppealFactory())
    Appeal.objects.filter(pk=appeal.pk).update(**change)
    appeal.refresh_from_db()
    assert appeal.updated_at > timezone.now() - dt.timedelta(hours=1)


def test_what_nobody_sees_is_not(city: GridCity) -> None:
    appeal = _aged(AppealFactory())
    Appeal.objects.update(warned=2, version=5, updated_at=timezone.now())
    appeal.save()
    appeal.refresh_from_db()
    assert appeal.updated_at == LONG_AGO


@pytest.mark.parametrize("path", LISTS)
def test_a_list_of_what_changed(city: GridCity, client: Client, path: str) -> None:
    old, new = _aged(AppealFactory()), AppealFactory()
    assert _ids(client, path) == {str(old.pk), str(new.pk)}
    assert _ids(client, path, "2026-06-01T00:00:00Z") == {str(new.pk)}
    # At that very moment, with another offset, and with the plus sign as browsers leave it.
    assert _ids(client, path, "2026-01-01T06:00:00+06:00") == {str(old.pk), str(new.pk)}
    assert _ids(client, f"{path}?updated_after=2026-01-01T06:00:01+06:00") == {str(new.pk)}


@pytest.mark.parametrize("path", [*LISTS, REMOVED])
@pytest.mark.parametrize(
    "text",
    ["2026-05-31", "2026-05-31T10:00:00", "now", "2026-05-31T25:00:00Z", "0001-01-01T00:00:00+06:00", "١"],
)
def test_what_is_no_moment_is_refused(city: GridCity, client: Client, path: str, text: str) -> None:
    answer = client.get(path, {"updated_after": text})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["updated_after"])


def test_the_true_reason_is_said(city: GridCity, client: Client) -> None:
    for year in ("0001", "2999"):
        answer = client.get(
            REMOVED, {"updated_after": f"{year}-01-01T00:00:00Z"}, headers={"Accept-Language": "en"}
        )
        assert answer.json()["errors"]["updated_after"] == [
            "A moment must be between the years 1900 and 2199."
        ]


def test_the_next_page_is_of_what_changed_too(city: GridCity, client: Client) -> None:
    _aged(AppealFactory())
    new = {str(AppealFactory().pk) for _n in range(2)}
    first = client.get("/api/appeals.geojson?page_size=1&updated_after=2026-06-01T00:00:00%2B06:00").json()
    second = client.get(first["links"][1]["href"]).json()
    assert {feature["id"] for page in (first, second) for feature in page["features"]} == new
    assert [link["rel"] for link in second["links"]] == ["self"]


def test_what_was_hidden_is_told_by_its_key_alone(city: GridCity, client: Client) -> None:
    AppealFactory()
    shown_again, old, new = (AppealFactory(hidden=True) for _n in range(3))
    _aged(old)
    Appeal.objects.filter(pk=shown_again.pk).update(hidden=False)
    answer = client.get(REMOVED, {"updated_after": "2026-06-01T00:00:00Z"})
    assert answer.json()["removed"] == [str(new.pk)]
    assert set(answer.json()) == {"removed", "seen_until"}
    assert set(client.get(REMOVED).json()["removed"]) == {str(new.pk), str(old.pk)}


@pytest.mark.parametrize(("service", "removed"), [("office", 0), ("light", 1), ("roads", 2)])
def test_who_sees_it_need_not_forget_it(city: GridCity, client: Client, service: str, removed: int) -> None:
    for code in ("light", "office"):
        AppealFactory(hidden=True, service=city.services[code])
    client.force_login(MembershipFactory(service=city.services[service]).user)
    answer = client.get(REMOVED)
    assert len(answer.json()["removed"]) == removed
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.django_db(transaction=True)
def test_nothing_falls_between_two_readings(client: Client) -> None:
    """A change that began before a reading and is committed after it comes with the next one."""
    make_city()
    late = _aged(AppealFactory())

    def read() -> tuple[str, set[str]]:
        try:
            reader = Client()
            until = reader.get(REMOVED).json()["seen_until"]
            return until, _ids(reader, LISTS[0], "2026-06-01T00:00:00Z")
        finally:
            connections.close_all()

    with transaction.atomic():
        Appeal.objects.filter(pk=late.pk).update(address="Changed")
        with ThreadPoolExecutor(1) as other:
            until, seen = other.submit(read).result(timeout=60)
    assert seen == set()
    late.refresh_from_db()
    assert late.updated_at >= dt.datetime.fromisoformat(until)
    assert _ids(client, LISTS[0], until) == {str(late.pk)}


@pytest.mark.parametrize(("microsecond", "fraction"), [(0, ".000000"), (1, ".000001"), (676_120, ".676120")])
def test_one_moment_is_written_alike_in_lists_and_details(
    city: GridCity, client: Client, microsecond: int, fraction: str
) -> None:
    appeal = AppealFactory(answered_at=LONG_AGO.replace(microsecond=microsecond))
    (listed,) = client.get("/api/appeals.geojson?lang=en").json()["features"]
    single = client.get(f"/api/appeals/{appeal.number}/?lang=en").json()
    names = {"url", *(name for name in listed["properties"] if name.endswith("_at"))}
    alike = {name: listed["properties"][name] for name in names}
    assert alike == {name: single["properties"][name] for name in names}
    assert alike["answered_at"] == f"2026-01-01T00:00:00{fraction}+00:00"
    assert alike["url"] == f"http://localhost:8000/en/appeals/{appeal.number}/"
    assert {event["at"][-6:] for event in single["properties"]["events"]} == {"+00:00"}
