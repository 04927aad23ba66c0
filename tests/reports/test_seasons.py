"""The report of seasons: the category that follows the year is named, every number is that of the rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone, translation
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries, Settings

from appeals.filters import AppealFilter
from geo.hotspots import seasonality
from reports.season_sentences import height_words
from reports.seasons import find_seasons
from reports.sentences import question_words
from tests.grid import IN_EAST, GridCity
from tests.reports.planting import Plant

PAGE = "/en/reports/seasons/"
QUERY = "from=2024-01-01&to=2025-12-31"
YEARS = AppealFilter(since=dt.date(2024, 1, 1), until=dt.date(2025, 12, 31))


def plant_two_years(plant: Plant) -> dict[str, list[int]]:
    """Potholes in spring, lamps as many in each month, trees too few; one lamp of a day that is not counted."""
    counted: dict[str, list[int]] = {"pothole": [], "lamp": [], "tree": []}
    for month in range(24):
        day = dt.datetime(2024 + month // 12, month % 12 + 1, 15, 12, tzinfo=timezone.get_default_timezone())
        numbers = {
            "pothole": 2 + round(12 * np.exp(-(((month % 12) - 3) ** 2) / 3)) + month % 2,
            "lamp": 5 + month % 3,
            "tree": 1,
        }
        for category, n in numbers.items():
            plant([IN_EAST] * n, category=category, submitted_at=day)
            counted[category].append(n)
    plant([IN_EAST], submitted_at=dt.datetime(2023, 12, 20, 12, tzinfo=timezone.get_default_timezone()))
    return counted


def test_the_category_that_follows_the_year_is_named(
    client: Client, plant: Plant, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    counted = plant_two_years(plant)
    found = find_seasons(YEARS)
    rows = {row.code: row for row in found.rows}
    assert [row.code for row in found.clear] == ["pothole"] == [found.rows[0].code]
    assert (rows["pothole"].peak, rows["lamp"].q is None, rows["tree"].q) == (4, False, None)
    for code, series in counted.items():
        assert [month.count for month in rows[code].months] == np.add(series[:12], series[12:]).tolist()
    months = np.arange(24) % 12
    days = np.array(
        [
            (dt.date(2024 + (n + 1) // 12, (n + 1) % 12 + 1, 1) - dt.date(2024 + n // 12, n % 12 + 1, 1)).days
            for n in range(24)
        ]
    )
    one = seasonality(np.array(counted["pothole"]), months, days)
    april = (counted["pothole"][3] + counted["pothole"][15]) / (one.expected[3] + one.expected[15])
    assert rows["pothole"].months[3].index == pytest.approx(april)
    two = seasonality(np.array(counted["lamp"]), months, days)
    # Of two that were tested, the surer one's chance is doubled.
    assert rows["pothole"].q == pytest.approx(min(2 * one.p, two.p))
    assert found.years == (2,) * 12

    # 2 of the limit, 3 of the choices, 1 for how long it takes, 4 of the report.
    with django_assert_num_queries(10):
        page = client.get(f"{PAGE}?{QUERY}").content.decode()
    assert "Of 2 categories tested, 1 clearly follows the season." in page
    assert re.search(r"<li>[^<]+ – most: April \(\d", page)
    # A season that is not clear has its numbers, and no colour.
    assert page.partition("<tbody>")[2].partition("</tbody>")[0].count("data-level") == 12
    with translation.override("ru"):
        assert "больше всего: апрель (" in height_words(found.clear[0])
    assert "Some months were seen in fewer than three years" in page
    assert "<iframe" not in page
    table = list(
        csv.DictReader(
            io.StringIO(client.get(f"/en/reports/seasons.csv?{QUERY}").content.decode("utf-8-sig"))
        )
    )
    assert [int(row["count"]) for row in table if row["category"] == "tree"] == [2] * 12
    facts = client.get(f"/en/reports/seasons.json?{QUERY}").json()
    assert [(row["category"], row["peak"]) for row in facts["numbers"]["seasonal"]] == [("pothole", 4)]
    paper = PdfReader(io.BytesIO(client.get(f"/ru/reports/seasons.pdf?{QUERY}").content))
    assert len(paper.pages) == 1
    words = " ".join(paper.pages[0].extract_text().split())
    for part in ("Сезоны", "Категория по месяцам года", "Столвейк", "1 / 1"):
        assert part in words
    for ending in ("html", "png", "geojson", "parquet"):
        assert client.get(f"/en/reports/seasons.{ending}").status_code == 404
    for language in ("ky", "ru"):
        assert f'<html lang="{language}">' in client.get(f"/{language}/reports/seasons/").content.decode()

    settings.REPORT_MIN_COUNT = 10
    few = {row.code: row for row in find_seasons(YEARS).rows}
    assert {month.count for month in few["tree"].months} == {None}
    assert few["pothole"].months[7].index is None


def test_too_little_is_said(client: Client, plant: Plant, city: GridCity) -> None:
    assert "No appeals match these filters." in client.get(PAGE).content.decode()
    plant_two_years(plant)
    page = client.get(f"{PAGE}?from=2025-01-01&to=2025-12-31").content.decode()
    assert "Too short for a season: 12 whole months, at least 18 are needed." in page
    page = client.get(f"{PAGE}?{QUERY}&category=tree").content.decode()
    assert "No category has enough appeals to be tested: at least 60 are needed." in page
    # The question's number is that of its own days, without those that are left out.
    found = find_seasons(replace(YEARS, since=dt.date(2024, 1, 2)))
    assert found.unfinished and question_words(found, []) == (
        f"{sum(row.total for row in found.rows)} appeals · 1 February 2024 – 31 December 2025"
    )
    page = client.get(f"{PAGE}?from=2024-01-02&to=2025-12-31").content.decode()
    assert f"{found.unfinished} appeals of other days are left out." in page
