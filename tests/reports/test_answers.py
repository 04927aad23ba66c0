"""The report of answers: every figure is that of the rows, counted here once more by other means."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone, translation
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries, Settings

from appeals.filters import AppealFilter
from appeals.models import Appeal
from geo.shares import difference, wilson
from reports.answer_sentences import ServiceTable, answers_summary_words
from reports.answers import ENOUGH, find_answers
from reports.figures import odds
from reports.kinds import KINDS
from reports.paper import answers_tables
from reports.sentences import names_words
from reports.tallies import Borders
from tests.grid import IN_EAST, IN_WEST, OUTSIDE, GridCity
from tests.reports.planting import Plant

PAGE = "/en/reports/answers/"
FILES = ["/en/reports/answers.html", "/en/reports/answers.geojson", "/en/reports/answers.csv"]


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), timezone.get_default_timezone())


def ago(days: int) -> dt.datetime:
    return noon(timezone.localdate() - dt.timedelta(days=days))


def plant_answers(
    plant: Plant, place: tuple[float, float], days: list[int | None], **changes: object
) -> None:
    """Appeals of 60 days ago with a term of 20 days, answered after so many; None is not answered yet."""
    for n in days:
        plant(
            [place],
            submitted_at=ago(60),
            due_on=timezone.localdate() - dt.timedelta(days=40),
            status="new" if n is None else "answered",
            answered_at=None if n is None else ago(60 - n),
            **changes,
        )


def test_figures_are_those_of_the_rows(plant: Plant, city: GridCity) -> None:
    east: list[int | None] = [2, 3, 5, 8, 13, 20, 21, 30, None, None, None, 1]
    west: list[int | None] = [*([4] * 30), *([25] * 10), None]
    plant_answers(plant, IN_EAST, east)
    plant_answers(plant, IN_WEST, west)
    plant([IN_EAST] * 4, hidden=True, submitted_at=ago(60))
    # Nobody knows here when it was answered; what still runs is no term; what was closed otherwise waits no longer.
    plant([IN_EAST] * 3, status="answered", submitted_at=ago(60))
    plant([IN_EAST], status="closed", submitted_at=ago(60), closed_at=ago(50))
    plant([IN_EAST], status="answered", submitted_at=ago(5), answered_at=ago(4), due_on=timezone.localdate())
    plant([IN_EAST], status="closed", outcome="withdrawn", submitted_at=ago(60), closed_at=ago(58))
    found = find_answers(AppealFilter(district="west", status=("answered",)))
    assert (found.total, found.elsewhere, found.whole.n) == (59, 4, 55)
    by_code = dict(zip((one.code for one in found.districts), found.answers, strict=True))
    one = by_code["east"]
    assert (one.n, one.waiting, one.over, one.kept) == (14, 4, 12, 7)
    # Kaplan and Meier by hand: 14 at risk on day 1, when two are answered; after the answer of day 2 one is withdrawn.
    before = 12 / 14 * 11 / 12 * 9 / 10 * 8 / 9 * 7 / 8
    assert before > 0.5 > before * 6 / 7
    assert (one.half_days, one.most_days, one.watched_days) == (13, None, 60)
    assert (by_code["west"].half_days, by_code["west"].most_days) == (4, 25)
    assert one.interval == wilson(7, 12)
    theirs = difference(np.array([7]), np.array([12]), np.array([30]), np.array([41]))
    assert one.compared and theirs
    assert (one.compared.value, one.compared.low, one.compared.high) == (
        theirs.value,
        theirs.low,
        theirs.high,
    )
    assert one.compared.level == 0
    (light,) = found.services
    assert [answers and answers.n for answers in light.districts] == [one.n for one in found.answers]


def test_like_is_compared_with_like_and_clear_differences_are_named(
    client: Client,
    plant: Plant,
    city: GridCity,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Potholes take long everywhere, and the east has most of them; the lamps of the east are late for no such reason.
    plant_answers(plant, IN_EAST, [30] * 40 + [5] * 10, category="pothole", service=city.services["roads"])
    plant_answers(plant, IN_WEST, [30] * 12 + [5] * 3, category="pothole", service=city.services["roads"])
    plant_answers(plant, IN_EAST, [30] * 20 + [5] * 10)
    plant_answers(plant, IN_WEST, [5] * 30)
    found = find_answers(AppealFilter())
    named = [
        (service.code, district.code, one.compared.level)
        for service, district, one in found.differing
        if one.compared
    ]
    assert named == [("light", "east", -1), ("light", "west", 1)]
    # 2 of the limit, 2 of the choices, 1 for how long it takes, 4 of the report.
    with django_assert_num_queries(9):
        page = client.get(PAGE).content.decode()
    assert "clearly fewer terms are kept in 1 pair of service and district and clearly more in 1" in page
    assert "Half of the appeals are answered within 30 days, nine of ten within 30 days." in page
    # What is too wide for a phone is pushed with the keys too.
    assert page.count('"report-wide"') == page.count('"report-wide" tabindex="0" role="region"') == 3
    # The slowest first, on the page and on paper.
    assert "Clearly fewer terms than in the rest of the city are kept in: east en." in page
    assert [district.code for district, _one in found.slowest_districts] == ["east", "west"]
    with translation.override("en"):
        by_district, pairs, by_service = answers_tables(found)
        (matrix,) = KINDS["answers"].matrices(found)
    assert [row[0] for row in by_district.rows[1:]] == ["east en", "west en"]
    assert [row[0] for row in by_service.rows] == ["roads en", "light en"]
    assert (pairs.rows[0][0], pairs.note) == ("light en\neast en", "")
    # Every pair, too.
    assert matrix.columns == ("Service", "All districts", "east en", "west en")
    assert matrix.rows[0][:3] == ("light en", "5\n67 %", "▼ 30\n33 %")
    assert matrix.tints == {(0, 2): "hot-3", (0, 3): "cold-3"}
    rows = list(csv.DictReader(io.StringIO(client.get(FILES[2]).content.decode("utf-8-sig"))))
    told = {(row["service"], row["district"]): row for row in rows}
    assert told["light", "east"]["share_kept"] == "0.3333"
    assert told["light", "east"]["level"] == "-1"
    assert told["roads", "east"]["level"] == "0"
    assert told["", ""]["count"] == "125"
    features = client.get(FILES[1]).json()["features"]
    assert {one["id"]: str(one["properties"]["terms_kept"]) for one in features} == {
        code: told["", code]["terms_kept"] for code in ("east", "west")
    }
    # What there is more of stands in the rows.
    for query, first, heads in (("", "Service", 2), ("?service=light", "District", 1)):
        shown = client.get(f"{PAGE}{query}").content.decode()
        table = shown[shown.index('id="by-service"') :].partition("</table>")[0]
        found_heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', table)
        assert (found_heads[0], len(found_heads)) == (first, 2 + heads)
        assert table.count('<th scope="row">') == 2
    facts = client.get("/en/reports/answers.json").json()
    assert [(one["service"], one["district"]) for one in facts["numbers"]["differing"]] == [
        ("light", "east"),
        ("light", "west"),
    ]
    assert "clearly fewer terms kept than elsewhere" in client.get(FILES[0]).content.decode()
    # What the page has no room for is said, with where it is; paper has all of it, however little of it a page holds.
    monkeypatch.setattr("reports.views.TOP_DIFFERING", 1)
    monkeypatch.setattr("geo.paper_map.sheet._FOOT", 150.0)
    page = client.get(PAGE).content.decode()
    assert "The first 1 of 2. All of them are in the PDF, the CSV and the JSON below" in page
    paper = PdfReader(io.BytesIO(client.get("/en/reports/answers.pdf").content))
    words = " ".join(" ".join(page.extract_text().split()) for page in paper.pages[1:])
    pairs_told = words[words.index("Where a service clearly differs") : words.index("By service")]
    assert pairs_told.count("light en") == 2 and "in the files of data" not in words
    for language in ("ky", "ru"):
        assert f'<html lang="{language}">' in client.get(f"/{language}/reports/answers/").content.decode()


@pytest.mark.parametrize(
    ("language", "count", "words"),
    [
        ("en", 7, "0, 1, 2, 3, 4, 5, 6"),
        ("en", 8, "0, 1, 2, 3, 4, 5, 6 and 1 more"),
        ("ru", 71, "0, 1, 2, 3, 4, 5, 6 и ещё 64"),
        ("ky", 2007, "0, 1, 2, 3, 4, 5, 6 жана дагы 2\u00a0000"),
    ],
)
def test_a_sentence_names_the_first_places_and_counts_the_others(
    language: str, count: int, words: str
) -> None:
    with translation.override(language):
        assert names_words([str(n) for n in range(count)]) == words


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_the_thousands_of_a_chance_stay_together(language: str) -> None:
    with translation.override(language):
        assert all("1\u00a0000" in odds(p) for p in (0.0001, 0.005))


@pytest.mark.parametrize(("heads", "rising"), [(6, False), (7, True)])
def test_the_names_above_many_columns_rise(heads: int, rising: bool) -> None:
    assert ServiceTable(False, ("a district",) * heads, ()).rising is rising


def test_a_district_that_has_more_of_what_takes_long_is_not_accused(plant: Plant, city: GridCity) -> None:
    plant_answers(plant, IN_EAST, [30] * 40 + [5] * 10, category="pothole")
    plant_answers(plant, IN_WEST, [30] * 8 + [5] * 2, category="pothole")
    plant_answers(plant, IN_EAST, [5] * 10)
    plant_answers(plant, IN_WEST, [5] * 50)
    found = find_answers(AppealFilter())
    east, west = found.answers
    assert east.share is not None and west.share is not None and abs(east.share - west.share) > 0.5
    assert east.compared and abs(east.compared.value) < 0.01
    assert found.differing == []
    # On paper the fewest are told as what they are.
    with translation.override("en"):
        assert "In no district are clearly fewer terms kept" in answers_summary_words(found)
        _districts, pairs, _services = answers_tables(found)
    assert len(pairs.rows) == 2 and "None of these differences is clear" in pairs.note


def test_few_appeals_have_no_figures_and_accuse_nobody(
    client: Client, plant: Plant, city: GridCity, settings: Settings
) -> None:
    plant_answers(plant, IN_EAST, [30] * (ENOUGH - 1))
    plant_answers(plant, IN_WEST, [5] * 200)
    found = find_answers(AppealFilter())
    by_code = dict(zip((one.code for one in found.districts), found.answers, strict=True))
    assert (by_code["east"].share, by_code["east"].compared, found.differing) == (None, None, [])
    # Nor is the west compared with so few.
    assert by_code["west"].compared is None
    page = client.get(PAGE).content.decode()
    assert f"({ENOUGH - 1})" in page
    settings.REPORT_MIN_COUNT = 20
    assert f"({ENOUGH - 1})" not in client.get(PAGE).content.decode()
    rows = list(csv.DictReader(io.StringIO(client.get(FILES[2]).content.decode("utf-8-sig"))))
    assert [row["count"] for row in rows if row["district"] == "east"] == ["", ""]


@pytest.mark.parametrize("borders", Borders)
def test_nothing_at_all_is_no_error(client: Client, plant: Plant, borders: Borders) -> None:
    assert "No appeals match these filters." in client.get(PAGE).content.decode()
    assert [client.get(address).status_code for address in FILES] == [200] * 3
    plant([OUTSIDE], district=None)
    assert find_answers(AppealFilter(), borders).whole.n == 1
    page = client.get(f"{PAGE}?borders={borders.value if borders is Borders.TIME else ''}").content.decode()
    assert "Too few for figures: 1 appeal, at least 10 are needed." in page
    assert client.get("/en/reports/answers.tif").status_code == 404
    assert Appeal.objects.count() == 1
