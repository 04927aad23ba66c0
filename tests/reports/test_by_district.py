"""Districts compared by ground and by their share of all appeals: every number is that of the rows."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from appeals.filters import AppealFilter
from districts.models import DistrictBoundary
from geo.hotspots import area_ratios, smoothed_ratios
from reports.by_district import LEAST_APPEALS, Measure, count_districts
from reports.district_sentences import district_summary_words
from reports.heatmap import make_heatmap
from reports.ratios import clear_level
from reports.tallies import Borders
from tests.grid import IN_EAST, IN_WEST, OUTSIDE, GridCity
from tests.reports.planting import EVERY_STATUS_QUERY, Plant

PAGE = "/en/reports/districts/"
FILES = ["/en/reports/districts.html", "/en/reports/districts.geojson", "/en/reports/districts.csv"]


def test_numbers_are_those_of_the_rows(plant: Plant, settings: Settings) -> None:
    plant([IN_EAST] * 30 + [IN_WEST] * 10, category="pothole")
    plant([IN_EAST] * 15 + [IN_WEST] * 25)
    plant([IN_EAST] * 40, hidden=True)
    plant([OUTSIDE] * 3, district=None)
    found = count_districts(AppealFilter())
    assert (found.measure, found.total, found.elsewhere, found.others) == (Measure.AREA, 83, 3, None)
    by_heatmap = {
        row.district.code: row.per_km2 for row in make_heatmap(AppealFilter()).districts if row.district
    }
    assert {row.district.code: row.per_km2 for row in found.rows} == by_heatmap
    areas = {row.district.code: row.district.area_m2 for row in found.rows}
    east = next(row for row in found.rows if row.district.code == "east")
    assert east.expected == pytest.approx(80 * areas["east"] / sum(areas.values()))

    # Of lamps the west has more than its share, though the east has more of everything.
    lamps = count_districts(AppealFilter(category="lamp", district="east"))
    assert (lamps.measure, lamps.total, lamps.elsewhere, lamps.others) == (Measure.ALL, 43, 3, 80)
    assert [row.district.code for row in lamps.rows] == ["west", "east"]
    expected = np.array([40 * 35 / 80, 40 * 45 / 80])
    assert [(row.count, row.expected) for row in lamps.rows] == [(25, expected[0]), (15, expected[1])]
    assert [row.ratio for row in lamps.rows] == pytest.approx([25 / expected[0], 15 / expected[1]])
    smoothed = smoothed_ratios(np.array([25, 15]), expected)
    assert [row.smoothed for row in lamps.rows] == pytest.approx(smoothed)
    # Half as many again are no clear difference of so few, and have no colour.
    assert [(row.direction, row.level) for row in lamps.rows] == [(0, 0), (0, 0)]
    judged = area_ratios(np.array([25, 15]), expected)
    assert [(row.low, row.high, row.q) for row in lamps.rows] == [
        *zip(judged.low, judged.high, judged.q, strict=True)
    ]
    assert district_summary_words(lamps).startswith("No district clearly has more or fewer than expected.")
    plant([IN_WEST] * 40)
    lamps = count_districts(AppealFilter(category="lamp"))
    assert [(row.district.code, row.direction) for row in lamps.rows] == [("west", 1), ("east", -1)]
    # The colour has the side of the sentence, however little the smoothed ratio is from 1.
    assert [row.level for row in lamps.rows] == [
        clear_level(row.smoothed or 0, row.direction) for row in lamps.rows
    ]
    assert (lamps.rows[0].level or 0) > 0 > (lamps.rows[1].level or 0)
    assert district_summary_words(lamps) == (
        "Clearly more than expected: west en. Clearly fewer than expected: east en."
    )

    settings.REPORT_MIN_COUNT = 20
    west, east = count_districts(AppealFilter(category="lamp")).rows
    assert (west.count, east.count, east.expected, east.smoothed, east.per_km2) == (
        65,
        None,
        None,
        None,
        None,
    )
    assert count_districts(AppealFilter(category="lamp"), Borders.TIME).rows == ()


def test_page_and_files_say_the_same(
    client: Client, plant: Plant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plant([IN_EAST] * 30 + [IN_WEST] * 10, category="pothole")
    plant([IN_EAST] * 5 + [IN_WEST] * 25)
    # 3 for the choices; 2 for how long it takes; the ground, the counts, those of all; 2 for the limit.
    with django_assert_num_queries(12):
        response = client.get(f"{PAGE}?category=lamp")
    page = response.content.decode()
    assert "Each district is compared with its share of all appeals of the same time (70 appeals)" in page
    assert f'href="/en/?{EVERY_STATUS_QUERY}&amp;category=lamp&amp;district=west"' in page
    assert 'name="cell"' not in page and 'name="district"' not in page
    assert "how many people live in each district is not known here" in client.get(PAGE).content.decode()
    # The other reports keep the question, without what this one does not know.
    assert 'href="/en/reports/hotspots/?category=lamp"' in page
    others = client.get("/en/reports/heatmap/?category=lamp&cell=250&district=west").content.decode()
    assert 'href="/en/reports/districts/?category=lamp"' in others
    assert "this page does not know it: cell" in client.get(f"{PAGE}?cell=250").content.decode()

    assert "Clearly more than expected: west en." in page and "▲ " in page
    facts = client.get("/en/reports/districts.json?category=lamp").json()["numbers"]
    assert (facts["clearly_more"], facts["by_district"][0]["district"]) == (["west"], "west")
    collection = client.get(f"{FILES[1]}?category=lamp").json()
    assert collection["report"]["compared_with"] == "all"
    rows = list(
        csv.DictReader(io.StringIO(client.get(f"{FILES[2]}?category=lamp").content.decode("utf-8-sig")))
    )
    assert [(row["district"], row["count"]) for row in rows] == [("west", "25"), ("east", "5")]
    for row, feature in zip(rows, collection["features"], strict=True):
        told = {name: "" if value is None else str(value) for name, value in feature["properties"].items()}
        assert told == row
        assert float(row["ratio_low"]) < float(row["ratio"]) < float(row["ratio_high"])
        assert feature["geometry"]["type"] == "MultiPolygon"
    document = client.get(f"{FILES[0]}?category=lamp").content.decode()
    assert "district={cell}" in document
    assert "Compared with the share of all appeals" in document
    # More is red and fewer blue, as hotspots are, with the marks of the table in the legend and at the names.
    assert [row["class"] for row in rows] == ["2", "-3"]
    assert 'class="hot-2"' in document and 'class="cold-3"' in document
    assert "▲ 1.25 to under 2 ×" in document and "▼ under 0.5 ×" in document
    assert "▲\u00a0west en" in document and "▼\u00a0east en" in document
    for address in FILES:
        assert client.get(address).content == client.get(address).content
        assert client.get(f"{address}?cell=250").status_code == 400
    for language in ("ky", "ru"):
        for address in (f"/{language}/reports/districts/", f"/{language}/reports/districts.html"):
            assert f'<html lang="{language}">' in client.get(address).content.decode()


def test_where_residents_are_known_all_appeals_are_compared_with_them(
    client: Client, plant: Plant, city: GridCity
) -> None:
    plant([IN_EAST] * 30 + [IN_WEST] * 10)
    boundaries = DistrictBoundary.objects.filter(revision=city.revision)
    boundaries.filter(district__code="east").update(residents=6_000)
    assert count_districts(AppealFilter()).measure is Measure.AREA
    boundaries.filter(district__code="west").update(residents=500)
    found = count_districts(AppealFilter())
    assert (found.measure, found.residents, found.others) == (Measure.RESIDENTS, 6_500, None)
    # Fewer appeals, of far fewer people.
    assert [(row.district.code, row.per_1000) for row in found.rows] == [("west", 20), ("east", 5)]
    assert [row.expected for row in found.rows] == pytest.approx([40 * 500 / 6_500, 40 * 6_000 / 6_500])
    page = client.get(PAGE).content.decode()
    assert "compared with its share of the residents (6,500 in all)" in page
    assert "per 1,000 residents" in page and ">20.0<" in page
    assert "is not known here" not in page
    first = client.get(FILES[1]).json()["features"][0]["properties"]
    assert (first["residents"], first["per_1000_residents"]) == (500, 20)
    document = client.get(FILES[0]).content.decode()
    assert "20.0 per 1,000 residents" in document
    assert "Compared with the share of the residents" in document
    for ending in ("parquet", "pdf", "json"):
        assert client.get(f"/ru/reports/districts.{ending}").status_code == 200
    # A category keeps its share of all appeals; its table has the rate too.
    lamps = count_districts(AppealFilter(category="lamp"))
    assert (lamps.measure, lamps.rows[0].per_1000) == (Measure.ALL, 5)
    assert count_districts(AppealFilter(), Borders.TIME).measure is Measure.AREA


def test_few_appeals_are_not_compared(client: Client, plant: Plant) -> None:
    plant([IN_EAST] * 30 + [IN_WEST] * 10, category="pothole")
    plant([IN_WEST] * (LEAST_APPEALS - 1))
    found = count_districts(AppealFilter(category="lamp"))
    assert not found.tested and {(row.q, row.level) for row in found.rows} == {(None, None)}
    page = client.get(f"{PAGE}?category=lamp").content.decode()
    assert "Too few to compare: 19 appeals in the districts, at least 20 are needed." in page
    assert "not compared" in client.get(f"{FILES[0]}?category=lamp").content.decode()


def test_without_appeals_there_is_no_ratio(client: Client, city: GridCity) -> None:
    assert "No appeals match these filters." in client.get(PAGE).content.decode()
    assert {row.count for row in count_districts(AppealFilter()).rows} == {0}
    assert count_districts(AppealFilter(category="lamp")).rows == ()
    assert [client.get(address).status_code for address in FILES] == [200, 200, 200]
    bad = client.get(f"{FILES[1]}?category=nonsense")
    assert (bad.status_code, list(bad.json()["errors"])) == (400, ["category"])
