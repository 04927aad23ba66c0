"""Numbers are rounded, never cut off, and are the same on paper as on the page."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.test import Client
from django.utils import translation
from pypdf import PdfReader

from reports.figures import about, odds, rounded, statistic, times
from reports.ratios import clear_level, clear_level_words, ratio_class, ratio_words
from tests.grid import IN_EAST, IN_WEST
from tests.reports.planting import Plant, around, everywhere
from tests.reports.test_trends import plant_a_year


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (3.96, 1, "4.0"),
        (45.6, 0, "46"),
        (2.055, 2, "2.06"),
        (0.5, 0, "1"),
        (1.05, 1, "1.1"),
        (1234.5, 0, "1,235"),
    ],
)
def test_numbers_are_rounded_as_on_the_pages(value: float, decimals: int, written: str) -> None:
    with translation.override("en"):
        assert rounded(value, decimals) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0889, "0.09"),
        (0.1056, "0.11"),
        (37.9, "38"),
        (9.96, "10"),
        (0.96, "1.0"),
        (2.47, "2.5"),
        (0.0, "0.0"),
    ],
)
def test_expected_numbers_fit_the_ratio_beside_them(value: float, written: str) -> None:
    with translation.override("en"):
        assert about(value) == written
    with translation.override("ru"):
        assert about(value) == written.replace(".", ",")
        assert times(1.96) == "2,0 ×"


@pytest.mark.parametrize("report", ["heatmap", "hotspots", "districts"])
def test_paper_has_the_numbers_of_the_page(client: Client, plant: Plant, report: str) -> None:
    plant(everywhere(600, 1), category="pothole")
    plant(everywhere(150, 2) + around(IN_EAST, 40))
    query = "?cell=250" if report == "hotspots" else "?category=lamp"
    page = client.get(f"/en/reports/{report}/{query}").content.decode()
    numbers = re.findall(r'<td class="report-table__number">([\d.,]+(?: ×)?)</td>', page)
    assert len(numbers) > 1
    paper = PdfReader(io.BytesIO(client.get(f"/en/reports/{report}.pdf{query}").content))
    words = " ".join(paper.pages[1].extract_text().split())
    assert [number for number in numbers if number not in words] == []


def test_every_report_of_all_time_says_its_days(client: Client, plant: Plant) -> None:
    plant(everywhere(30))
    for report in ("heatmap", "hotspots", "districts"):
        page = client.get(f"/en/reports/{report}/").content.decode()
        assert "30 appeals · 10 March 2026" in page, report
        facts = client.get(f"/en/reports/{report}.json").json()
        assert "10 March 2026" in facts["sentences"][0], report


def test_what_was_not_tested_is_not_said_to_be(client: Client, plant: Plant) -> None:
    plant([IN_EAST] * 9 + [IN_WEST] * 4)
    document = client.get("/en/reports/hotspots.html?cell=250").content.decode()
    assert "Too few for a test" in document
    # A legend of counts, and no method.
    assert "Appeals per 250 m cell" in document
    assert "no clear difference" not in document and "Benjamini" not in document
    facts = client.get("/en/reports/hotspots.json?cell=250").json()
    # Nothing is expected, which is not a number of nought.
    assert facts["numbers"]["expected_in_places"] is None
    cells = client.get("/en/reports/hotspots.geojson?cell=250").json()["features"]
    assert {cell["properties"]["expected"] for cell in cells} == {None}
    table = client.get("/en/reports/hotspots.csv?cell=250").content.decode("utf-8-sig")
    assert {row["expected"] for row in csv.DictReader(io.StringIO(table))} == {""}
    assert (facts["method"]["test"], facts["method"]["corrected"]) == (None, None)
    paper = PdfReader(io.BytesIO(client.get("/ru/reports/hotspots.pdf?cell=250").content))
    words = " ".join(" ".join(page.extract_text().split()) for page in paper.pages)
    assert "без явного отличия" not in words and "Бенджамини" not in words


def test_paper_has_the_trend_of_all_the_months_and_where_the_places_are(client: Client, plant: Plant) -> None:
    plant_a_year(plant)
    query = "?from=2025-01-01&to=2025-12-31&cell=500"
    page = client.get(f"/en/reports/trends/{query}")
    words = page.context["summary"]
    assert words in client.get(f"/en/reports/trends.json{query}").json()["sentences"][1]
    assert words in client.get(f"/en/reports/trends.html{query}").content.decode()
    answer = client.get(f"/en/reports/trends.pdf{query}")
    first, second = (
        " ".join(one.extract_text().split()) for one in PdfReader(io.BytesIO(answer.content)).pages
    )
    assert words in first
    assert "Month by month" in second and "December 2025" in second
    for _row, name, sentence in page.context["patterns"]:
        assert f"{name} {sentence}" in second
    # The places of the table have their numbers on the map.
    assert "1. " in second
    assert re.search(r"(?<!\d)1(?!\d)", first.replace("1 / 2", ""))


def test_a_file_is_named_by_what_was_asked(client: Client, plant: Plant) -> None:
    plant(everywhere(30))
    answer = client.get("/ru/reports/hotspots.csv?category=lamp&from=2026-01-01&to=2026-03-31&cell=250")
    assert answer["Content-Disposition"] == (
        'attachment; filename="appeals-hotspots-lamp-2026-01-01_2026-03-31-250m-ru.csv"'
    )


def test_a_file_without_a_table_does_not_speak_of_one(client: Client, plant: Plant) -> None:
    plant(everywhere(30))
    assert "The table has both." in client.get("/en/reports/districts/").content.decode()
    assert "The table has both." not in client.get("/en/reports/districts.html").content.decode()


def test_a_chance_is_told_without_statistics() -> None:
    assert [odds(p) for p in (0.0004, 0.001, 0.0094, 0.0096, 0.4)] == [
        "under 1 in 1,000",
        "1 in 1,000",
        "9 in 1,000",
        "1 in 100",
        "40 in 100",
    ]
    assert [statistic("q", q) for q in (0.0004, 0.0094)] == ["q\xa0<\xa00.001", "q\xa0=\xa00.009"]


def test_a_ratio_has_the_colour_of_what_is_written() -> None:
    assert [(ratio_words(one), ratio_class(one)) for one in (0.7966, 0.794, 1.2449, 1.246, 2.0)] == [
        ("0.80", 2),
        ("0.79", 1),
        ("1.24", 2),
        ("1.25", 3),
        ("2.00", 4),
    ]


def test_what_is_clear_has_the_colour_and_the_mark_of_its_side() -> None:
    told = [(0.4, -1), (0.6, -1), (0.9, -1), (1.0, -1), (1.0, 1), (1.2, 1), (1.3, 1), (2.0, 1)]
    assert [clear_level(*one) for one in told] == [-3, -2, -1, -1, 1, 1, 2, 3]
    assert [clear_level_words(level) for level in (-3, -2, -1, 1, 2, 3)] == [
        "▼ under 0.5 ×",
        "▼ 0.5 to under 0.8 ×",
        "▼ 0.8 to under 1 ×",
        "▲ 1 to under 1.25 ×",
        "▲ 1.25 to under 2 ×",
        "▲ 2 × and more",
    ]
