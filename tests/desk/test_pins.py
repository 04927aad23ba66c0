"""The map of the queue shows the whole filter up to a bound, nothing of others' queues, and says when there is more."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appeals.vocabulary import Status
from desk import pins, queue
from tests.desk.pages import make
from tests.factories import MembershipFactory
from tests.grid import IN_EAST, IN_WEST, GridCity, at

URL = "/en/desk/pins/"


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    monkeypatch.setattr(pins, "PINS_MAX", 4)


def test_it_has_the_whole_filter_in_the_order_of_the_list(
    city: GridCity, client: Client, light_user: User
) -> None:
    appeals = [make(city, due_in=n - 1, point=at(IN_WEST if n else IN_EAST)) for n in range(3)]
    make(city, status=Status.CLOSED)
    make(city, "pothole")
    client.force_login(light_user)
    answer = client.get(URL, {"tab": "open"}).json()
    assert [point["number"] for point in answer["points"]] == [appeal.number for appeal in appeals]
    assert [point["overdue"] for point in answer["points"]] == [1, 0, 0]
    assert answer["more"] is False
    first = answer["points"][0]
    assert (first["lon"], first["lat"]) == IN_EAST
    assert (first["status"], first["category"]) == ("new", "lamp en")
    assert client.get(answer["page"].replace("/0/", f"/{first['number']}/")).status_code == 200
    assert client.get(URL, {"q": "zzz"}).json()["points"] == []


def test_it_says_that_there_are_more(city: GridCity, client: Client, light_user: User) -> None:
    appeals = [make(city, due_in=n) for n in range(5)]
    client.force_login(light_user)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(URL).json()
    assert len(captured) <= 8
    assert [point["number"] for point in answer["points"]] == [appeal.number for appeal in appeals[:4]]
    assert answer["more"] is True


def test_it_is_for_those_whose_queue_it_is(city: GridCity, client: Client, outsider: User) -> None:
    make(city)
    assert client.get(URL).status_code == 401
    client.force_login(outsider)
    assert client.get(URL).status_code == 401
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    assert client.get(URL, {"service": "light"}).json()["points"] == []
    assert client.post(URL).status_code == 405
