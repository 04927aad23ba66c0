"""A period against the same days a year before."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries, Settings
from scipy.stats import false_discovery_control

from appeals.filters import AppealFilter
from appeals.models import Appeal
from geo.hotspots import rate_ratio
from reports.by_district import count_districts
from reports.heatmap import make_heatmap
from reports.hotspots import find_hotspots
from reports.paper import heatmap_tables
from reports.questions import Days
from reports.saved import question
from reports.year_before import (
    OwnChange,
    TwoPeriods,
    Uncompared,
    YearBefore,
    a_year_before,
    each_with_its_own,
    two_periods,
)
from reports.year_sentences import year_words
from tests.grid import IN_EAST, IN_WEST, OUTSIDE, GridCity
from tests.reports.planting import NOON, Plant, around, everywhere

MARCH = AppealFilter(since=dt.date(2026, 3, 1), until=dt.date(2026, 3, 31))
MARCH_DAYS = Days(dt.date(2025, 3, 2), dt.date(2025, 3, 20))
QUERY = "from=2026-03-01&to=2026-03-31"


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), timezone.get_default_timezone())


@pytest.fixture
def two_marches(plant: Plant) -> None:
    """118 appeals of this March, 98 of the last; others that the question is not about, and hidden ones in both."""
    before = dt.date(2025, 3, 1)
    plant([IN_EAST] * 118)
    plant([IN_EAST] * 60, submitted_at=noon(before))
    plant([IN_EAST] * 38, submitted_at=noon(dt.date(2025, 3, 31)))
    plant([IN_EAST] * 7, submitted_at=noon(dt.date(2025, 4, 1)))
    plant([IN_EAST] * 9, submitted_at=noon(before - dt.timedelta(days=1)))
    plant([IN_WEST] * 5, submitted_at=noon(before), category="pothole")
    for at in (NOON, noon(before)):
        plant([IN_EAST] * 3, submitted_at=at, hidden=True)


@pytest.mark.parametrize(
    ("day", "before"),
    [("2026-03-31", "2025-03-31"), ("2024-02-29", "2023-02-28"), ("2025-02-28", "2024-02-28")],
)
def test_the_same_day_a_year_before(day: str, before: str) -> None:
    assert a_year_before(dt.date.fromisoformat(day)) == dt.date.fromisoformat(before)


@pytest.mark.usefixtures("two_marches")
def test_it_counts_what_the_same_question_counts_of_the_other_days() -> None:
    for wanted in (
        MARCH,
        AppealFilter(since=MARCH.since, until=MARCH.until, category="lamp", district="east"),
    ):
        last = AppealFilter(**{**vars(wanted), "since": dt.date(2025, 3, 1), "until": dt.date(2025, 3, 31)})
        this, before = make_heatmap(wanted), make_heatmap(last)
        assert before.year_before is Uncompared.BEGAN_LATER
        for made in (this, find_hotspots(wanted)):
            year = made.year_before
            assert isinstance(year, YearBefore)
            assert (year.count, year.before, year.over) == (this.total, before.total, True)
            assert year.before == (98 if wanted.category else 103)


@pytest.mark.usefixtures("two_marches")
def test_every_place_says_it_and_again_the_same(client: Client) -> None:
    told = "118 appeals; 98 in the same days a year before: 20\xa0% more, which may be chance (95 of 100 times between −8.7\xa0% and +59\xa0%)."
    query = f"{QUERY}&category=lamp&cell=500"
    for report in ("heatmap", "hotspots"):
        page = client.get(f"/en/reports/{report}/?{query}").content.decode()
        assert told in page, page[page.find("a year before") - 200 :][:400]
        assert told in client.get(f"/en/reports/{report}.html?{query}").content.decode()
        facts = client.get(f"/en/reports/{report}.json?{query}")
        assert facts.content == client.get(f"/en/reports/{report}.json?{query}").content
        # The second is the answer, on the first page of paper.
        assert told in facts.json()["sentences"][1]
        year = facts.json()["numbers"]["year_before"]
        assert (year["from"], year["to"], year["count"], year["compared"]["count"]) == (
            "2025-03-01",
            "2025-03-31",
            98,
            118,
        )
        assert year["ratio"] == pytest.approx(118 / 98, abs=1e-6)
    for language, words in (
        ("ru", "за те же дни годом раньше — 98"),
        ("ky", "бир жыл мурунку ушул эле күндөрдө — 98"),
    ):
        assert words in client.get(f"/{language}/reports/heatmap/?{query}").content.decode()


def test_what_cannot_be_compared_is_said_and_not_computed(plant: Plant, city: GridCity) -> None:
    plant([IN_EAST] * 5)
    plant([IN_EAST], submitted_at=noon(dt.date(2025, 3, 2)))
    # Older than any that the public sees.
    plant([IN_EAST], submitted_at=noon(dt.date(2024, 3, 2)), hidden=True)
    found = {
        wanted: make_heatmap(wanted).year_before
        for wanted in (
            AppealFilter(),
            AppealFilter(since=MARCH.since),
            AppealFilter(since=dt.date(2025, 3, 10), until=dt.date(2026, 3, 10)),
            AppealFilter(since=MARCH.since, until=MARCH.until, status=("new",)),
            MARCH,
        )
    }
    assert [*found.values()] == [
        Uncompared.OPEN,
        Uncompared.OPEN,
        Uncompared.LONG,
        Uncompared.STATUS,
        Uncompared.BEGAN_LATER,
    ]
    assert [bool(year_words(year)) for year in found.values()] == [False, False, False, True, True]


def test_days_that_are_not_over_count_in_neither_year(
    plant: Plant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    today = timezone.localdate()
    since = today - dt.timedelta(days=20)
    plant([IN_EAST], submitted_at=noon(a_year_before(since)))
    plant([IN_EAST] * 4, submitted_at=noon(a_year_before(today)))
    plant([IN_EAST] * 2, submitted_at=noon(since))
    plant([IN_EAST] * 8, submitted_at=noon(today))
    # Those of the report; the first day of all, and each of the two counts.
    with django_assert_num_queries(3 + 3):
        made = make_heatmap(AppealFilter(since=since, until=today))
    assert made.total == 10
    year = made.year_before
    assert isinstance(year, YearBefore)
    assert (year.until, year.count, year.before, year.over) == (today - dt.timedelta(days=1), 2, 1, False)
    assert year_words(year).startswith("Up to ")


def test_a_year_with_a_day_more_is_compared_by_day() -> None:
    leap = YearBefore(dt.date(2024, 2, 1), dt.date(2024, 2, 29), count=290, before=280)
    assert leap.days == (29, 28)
    assert float(leap.ratio.value) == pytest.approx(1)
    assert "Compared per day" in year_words(leap)
    assert ": per day as many (" in year_words(leap)


@pytest.mark.parametrize(
    ("count", "before", "words"),
    [
        (9, 0, "none in the same days a year before: clearly more."),
        (3, 0, "none in the same days a year before: too few to tell from chance."),
        (300, 150, ": clearly more, by 100\xa0% ("),
        (150, 300, ": clearly fewer, by 50\xa0% ("),
        (95, 98, ": 3.1\xa0% fewer, which may be chance ("),
    ],
)
def test_it_is_clear_or_may_be_chance(count: int, before: int, words: str) -> None:
    assert words in year_words(YearBefore(dt.date(2026, 3, 1), dt.date(2026, 3, 31), count, before))


def test_districts_are_compared_each_with_itself(
    client: Client, plant: Plant, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    last = noon(dt.date(2025, 3, 1))
    plant([IN_EAST] * 80 + [IN_WEST] * 30)
    plant([IN_EAST] * 40 + [IN_WEST] * 29, submitted_at=last)
    for at in (NOON, last):
        plant([IN_WEST] * 90, submitted_at=at, hidden=True)
    # Those of the report; the first day of all, and the year before by district.
    with django_assert_num_queries(3 + 2):
        made = count_districts(MARCH)
    rows = {row.district.code: row for row in made.rows}
    assert (rows["east"].before, rows["west"].before) == (40, 29)
    assert (rows["east"].change_direction, rows["west"].change_direction) == (1, 0)
    p = [float(rate_ratio(80, 40).p), float(rate_ratio(30, 29).p)]
    assert [rows[code].change_q for code in ("east", "west")] == pytest.approx(
        false_discovery_control(p).tolist()
    )
    page = client.get(f"/en/reports/districts/?{QUERY}").content.decode()
    assert "110 appeals; 69 in the same days a year before: clearly more, by 59\xa0%" in page
    assert '<td class="report-table__number">40 ▲\xa02.00 ×</td>' in page
    assert '<td class="report-table__number">29</td>' in page
    facts = client.get(f"/en/reports/districts.json?{QUERY}").json()
    assert "69 in the same days a year before" in facts["sentences"][1]
    assert {row["district"]: row["year_before"] for row in facts["numbers"]["by_district"]} == {
        "east": 40,
        "west": 29,
    }
    assert "Year before" not in client.get("/en/reports/districts/").content.decode()
    settings.REPORT_MIN_COUNT = 30
    assert {row.district.code: row.before for row in count_districts(MARCH).rows} == {
        "east": 40,
        "west": None,
    }


def test_counts_have_the_second_period_of_each_district_as_the_report_of_districts(
    client: Client, plant: Plant, settings: Settings
) -> None:
    plant([IN_EAST] * 310 + [IN_WEST] * 40)
    plant([IN_EAST] * 50 + [IN_WEST] * 10, submitted_at=noon(dt.date(2025, 12, 22)))
    plant([OUTSIDE] * 7, district=None, submitted_at=noon(dt.date(2025, 12, 22)))
    plant([OUTSIDE] * 3, district=None)
    against = Days(dt.date(2025, 12, 22), dt.date(2025, 12, 31))
    counts, districts = make_heatmap(MARCH, against=against), count_districts(MARCH, against=against)
    told = {row.district.code if row.district else "": row for row in counts.districts}
    for row in districts.rows:
        own = told[row.district.code]
        assert (own.count, own.before, own.change, own.change_q) == (
            row.count,
            row.before,
            row.change,
            row.change_q,
        )
    # What lies in no district is told, and not judged among them.
    assert (told[""].count, told[""].before, told[""].change) == (3, 7, None)
    page = client.get(f"/en/reports/heatmap/?{CHOSEN}").content.decode()
    assert '<th scope="col" class="report-table__number">Second period</th>' in page
    assert '<td class="report-table__number">50 ▲' in page
    table = heatmap_tables(counts)[1]
    assert table.columns[-1] == "Second period"
    assert {row[0]: row[-1].split()[0] for row in table.rows} == {
        "east en": "50",
        "west en": "10",
        "In no district": "7",
    }
    # One threshold: what one report withholds the other does not tell.
    settings.REPORT_MIN_COUNT = 45
    counts, districts = make_heatmap(MARCH, against=against), count_districts(MARCH, against=against)
    told = {row.district.code if row.district else "": row for row in counts.districts}
    assert {row.district.code: (row.count, row.before) for row in districts.rows} == {
        "east": (310, 50),
        "west": (None, None),
    }
    assert {code: (row.count, row.before) for code, row in told.items()} == {
        "east": (310, 50),
        "west": (None, None),
        "": (None, None),
    }
    assert (told["west"].share, told["west"].per_km2) == (None, None)


#: All of March, and the ten days before New Year, none of which are days of both.
CHOSEN = f"{QUERY}&against_from=2025-12-22&against_to=2025-12-31"


def test_a_second_period_is_compared_by_day_everywhere(client: Client, plant: Plant) -> None:
    plant([IN_EAST] * 310)
    plant([IN_EAST] * 50 + [IN_WEST] * 60, submitted_at=noon(dt.date(2025, 12, 22)))
    plant([IN_EAST] * 5, submitted_at=noon(dt.date(2025, 12, 21)))
    told = "1 March 2026 – 31 March 2026: 310 appeals in 31 days, 10 a day; 22 December 2025 – 31 December 2025: 110 in 10 days, 11 a day: per day "
    for report in ("heatmap", "hotspots", "districts"):
        page = client.get(f"/en/reports/{report}/?{CHOSEN}").content.decode()
        assert told in page
        # The files, the saved report and the other tabs ask the same.
        assert f"/en/reports/{report}.pdf?{CHOSEN}" in page.replace("&amp;", "&")
        facts = client.get(f"/en/reports/{report}.json?{CHOSEN}").json()
        assert any(told in sentence for sentence in facts["sentences"])
        second = facts["numbers"]["second_period"]
        assert (second["from"], second["to"], second["count"]) == ("2025-12-22", "2025-12-31", 110)
        assert second["ratio"] == pytest.approx(310 / 31 / (110 / 10), abs=1e-6)
        assert "year_before" not in facts["numbers"]
        assert facts["question"]["second_period"] == {"from": "2025-12-22", "to": "2025-12-31"}
        assert (
            client.get(f"/en/reports/{report}.geojson?{CHOSEN}").json()["report"]["second_period"] == second
        )
    assert '<th scope="col" class="report-table__number">Second period</th>' in page
    (east,) = (row for row in facts["numbers"]["by_district"] if row["district"] == "east")
    assert (east["year_before"], east["second_period"], east["second_period_ratio"]) == (None, 50, 2.0)
    kept_as = client.get(f"/en/reports/heatmap.csv?{CHOSEN}")["Content-Disposition"]
    assert "2026-03-01_2026-03-31-against-2025-12-22_2025-12-31" in kept_as
    # Its cells are those of the first period, which is said; where the table is told, both are.
    assert client.get(f"/en/reports/heatmap.csv?{CHOSEN}")["Link"] == (
        f'</en/reports/heatmap.json?{CHOSEN}>; rel="describedby"; type="application/json"'
    )
    for report in ("heatmap", "hotspots"):
        told = client.get(f"/en/reports/{report}.json?{CHOSEN}").json()["sentences"]
        assert any(words.startswith("The cells of the map and of its files") for words in told)
    saved = question("heatmap", QueryDict(CHOSEN)).query
    assert saved.against == Days(dt.date(2025, 12, 22), dt.date(2025, 12, 31))
    assert question("heatmap", QueryDict(saved.as_query())).query == saved
    # Where nothing came in there is a second period too, and one day is said once.
    day = CHOSEN.replace("2026-03-01", "2026-02-01").replace("2026-03-31", "2026-02-01")
    page = client.get(f"/en/reports/heatmap/?{day}").content.decode()
    assert (
        "1 February 2026: 0 appeals in 1 day, 0.0 a day; 22 December 2025 – 31 December 2025: 110 in 10 days, 11 a day: per day "
        in page
    )
    assert "1 February 2026 – 1" not in page


def test_a_second_period_goes_along_or_is_said_to_be_left_out(client: Client, plant: Plant) -> None:
    plant([IN_EAST])
    days = "against_from=2025-12-22&against_to=2025-12-31"
    left_out, part = "This report compares with no second period", "the second is left out."

    def tabs(page: str) -> dict[str, str]:
        return dict(re.findall(r'<a href="/en/reports/(districts|trends|seasons)/\?([^"]+)"', unescape(page)))

    page = client.get(f"/en/reports/heatmap/?{CHOSEN}").content.decode()
    assert left_out not in page
    assert all(days in query for query in tabs(page).values())
    assert {*tabs(page)} == {"districts", "trends", "seasons"}
    # All time is held against nothing, a month of today against days long ago.
    periods = re.findall(r'<a href="\?([^"]*)"', page.partition("report-periods")[2].partition("</nav>")[0])
    assert [days in unescape(query) for query in periods] == [True, True, False, False]
    assert part in page
    page = client.get(f"/en/reports/seasons/?{tabs(page)['seasons']}").content.decode()
    assert left_out in page
    assert days in tabs(page)["districts"]
    # Trends ask for a year, of which the other days are some: what was compared is compared again.
    longer = client.get(f"/en/reports/trends/?{tabs(page)['trends']}").content.decode()
    assert left_out in longer and "Left out of the address" not in longer
    assert "from=2026-03-01&to=2026-03-31" not in tabs(page)["trends"]
    assert f"from=2026-03-01&to=2026-03-31&{days}" in tabs(longer)["districts"]
    # A ready period, the form and paper keep it too, and paper says that it is left out.
    periods = re.findall(r'<a href="\?([^"]*)"', longer.partition("report-periods")[2].partition("</nav>")[0])
    assert periods and all(days in unescape(query) for query in periods)
    again = client.get(f"/en/reports/trends/?{unescape(periods[-1])}").content.decode()
    assert f"from=2026-03-01&to=2026-03-31&{days}" in tabs(again)["districts"]
    assert '<input type="hidden" name="against_from" value="2025-12-22">' in longer
    answers = client.get(f"/en/reports/answers/?{CHOSEN}").content.decode()
    (pdf,) = re.findall(r'href="(/en/reports/answers\.pdf[^"]*)"', answers)
    paper = PdfReader(io.BytesIO(client.get(unescape(pdf)).content))
    words = " ".join(" ".join(page.extract_text().split()) for page in paper.pages)
    assert left_out in words
    (table,) = re.findall(r'href="(/en/reports/answers\.csv[^"]*)"', answers)
    assert "against_from" not in table and client.get(unescape(table)).status_code == 200
    for query in (QUERY, f"{QUERY}&against_from=2025-13-22&against_to=2025-12-31"):
        page = client.get(f"/en/reports/seasons/?{query}").content.decode()
        assert left_out not in page and part not in page
        assert "against_from" not in tabs(page)["districts"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        (f"{QUERY}&against_from=2025-03-01", "against_to", "needs both its first and its last day"),
        (f"{QUERY}&against_from=2025-03-02&against_to=2025-03-01", "against_from", "ends before it begins"),
        (f"{QUERY}&against_from=2026-03-31&against_to=2026-04-02", "against_from", "have days in common"),
        (f"{QUERY}&against_from=2026-02-01&against_to=2026-03-01", "against_from", "have days in common"),
        (
            "from=2026-03-01&against_from=2025-03-01&against_to=2025-03-02",
            "against_from",
            "both of its days too",
        ),
        (
            f"{QUERY}&against_from=2025-02-30&against_to=2025-03-02",
            "against_from",
            "A date must be written as",
        ),
    ],
)
def test_a_second_period_that_cannot_be_compared_is_refused(
    client: Client, query: str, field: str, words: str
) -> None:
    page = client.get(f"/en/reports/heatmap/?{query}")
    assert page.status_code == 400
    (said,) = page.context["form"].errors[field]
    assert words in said
    assert client.get(f"/en/reports/heatmap.json?{query}").status_code == 400
    # Other reports do not take it.
    assert client.get(f"/en/reports/seasons/?{query}").status_code == 200


def test_of_a_second_period_only_days_that_the_city_counted_are_compared(plant: Plant) -> None:
    plant([IN_EAST], submitted_at=noon(dt.date(2025, 3, 2)))
    today = timezone.localdate()
    soon = Days(today - dt.timedelta(days=3), today + dt.timedelta(days=3))
    march = replace(MARCH, since=dt.date(2025, 3, 2), until=dt.date(2025, 3, 20))
    for wanted, against, expected in (
        (MARCH, Days(dt.date(2025, 3, 1), dt.date(2025, 3, 9)), Uncompared.CHOSEN_BEGINS_EARLIER),
        (march, Days(dt.date(2025, 4, 1), dt.date(2025, 4, 9)), None),
        (replace(march, since=dt.date(2025, 3, 1)), soon, Uncompared.CHOSEN_BEGINS_EARLIER),
        (MARCH, Days(today + dt.timedelta(days=1), soon.until), Uncompared.CHOSEN_TO_COME),
        (AppealFilter(since=soon.until, until=soon.until), MARCH_DAYS, Uncompared.CHOSEN_TO_COME),
        (replace(MARCH, status=("new",)), soon, Uncompared.STATUS),
    ):
        found = two_periods(wanted, against)
        assert found is expected if expected else isinstance(found, TwoPeriods)
        assert year_words(expected) or not expected
    year = make_heatmap(march, against=soon).year_before
    assert isinstance(year, YearBefore)
    assert (year.count, year.before, year.days, year.over) == (1, 0, (19, 3), False)
    assert "Days that are not over count in neither." in year_words(year)
    # Of the first period too, in every report.
    plant([IN_EAST] * 2, submitted_at=noon(soon.since))
    plant([IN_EAST], submitted_at=noon(today - dt.timedelta(days=1)))
    plant([IN_EAST] * 3, submitted_at=noon(soon.until))
    running = AppealFilter(since=soon.since, until=soon.until)
    for find in (make_heatmap, find_hotspots, count_districts):
        year = find(running, against=MARCH_DAYS).year_before
        assert isinstance(year, YearBefore)
        assert (year.count, year.before, year.until, year.over) == (3, 1, today - dt.timedelta(days=1), False)


def test_a_district_whose_few_are_of_days_to_come_is_withheld_whole(plant: Plant, settings: Settings) -> None:
    today = timezone.localdate()
    plant([IN_EAST] * 3, submitted_at=noon(today))
    plant([IN_WEST] * 10, submitted_at=noon(today - dt.timedelta(days=2)))
    for places in ([IN_EAST] * 6, [IN_WEST] * 7):
        plant(places, submitted_at=noon(MARCH_DAYS.since))
    settings.REPORT_MIN_COUNT = 5
    found = count_districts(AppealFilter(since=today - dt.timedelta(days=3), until=today), against=MARCH_DAYS)
    assert {row.district.code: (row.count, row.before) for row in found.rows} == {
        "west": (10, 7),
        "east": (None, None),
    }


def test_a_part_with_too_few_to_be_shown_is_not_compared(settings: Settings) -> None:
    settings.REPORT_MIN_COUNT = 3
    year = YearBefore(dt.date(2026, 3, 1), dt.date(2026, 3, 31), 60, 60)
    this, before = np.array([20, 2, 20, 0, 3]), np.array([20, 20, 2, 3, 0])
    found = each_with_its_own([OwnChange()] * 5, this, before, year)
    assert [one.before for one in found] == [20, None, None, 3, 0]
    assert [one.change for one in found] == [1.0, None, None, 0.0, None]
    # Where nothing was in either, nothing is tested.
    this, before = np.array([30, 9]), np.array([12, 3])
    alone = each_with_its_own([OwnChange()] * 2, this, before, year)
    among = each_with_its_own([OwnChange()] * 9, *(np.append(one, [0] * 7) for one in (this, before)), year)
    assert [one.change_q for one in among[:2]] == [one.change_q for one in alone]


@pytest.mark.usefixtures("city")
def test_hot_places_are_compared_each_with_itself(client: Client, plant: Plant) -> None:
    last = noon(dt.date(2025, 3, 1))
    spread = everywhere(100)
    plant(spread + around(IN_EAST, 60) + around(IN_WEST, 60, seed=6))
    plant(spread + around(IN_EAST, 60) + around(IN_WEST, 5, seed=6), submitted_at=last)
    plant(around(IN_WEST, 90), submitted_at=last, hidden=True)
    found = find_hotspots(MARCH, 250)
    for place in found.places:
        # The cells and their neighbours, those that several share each once.
        near = {
            (i + a, j + b)
            for i, j in place.cells
            for a in range(-2, 3)
            for b in range(-2, 3)
            if a * a + b * b <= 6.25
        }
        grown = Appeal.objects.public().filter(submitted_at=last).values_list("cell_x", "cell_y")
        assert place.before == sum((x // 5, y // 5) in near for x, y in grown)
    from_the_west = sorted(found.places, key=lambda place: place.box.west)
    assert (from_the_west[0].change_direction, from_the_west[-1].change_direction) == (1, 0)
    page = client.get(f"/en/reports/hotspots/?{QUERY}&cell=250").content.decode()
    assert "Year before</th>" in page and "▲\xa0" in page and "by chance alone" in page
    assert "Year before" not in client.get("/en/reports/hotspots/?cell=250").content.decode()
