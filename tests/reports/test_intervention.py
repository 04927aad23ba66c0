"""The report of before and after: what is planted is told, every number is that of the rows, what lacks is asked for."""

from __future__ import annotations

import csv
import datetime as dt
import io
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone, translation
from django.utils.formats import date_format
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries, Settings

from appeals.filters import AppealFilter
from appeals.models import Appeal
from geo.drawn import place_from_text
from geo.hotspots import Unanswerable
from reports.change_sentences import change_method_words, change_notes, month_days_words
from reports.intervention import find_change, months_around
from reports.questions import Intervention
from tests.grid import GridCity
from tests.reports.planting import Plant, everywhere

PAGE = "/en/reports/before-after/"
#: Four whole months are over since.
ON = months_around(timezone.localdate().replace(day=1), (dt.date(2000, 1, 1), dt.date(2000, 1, 2)))[8]
#: A square of some 700 m, written latitude first.
CORNERS = "40.517, 72.756\n40.517, 72.764\n40.523, 72.764\n40.523, 72.756"
AREA = {"on": ON.isoformat(), "shape": "area", "corners": CORNERS}


def inside(place: tuple[float, float]) -> bool:
    return 72.756 <= place[0] <= 72.764 and 40.517 <= place[1] <= 40.523


def plant_a_change(plant: Plant) -> None:
    """250 appeals a month everywhere in eight months before and four after, when of those in the square one of five is left."""
    months = months_around(ON, (dt.date(2000, 1, 1), timezone.localdate() - dt.timedelta(days=1)))[4:-1]
    for n, month in enumerate(months):
        kept = [
            place
            for number, place in enumerate(everywhere(250, 100 + n))
            if n < 8 or not inside(place) or number % 5 == 0
        ]
        plant(kept, submitted_at=dt.datetime.combine(month, dt.time(12), timezone.get_default_timezone()))


def test_months_run_from_the_day_as_far_as_the_days_go() -> None:
    on, days = dt.date(2026, 1, 15), (dt.date(2025, 10, 20), dt.date(2026, 3, 14))
    assert months_around(on, days) == (
        dt.date(2025, 11, 15),
        dt.date(2025, 12, 15),
        on,
        dt.date(2026, 2, 15),
        dt.date(2026, 3, 15),
    )
    assert months_around(dt.date(2026, 3, 31), (dt.date(2026, 2, 1), dt.date(2026, 4, 29)))[:2] == (
        dt.date(2026, 2, 28),
        dt.date(2026, 3, 31),
    )
    assert len(months_around(on, (dt.date(2000, 1, 1), dt.date(2050, 1, 1)))) == 25
    assert months_around(on, None) == ()


def test_what_was_planted_is_told_and_numbers_are_those_of_the_rows(
    client: Client, plant: Plant, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plant_a_change(plant)
    done = Intervention(ON, place_from_text("area", CORNERS, ""))
    found = find_change(AppealFilter(category="lamp", district="west"), done)
    assert found.found and found.ring and not found.asks
    area = {(cell.i, cell.j) for cell, role in found.cells if role == "area"}
    counted = dict.fromkeys(range(12), 0)
    for appeal in Appeal.objects.all():
        metric = appeal.point.transform(32643, clone=True)
        if (metric.x // found.cell_m, metric.y // found.cell_m) in area:
            day = appeal.submitted_at.astimezone(timezone.get_default_timezone()).date()
            counted[next(n for n, month in enumerate(found.months) if month.first <= day <= month.last)] += 1
    assert [month.count for month in found.months] == [counted[n] for n in range(12)]
    assert found.total == Appeal.objects.count()
    assert [month.before for month in found.months] == [True] * 8 + [False] * 4
    assert found.found.ratio and found.found.ratio < 0.5
    assert found.clear and found.found.high and found.found.high < 1
    # So small a city has too few places like the surroundings.
    assert (found.ring.refusal, found.ring.p) == (Unanswerable.FEW_PLACES, None)
    assert found.ring.ratio == pytest.approx(1, abs=0.4)
    assert not {cell for cell, role in found.cells if role == "control"} & {
        cell for cell, role in found.cells if role != "control"
    }

    # 2 of the limit, 4 of the choices, 1 for how long it takes, 3 of the report.
    with django_assert_num_queries(9):
        page = client.get(f"{PAGE}?{urlencode(AREA)}").content.decode()
    assert "That is clearly fewer" in page and "Expected" in page
    assert "Of the surroundings up to 300 m nothing can be told" in page
    assert f"Done on: {date_format(ON, 'DATE_FORMAT')}" in page
    # The other reports do not know what was done.
    assert 'href="/en/reports/heatmap/"' in page
    rows = list(
        csv.DictReader(
            io.StringIO(
                client.get(f"/en/reports/before-after.csv?{urlencode(AREA)}").content.decode("utf-8-sig")
            )
        )
    )
    assert [int(row["area"]) for row in rows] == [counted[n] for n in range(12)]
    facts = client.get(f"/en/reports/before-after.json?{urlencode(AREA)}").json()
    assert facts["numbers"]["area"]["ratio"] == pytest.approx(found.found.ratio, rel=1e-5)
    roles = [
        one["properties"]["role"]
        for one in client.get(f"/en/reports/before-after.geojson?{urlencode(AREA)}").json()["features"]
    ]
    assert roles.count("area") == len(area) and {*roles} == {"area", "ring", "control"}
    document = client.get(f"/en/reports/before-after.html?{urlencode(AREA)}").content.decode()
    assert "its surroundings, up to 300 m" in document
    assert '<html lang="ky">' in client.get(f"/ky/reports/before-after/?{urlencode(AREA)}").content.decode()

    few = find_change(AppealFilter(category="pothole", district="west"), Intervention(ON))
    assert few.found and few.found.refusal is Unanswerable.FEW_APPEALS
    with translation.override("en"):
        assert "95 times of 100" in " ".join(change_method_words(found))
        days = month_days_words(few.months[0].first, ON - dt.timedelta(days=1))
        said = " ".join(change_notes(few, []))
    assert f"in the 8 whole months before that day ({days}); the report looks back 12 months at most" in said
    assert "the cells of 100 m that cover it" in said and "95 times of 100" not in said

    # Few appeals are not shown by themselves.
    settings.REPORT_MIN_COUNT = 20
    few = find_change(AppealFilter(), done)
    assert few.found and few.found.refusal is Unanswerable.FEW_APPEALS
    assert {month.count for month in few.months} <= {None, 0}


def test_what_lacks_is_asked_for(client: Client, plant: Plant, city: GridCity) -> None:
    plant(everywhere(200))
    for query, said in (
        ({}, "Say what was done where and when"),
        ({"on": ON.isoformat()}, "Say where it was done"),
        ({"district": "west"}, "Say on which day something was done."),
        ({"on": "2090-01-15", "district": "west"}, "There are no whole months on both sides of this day yet"),
        ({"on": "2026-04-10", "district": "west"}, "Too short: 1 whole month before that day"),
        (
            {**AREA, "on": "2026-04-10", "corners": "40.52, 72.75\n40.52, 72.7501\n40.5201, 72.7501"},
            "The area is smaller than a cell of 100 m.",
        ),
    ):
        answer = client.get(f"{PAGE}?{urlencode(query)}")
        assert (answer.status_code, said in answer.content.decode()) == (200, True), query
        for ending in ("json", "csv", "geojson", "html"):
            assert client.get(f"/en/reports/before-after.{ending}?{urlencode(query)}").status_code == 200
    # What is not asked yet has nothing to take along; what has no control, nothing that is expected.
    asking, short = (
        client.get(f"{PAGE}?{urlencode(query)}").content.decode()
        for query in ({}, {"on": "2026-04-10", "district": "west"})
    )
    assert "report-downloads" not in asking and "report-downloads" in short
    assert "<table" in short and "Expected" not in short and "expected" not in short
    paper = PdfReader(
        io.BytesIO(client.get("/en/reports/before-after.pdf?on=2026-04-10&district=west").content)
    )
    assert "Expected" not in paper.pages[1].extract_text()
    for query, wrong in (
        ({"on": "yesterday"}, "on"),
        ({"shape": "area"}, "corners"),
        ({"shape": "area", "corners": "a\nb"}, "corners"),
        ({"shape": "circle"}, "shape"),
        ({"shape": "line", "corners": CORNERS, "reach_m": "x"}, "reach_m"),
        ({"from": "2026-01-01"}, "from"),
    ):
        answer = client.get(f"/en/reports/before-after.json?{urlencode(query)}")
        assert (answer.status_code, [*answer.json()["errors"]]) == (400, [wrong]), query
    assert client.get(f"{PAGE}?shape=area").status_code == 400
