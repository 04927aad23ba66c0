"""Trends of planted appeals: each place gets the pattern that was planted, every number is that of the rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from dataclasses import replace
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from appeals.filters import AppealFilter
from appeals.models import Appeal
from geo.hotspots import Pattern
from geo.hotspots.trends import LEAST_STEPS
from reports import trends as module
from reports.hotspots import Refusal
from reports.months import LEAST_MONTHS, long_enough, whole_months
from reports.sizes import TooFine
from reports.trends import find_trends
from tests.grid import IN_EAST, GridCity
from tests.reports.planting import KILOMETRE, Plant, around, everywhere

PAGE = "/en/reports/trends/"
FILES = ["/en/reports/trends.html", "/en/reports/trends.geojson", "/en/reports/trends.csv"]
YEAR = AppealFilter(since=dt.date(2025, 1, 1), until=dt.date(2025, 12, 31))
QUERY = "from=2025-01-01&to=2025-12-31&cell=500"


def noon(month: int, day: int = 10) -> dt.datetime:
    return dt.datetime(2025, month, day, 12, tzinfo=timezone.get_default_timezone())


#: Much of it in the west in every month, in the east in December alone.
WEST_PLACE, EAST_PLACE = (72.72, 40.52), (72.76, 40.52)


def plant_a_year(plant: Plant) -> None:
    """65 appeals in the middle of each month, 40 more at the end of December, and one before all of them."""
    plant(
        everywhere(1, 9), submitted_at=dt.datetime(2024, 12, 20, 12, tzinfo=timezone.get_default_timezone())
    )
    for month in range(1, 13):
        plant(everywhere(30, month) + around(WEST_PLACE, 35, month, KILOMETRE), submitted_at=noon(month))
    plant(around(EAST_PLACE, 40, 1, KILOMETRE), submitted_at=noon(12, 28))


def test_each_place_has_the_pattern_that_was_planted(plant: Plant) -> None:
    plant_a_year(plant)
    found = find_trends(YEAR, 500)
    assert (found.refusal, len(found.months), found.unfinished) == (None, 12, 0)
    at = {
        place: {
            one.pattern
            for one in found.places
            if one.box.west <= place[0] <= one.box.east and one.box.south <= place[1] <= one.box.north
        }
        for place in (WEST_PLACE, EAST_PLACE)
    }
    assert at == {WEST_PLACE: {Pattern.PERSISTENT}, EAST_PLACE: {Pattern.NEW}}
    # The most urgent first, in the list of places as in the cells.
    assert found.places[0].pattern is Pattern.NEW
    assert found.cells[0].pattern is Pattern.NEW
    assert found.cells[0].hot_months == 1
    assert found.cells[0].levels[-1] >= 2
    assert sum(row.cells for row in found.patterns) == found.tested
    assert found.direction == 0

    # Counted again from the rows.
    assert [row.month for row in found.by_month] == [dt.date(2025, month, 1) for month in range(1, 13)]
    assert sum(row.count for row in found.by_month) + found.outside == 12 * 65 + 40 == found.total
    assert found.by_month[0].count in range(60, 66)
    points = [
        appeal.point.transform(32643, clone=True) for appeal in Appeal.objects.filter(submitted_at__year=2025)
    ]
    cells = [(int(point.x // 500), int(point.y // 500)) for point in points]
    assert all(cell.count == cells.count(cell.cell) for cell in found.cells)


def test_months_are_whole_and_what_is_left_out_is_said(plant: Plant, client: Client) -> None:
    plant_a_year(plant)
    found = find_trends(AppealFilter(since=dt.date(2025, 1, 2), until=dt.date(2025, 12, 30)), 500)
    assert (found.months[0], found.months[-1]) == (dt.date(2025, 2, 1), dt.date(2025, 11, 1))
    assert found.unfinished == 65 + 65 + 40
    page = client.get(f"{PAGE}?from=2025-01-02&to=2025-12-30&cell=500").content.decode()
    assert "10 whole months are counted. 170 appeals of other days of the period are left out." in page
    # Without days: from the first appeal of the city, which came in during a month, to the last month that is over.
    everything = find_trends(AppealFilter(), 500)
    assert everything.months[0] == dt.date(2025, 1, 1)
    assert everything.months[-1] < timezone.localdate().replace(day=1)
    # What is older than the appeals was not counted, and what is new is not over.
    assert find_trends(AppealFilter(since=dt.date(1999, 1, 1)), 500).months == everything.months
    assert find_trends(AppealFilter(until=dt.date(2190, 1, 1)), 500).months == everything.months


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (dt.date(2024, 2, 1), dt.date(2024, 2, 29), 1),
        (dt.date(2024, 2, 1), dt.date(2024, 2, 28), 0),
        (dt.date(2024, 2, 2), dt.date(2024, 3, 31), 1),
        (dt.date(2024, 12, 1), dt.date(2025, 1, 31), 2),
        (dt.date(2024, 12, 1), dt.date(2024, 11, 30), 0),
    ],
)
def test_a_month_counts_when_it_is_whole(first: dt.date, last: dt.date, months: int) -> None:
    assert len(whole_months(first, last)) == months


@pytest.mark.parametrize(
    ("since", "until"), [(None, None), ("2025-01-01", "2025-12-31"), ("2025-01-01", None)]
)
def test_a_period_that_is_long_enough_stays(since: str | None, until: str | None) -> None:
    first, last = (dt.date.fromisoformat(day) if day else None for day in (since, until))
    wanted = AppealFilter(since=first, until=last, category="lamp")
    assert long_enough(wanted, dt.date(2026, 3, 10)) == wanted


def test_what_is_too_little_is_refused_with_the_reason(plant: Plant, client: Client) -> None:
    plant_a_year(plant)
    short = client.get(f"{PAGE}?from=2025-06-01&to=2025-12-30&cell=500")
    assert short.context["trends"].refusal is Refusal.FEW_MONTHS
    words = short.content.decode()
    assert "Too short for a trend: 6 whole months, at least 8 are needed." in words
    assert "495 appeals · 1 June 2025 – 30 December 2025" in words
    assert LEAST_MONTHS >= LEAST_STEPS
    # From there, and from the tab of another report of so short a period, one goes to what can be answered.
    (link,) = re.findall(r'href="(\?[^"]+)">.*The whole year up to 30 December 2025', words)
    assert client.get(PAGE + unescape(link)).context["trends"].refusal is None
    counts = client.get("/en/reports/heatmap/?from=2025-12-01&to=2025-12-30&cell=500").content.decode()
    (tab,) = re.findall(r'href="(/en/reports/trends/[^"]+)"', counts)
    assert client.get(unescape(tab)).context["trends"].refusal is None
    # The ready periods are those that have an answer.
    assert [period.name for period in short.context["form"].periods()] == ["Year", "All time"]
    plant(around(IN_EAST, 9), category="pothole", submitted_at=noon(3))
    few = client.get(f"{PAGE}?{QUERY}&category=pothole")
    assert few.context["trends"].refusal is Refusal.FEW_APPEALS
    words = few.content.decode()
    assert "Too few for a test: 9 appeals in the study area, at least 60 are needed." in words
    assert "<iframe" not in words
    assert 'href="/en/reports/heatmap/?category=pothole&amp;from=2025-01-01' in words
    assert "Too few for a test" in client.get(f"{FILES[0]}?{QUERY}&category=pothole").content.decode()
    refused = client.get(f"{FILES[1]}?{QUERY}&category=pothole").json()
    assert (refused["features"], refused["report"]["not_tested_because"]) == ([], "few appeals")
    assert find_trends(replace(YEAR, district="west"), 5_000).refusal is Refusal.FEW_CELLS


def test_nothing_at_all_is_no_error(city: GridCity, client: Client) -> None:
    assert "No appeals match these filters." in client.get(PAGE).content.decode()
    assert [client.get(address).status_code for address in FILES] == [200, 200, 200]


def test_cells_too_fine_are_said_and_automatic_always_answers(
    plant: Plant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_a_year(plant)
    monkeypatch.setattr(module, "MOST_CELLS", 5_000)
    with pytest.raises(TooFine):
        find_trends(YEAR, 50)
    page = client.get(f"{PAGE}?from=2025-01-01&to=2025-12-31&cell=50")
    assert (page.status_code, "Choose a larger size." in page.content.decode()) == (400, True)
    for address in FILES:
        assert list(json.loads(client.get(f"{address}?cell=50").content)["errors"]) == ["cell"]
    assert client.get(f"{PAGE}?from=2025-01-01&to=2025-12-31").status_code == 200


def test_few_appeals_are_not_shown_by_themselves(plant: Plant, settings: Settings) -> None:
    plant_a_year(plant)
    settings.REPORT_MIN_COUNT = 5
    found = find_trends(YEAR, 500)
    assert all(cell.count is None or cell.count == 0 or cell.count >= 5 for cell in found.cells)
    assert found.places[0].pattern is Pattern.NEW
    settings.REPORT_MIN_COUNT = 100_000
    found = find_trends(YEAR, 500)
    assert all(cell.count in {0, None} and cell.hot_months == 0 for cell in found.cells)
    assert found.places == ()


def test_page_and_files_say_the_same(
    client: Client, plant: Plant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plant_a_year(plant)
    plant([IN_EAST] * 9, hidden=True, submitted_at=noon(5))
    # 3 for the choices; 1 for how long it takes; the number, the first day, the ground, the counts by cell and by month; the places, and as there are none the districts; 2 for the limit.
    with django_assert_num_queries(11):
        response = client.get(f"{PAGE}?{QUERY}")
    found, page = response.context["trends"], response.content.decode()
    assert found.total == 820
    assert "Clearly more appeals in the last month, and never before." in page
    assert "neither clearly rises nor falls" in page
    assert "within 1,250 m (21 cells)" in page
    assert 'aria-current="page">Trends' in page
    assert f'src="{FILES[0]}?from=2025-01-01&amp;to=2025-12-31&amp;cell=500&amp;frame=1"' in page

    collection = client.get(f"{FILES[1]}?{QUERY}").json()
    assert collection["report"]["months"] == [f"2025-{month:02}" for month in range(1, 13)]
    assert sum(collection["report"]["appeals_by_month"]) == 820 - found.outside
    first = collection["features"][0]["properties"]
    assert (first["pattern"], first["hot_months"], len(first["months"])) == ("new", 1, 12)
    assert first["months"].index("h") == 11
    rows = list(csv.DictReader(io.StringIO(client.get(f"{FILES[2]}?{QUERY}").content.decode("utf-8-sig"))))
    assert [(row["cell"], row["pattern"], row["count"]) for row in rows] == [
        (cell.cell.id, cell.pattern.name.lower(), str(cell.count)) for cell in found.cells
    ]
    document = client.get(f"{FILES[0]}?{QUERY}").content.decode()
    # Held until the script hears them.
    assert '<input type="range" disabled min="0" max="12"' in document
    assert '<button type="button" disabled>Play' in document
    assert "December 2025" in document
    for address in FILES:
        assert client.get(f"{address}?{QUERY}").content == client.get(f"{address}?{QUERY}").content
    for language in ("ky", "ru"):
        for address in (f"/{language}/reports/trends/", f"/{language}/reports/trends.html"):
            assert f'<html lang="{language}">' in client.get(f"{address}?{QUERY}").content.decode()


@pytest.mark.parametrize("query", ["cell=75", "category=nonsense", "from=yesterday"])
def test_a_bad_question_is_answered_at_every_door(client: Client, city: GridCity, query: str) -> None:
    assert client.get(f"{PAGE}?{query}").status_code == 400
    for address in FILES:
        response = client.get(f"{address}?{query}")
        assert (response.status_code, list(response.json()["errors"])) == (400, [query.split("=")[0]])
