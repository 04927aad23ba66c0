"""Numbers are rounded, never cut off, and are the same on paper as on the page."""

from __future__ import annotations

import io
import re

import pytest
from django.test import Client
from django.utils import translation
from pypdf import PdfReader

from reports.figures import about, rounded, times
from tests.grid import IN_EAST
from tests.reports.planting import Plant, around, everywhere


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
    numbers = re.findall(r'<td class="report-table__number">([\d.,]+\.\d(?:\d?)(?: ×)?)</td>', page)
    assert len(numbers) > 1
    paper = PdfReader(io.BytesIO(client.get(f"/en/reports/{report}.pdf{query}").content))
    words = " ".join(paper.pages[1].extract_text().split())
    assert [number for number in numbers if number not in words] == []
