"""Alerts of planted appeals: called where and when they were planted, every number is that of the rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from appeals.filters import AppealFilter
from appeals.models import Appeal
from reports import alerts as module
from reports.alerts import find_alerts
from reports.hotspots import Refusal
from reports.paper import alerts_tables
from reports.sizes import TooFine
from reports.weeks import LEAST_DAYS, LEAST_WEEKS, MOST_WEEKS, whole_weeks
from tests.grid import IN_EAST, IN_WEST, GridCity
from tests.reports.planting import CLOSE, Plant, around, everywhere

PAGE = "/en/reports/alerts/"
FILES = ["/en/reports/alerts.html", "/en/reports/alerts.geojson", "/en/reports/alerts.csv"]
FIRST, LAST = dt.date(2025, 3, 3), dt.date(2025, 12, 9)
ASKED = AppealFilter(since=FIRST, until=LAST)
QUERY = f"from={FIRST}&to={LAST}&cell=500"
WEEKS = 40


def in_week(week: int) -> dt.datetime:
    """Noon of the Monday of that week, from 0."""
    noon = dt.datetime.combine(FIRST, dt.time(12), timezone.get_default_timezone())
    return noon + dt.timedelta(weeks=week)


def plant_weeks(plant: Plant) -> None:
    """15 in each week anywhere, and 15 in the west: a lasting hotspot."""
    for week in range(WEEKS):
        plant(everywhere(15, week) + around(IN_WEST, 15, week, 4 * CLOSE), submitted_at=in_week(week))


def plant_what_is_new(plant: Plant) -> None:
    """12 more in the east in each of the last two weeks."""
    for week in (WEEKS - 2, WEEKS - 1):
        plant(around(IN_EAST, 12, week), submitted_at=in_week(week))


def test_what_is_new_is_an_alert_and_what_lasts_is_none(plant: Plant) -> None:
    plant_weeks(plant)
    quiet = find_alerts(ASKED, 500)
    assert (quiet.refusal, quiet.alerts, len(quiet.weeks)) == (None, (), WEEKS)
    assert quiet.strongest is not None and quiet.strongest.level == 0
    assert {cell.level for cell in quiet.cells} == {0}
    # On paper too, beside the weeks.
    strongest, weeks = alerts_tables(quiet)
    assert strongest.rows[0][1] == str(quiet.strongest.count)
    assert [row[1] for row in weeks.rows] == ["30.0", *["30"] * 8]

    plant_what_is_new(plant)
    found = find_alerts(ASKED, 500)
    (alert,) = found.alerts
    assert alert.weeks == 2
    assert alert.box.west <= IN_EAST[0] <= alert.box.east
    assert alert.box.south <= IN_EAST[1] <= alert.box.north
    assert (alert.p, alert.level) == (0.001, 3)
    assert found.cells[0].alert == 1

    # Counted again from the rows.
    counted = Appeal.objects.filter(submitted_at__gte=in_week(WEEKS - 2))
    cells = [
        (int(point.x // 500), int(point.y // 500))
        for point in (appeal.point.transform(32643, clone=True) for appeal in counted)
    ]
    assert alert.count == sum(cell in alert.cells for cell in cells) >= 20
    assert alert.ratio > 5
    assert [row.count for row in found.recent] == [30] * 6 + [42, 42]
    assert found.usual == 30
    assert sum(cell.count or 0 for cell in found.cells) == 6 * 30 + 2 * 42
    # What is expected is a share of all: together as much as came in.
    assert found.surface is not None
    count, expected, number = (np.nansum(band.values) for band in found.surface.bands)
    assert (count, expected, number) == (264, pytest.approx(264), len(alert.cells))


def test_what_the_whole_city_has_more_of_is_no_alert(plant: Plant) -> None:
    plant_weeks(plant)
    for week in range(WEEKS - 4, WEEKS):
        plant(
            everywhere(30, 100 + week) + around(IN_WEST, 30, 100 + week, 4 * CLOSE),
            submitted_at=in_week(week),
        )
    found = find_alerts(ASKED, 500)
    assert (found.recent[-1].count, found.alerts) == (90, ())


def test_weeks_are_whole_and_of_a_year_at_most(plant: Plant, client: Client) -> None:
    plant_weeks(plant)
    plant([IN_EAST] * 3, submitted_at=in_week(WEEKS))
    found = find_alerts(replace(ASKED, since=FIRST + dt.timedelta(days=1)), 500)
    assert (found.weeks[0], found.until) == (FIRST + dt.timedelta(weeks=1), dt.date(2025, 12, 7))
    assert found.unfinished == 3
    assert (found.counted.since, found.lately.since) == (found.weeks[0], found.weeks[-8])
    page = client.get(f"{PAGE}?from=2025-03-04&to=2025-12-10&cell=500").content.decode()
    assert "39 whole weeks, Monday to Sunday, up to 7 December 2025 are counted. 3 appeals" in page
    # Without days: what is older than a year and some weeks is another time, and this week is not over.
    everything = find_alerts(AppealFilter(), 500)
    assert len(everything.weeks) <= MOST_WEEKS
    # Before the first appeal of all there is no week to count.
    early = find_alerts(AppealFilter(since=dt.date(2020, 1, 1), until=FIRST + dt.timedelta(days=100)), 500)
    assert (early.refusal, early.weeks[0]) == (Refusal.FEW_WEEKS, FIRST)
    assert everything.until < timezone.localdate()
    assert whole_weeks(FIRST, FIRST + dt.timedelta(days=6)) == (FIRST,)
    assert whole_weeks(FIRST, FIRST + dt.timedelta(days=5)) == ()
    for day in range(7):
        begun = FIRST + dt.timedelta(days=day)
        assert len(whole_weeks(begun, begun + dt.timedelta(days=LEAST_DAYS - 1))) >= LEAST_WEEKS


def test_what_is_too_little_is_refused_with_the_reason(
    plant: Plant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_weeks(plant)
    short = client.get(f"{PAGE}?from=2025-11-01&to=2025-12-09&cell=500")
    assert short.context["alerts"].refusal is Refusal.FEW_WEEKS
    words = short.content.decode()
    assert "Too short to tell what is new: 5 whole weeks, at least 16 are needed." in words
    assert "<iframe" not in words
    (link,) = re.findall(r'href="(\?[^"]+)">.*The whole year up to 9 December 2025', words)
    assert client.get(PAGE + unescape(link)).context["alerts"].refusal is None
    assert [period.name for period in short.context["form"].periods()] == ["Year", "All time"]
    plant(around(IN_EAST, 9), category="pothole", submitted_at=in_week(30))
    few = client.get(f"{PAGE}?{QUERY}&category=pothole").content.decode()
    assert "Too few for a test: 9 appeals" in few
    refused = client.get(f"{FILES[1]}?{QUERY}&category=pothole").json()
    assert (refused["features"], refused["report"]["not_searched_because"]) == ([], "few appeals")
    assert "Too few for a test" in client.get(f"{FILES[0]}?{QUERY}&category=pothole").content.decode()
    assert find_alerts(ASKED, 5_000).refusal is Refusal.FEW_CELLS

    # More cells than can be searched: a size that was chosen is wrong, the automatic one says what to do.
    monkeypatch.setattr(module, "MOST_PLACES", 40)
    with pytest.raises(TooFine):
        find_alerts(ASKED, 50)
    fine = client.get(f"{PAGE}?from={FIRST}&to={LAST}&cell=50")
    assert (fine.status_code, "more than this report can take (40)" in fine.content.decode()) == (400, True)
    many = client.get(f"{PAGE}?from={FIRST}&to={LAST}")
    assert many.context["alerts"].refusal is Refusal.MANY_PLACES
    assert "Choose a district." in many.content.decode()


def test_nothing_at_all_is_no_error(city: GridCity, client: Client) -> None:
    assert "No appeals match these filters." in client.get(PAGE).content.decode()
    assert [client.get(address).status_code for address in FILES] == [200, 200, 200]


def test_few_appeals_are_not_shown_by_themselves(plant: Plant, settings: Settings) -> None:
    plant_weeks(plant)
    plant_what_is_new(plant)
    told = find_alerts(ASKED, 500)
    settings.REPORT_MIN_COUNT = 5
    found = find_alerts(ASKED, 500)
    assert all(cell.count is None or cell.count >= 5 for cell in found.cells)
    assert {cell.cell for cell in told.cells if cell.count and cell.count < 5 and not cell.alert}.isdisjoint(
        cell.cell for cell in found.cells
    )
    assert any(cell.expected is None for cell in found.cells)
    assert [(alert.cells, alert.count, alert.p) for alert in found.alerts] == [
        (alert.cells, alert.count, alert.p) for alert in told.alerts
    ]
    assert found.surface is not None
    counts = found.surface.bands[0].values
    assert not ((counts > 0) & (counts < 5)).any()
    # What came in before is told neither: so many as may be shown are what is expected by.
    settings.REPORT_MIN_COUNT = 20
    (alert,) = find_alerts(ASKED, 500).alerts
    assert alert.count >= 20
    assert alert.expected > told.alerts[0].expected
    settings.REPORT_MIN_COUNT = 100_000
    assert find_alerts(ASKED, 500).alerts == ()


def test_page_and_files_say_the_same(
    client: Client, plant: Plant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plant_weeks(plant)
    plant_what_is_new(plant)
    plant([IN_EAST] * 9, hidden=True, submitted_at=in_week(WEEKS - 1))
    # 3 for the choices; 1 for how long it takes; the number, the first day, the ground, the counts by cell and by week; the place of the sentence, those of the
    # table, and as there are none their districts; 2 for the limit.
    with django_assert_num_queries(15):
        response = client.get(f"{PAGE}?{QUERY}")
    found, page = response.context["alerts"], response.content.decode()
    (alert,) = found.alerts
    assert found.total == WEEKS * 30 + 24
    assert "In 1 place clearly more came in of late than the weeks before let expect." in page
    assert f"{alert.count} appeals in the last 2 weeks" in page
    assert 'aria-current="page">Alerts' in page
    (link,) = re.findall(r'href="(/en/\?[^"]*bbox=[^"]*)"', page)
    assert "from=2025-11-24" in link and "to=2025-12-07" in link

    collection = client.get(f"{FILES[1]}?{QUERY}").json()
    assert collection["report"]["weeks"][0] == "2025-W10"
    (told,) = collection["report"]["alerts"]
    assert (told["count"], told["weeks"], told["p"]) == (alert.count, 2, 0.001)
    assert collection["features"][0]["properties"]["alert_count"] == alert.count
    rows = list(csv.DictReader(io.StringIO(client.get(f"{FILES[2]}?{QUERY}").content.decode("utf-8-sig"))))
    assert [(row["cell"], row["count"], row["alert"]) for row in rows] == [
        (cell.cell.id, str(cell.count), str(cell.alert or "")) for cell in found.cells
    ]
    document = client.get(f"{FILES[0]}?{QUERY}").content.decode()
    assert f"Alert 1: {alert.count} appeals" in document
    for address in FILES:
        assert client.get(f"{address}?{QUERY}").content == client.get(f"{address}?{QUERY}").content
    for language in ("ky", "ru"):
        assert (
            f'<html lang="{language}">' in client.get(f"/{language}/reports/alerts/?{QUERY}").content.decode()
        )


@pytest.mark.parametrize("query", ["cell=75", "category=nonsense", "from=yesterday"])
def test_a_bad_question_is_answered_at_every_door(client: Client, city: GridCity, query: str) -> None:
    assert client.get(f"{PAGE}?{query}").status_code == 400
    for address in FILES:
        response = client.get(f"{address}?{query}")
        assert (response.status_code, list(json.loads(response.content)["errors"])) == (
            400,
            [query.split("=")[0]],
        )
