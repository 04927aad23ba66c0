"""The field list: which places, in which order, from where."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib.gis.geos import Point
from django.test import Client
from django.utils import timezone

from appeals.models import Appeal
from desk import field_list
from tests.desk.pages import numbers
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import IN_EAST, GridCity

URL = "/en/desk/field/"


def lamp(city: GridCity, step: float, **fields: object) -> Appeal:
    """Due today, so many steps of some 85 m to the east of the middle of the east."""
    point = Point(IN_EAST[0] + step / 1000, IN_EAST[1], srid=4326)
    return AppealFactory(
        **{"category": city.categories["lamp"], "due_on": timezone.localdate(), "point": point, **fields}
    )


@pytest.fixture
def row(city: GridCity) -> list[Appeal]:
    """Four in a row from west to east; the second is the most urgent."""
    urgent = timezone.localdate() - dt.timedelta(days=3)
    return [lamp(city, 0), lamp(city, 1, due_on=urgent), lamp(city, 4), lamp(city, 9)]


def test_from_the_most_urgent_by_the_shortest_way(row: list[Appeal], at_desk: Client) -> None:
    page = at_desk.get(URL).content.decode()
    a, b, c, d = (appeal.number for appeal in row)
    assert numbers(page) == [b, a, c, d]
    assert "4 places" in page and "0.8 km as the crow flies" in page
    assert f'href="geo:40.520000,{IN_EAST[0]:.6f}?q=40.520000,{IN_EAST[0]:.6f}"' in page
    assert f'href="/en/desk/appeals/{a}/?tab=open#answer-text"' in page


def test_the_start_is_an_appeal_or_a_place(row: list[Appeal], at_desk: Client) -> None:
    a, b, c, d = (appeal.number for appeal in row)
    assert numbers(at_desk.get(URL, {"start": d}).content.decode()) == [d, c, b, a]
    assert numbers(at_desk.get(URL, {"start": f"№ {d}"}).content.decode()) == [d, c, b, a]
    lon = f"{IN_EAST[0] + 0.01:.4f}"
    for east in (f"40.52, {lon}", f"{lon}; 40.52", f"40.52° {lon}°"):
        page = at_desk.get(URL, {"start": east}).content.decode()
        assert numbers(page) == [d, c, b, a]
        assert f'value="{east}"' in page


@pytest.mark.parametrize("start", ["here", "999999", "51.5, 0", "nan, nan", "1;2"])
def test_a_start_that_is_none_is_said_and_changes_nothing(
    row: list[Appeal], at_desk: Client, start: str
) -> None:
    page = at_desk.get(URL, {"start": start})
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()
    assert numbers(page.content.decode())[0] == row[1].number


def test_today_s_alone_or_all_that_is_open_in_the_list(city: GridCity, at_desk: Client) -> None:
    today = timezone.localdate()
    later = today + dt.timedelta(days=9)
    due, planned, other = (
        lamp(city, 0),
        lamp(city, 1, due_on=later, status="planned", planned_on=today),
        lamp(city, 2, due_on=later),
    )
    lamp(city, 3, status="answered")
    lamp(city, 4, category=city.categories["pothole"])
    assert set(numbers(at_desk.get(URL).content.decode())) == {due.number, planned.number}
    page = at_desk.get(URL, {"all": 1}).content.decode()
    assert set(numbers(page)) == {due.number, planned.number, other.number}
    page = at_desk.get(URL, {"all": 1, "q": str(other.number), "tab": "open"}).content.decode()
    assert numbers(page) == [other.number]
    assert f'name="q" value="{other.number}"' in page, "the start is chosen within the same list"


def test_nothing_to_visit_is_said(city: GridCity, at_desk: Client) -> None:
    page = at_desk.get(URL, {"start": "12"})
    assert page.status_code == 200
    assert "Nothing in this list is due or planned by today." in page.content.decode()


def test_a_list_that_is_too_long_says_so(
    row: list[Appeal], at_desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(field_list, "STOPS_MAX", 3)
    page = at_desk.get(URL).content.decode()
    assert len(numbers(page)) == 3 and row[1].number in numbers(page)
    assert "only its 3 most urgent places are here" in page


def test_the_queue_leads_there_with_its_filter_and_a_wrong_filter_leads_back(
    row: list[Appeal], at_desk: Client
) -> None:
    page = at_desk.get("/en/desk/", {"q": "жарык"}).content.decode()
    assert re.search(r'href="/en/desk/field/\?[^"]*q=', page)
    assert at_desk.get(URL, {"district": "x" * 500})["Location"].startswith("/en/desk/?")


def test_nobody_sees_another_service_s(city: GridCity, row: list[Appeal], client: Client) -> None:
    assert client.get(URL).status_code == 302
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    assert numbers(client.get(URL).content.decode()) == []
