"""The weekly search of all categories: what is new is named with its place, and each category is searched once a week."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from districts.models import Category
from jobs.schedule import registered
from reports.models import CategoryAlert
from reports.weekly import last_week, overview, search_categories
from tests.grid import IN_EAST
from tests.reports.planting import Plant, around, everywhere

PAGE = "/en/reports/alerts/"
THIS_MONDAY = dt.date(2025, 12, 8)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Wednesday."""
    moment = dt.datetime(2025, 12, 10, 12, tzinfo=timezone.get_default_timezone())
    monkeypatch.setattr(timezone, "now", lambda: moment)


def noon_of_week(ago: int) -> dt.datetime:
    monday = THIS_MONDAY - dt.timedelta(weeks=ago)
    return dt.datetime.combine(monday, dt.time(12), timezone.get_default_timezone())


@pytest.mark.usefixtures("today")
def test_all_categories_are_searched_once_a_week(plant: Plant, client: Client) -> None:
    assert search_categories() == 0
    assert overview() is None  # of a city without appeals nothing is kept
    assert "Category by category" not in client.get(PAGE).content.decode()
    for ago in range(1, 19):
        plant(everywhere(6, ago), category="lamp", submitted_at=noon_of_week(ago))
        plant(everywhere(6, 50 + ago), category="pothole", submitted_at=noon_of_week(ago))
    for ago in (1, 2):
        plant(around(IN_EAST, 10, ago), category="pothole", submitted_at=noon_of_week(ago))
    searched = search_categories()
    found = overview()
    assert found is not None
    assert found.week == last_week(timezone.localdate()) == dt.date(2025, 12, 1)
    names = {row.category.code: (row, place) for row, place in found.new}
    assert "pothole" in names
    assert "lamp" not in names
    row, _place = names["pothole"]
    assert row.count is not None and row.expected is not None and row.count > 5 * row.expected
    assert row.p is not None and row.q is not None and row.p <= row.q <= 0.05
    assert row.west is not None and row.east is not None and row.west < IN_EAST[0] < row.east
    assert "lamp" in {row.category.code for row in found.quiet}
    assert len(found.new) + len(found.quiet) == searched
    assert searched + found.too_few == Category.objects.filter(active=True).count()

    # Not again until the week is over, whatever comes in.
    plant(around(IN_EAST, 30, 7), category="lamp", submitted_at=noon_of_week(1))
    assert search_categories() == 0
    assert overview() == found

    page = client.get(PAGE).content.decode()
    assert f'<a href="{PAGE}?category=pothole">' in page
    assert f"in the last {row.weeks} weeks, where about" in page
    assert "was searched by itself on 10 December 2025" in page
    assert "Category by category" not in client.get(f"{PAGE}?category=pothole").content.decode()
    for language in ("ky", "ru"):
        assert 'id="by-category"' in client.get(f"/{language}/reports/alerts/").content.decode()


@pytest.mark.usefixtures("today")
def test_another_week_is_searched_anew_and_old_ones_are_forgotten(plant: Plant) -> None:
    plant(everywhere(3), category="lamp", submitted_at=noon_of_week(3))
    category = Category.objects.get(code="lamp")
    for week in (dt.date(2025, 11, 24), dt.date(2023, 1, 2)):
        CategoryAlert.objects.create(week=week, category=category, total=1)
    assert search_categories() == 0  # too few each
    assert set(CategoryAlert.objects.values_list("week", flat=True)) == {
        dt.date(2025, 12, 1),
        dt.date(2025, 11, 24),
    }
    found = overview()
    assert found is not None
    assert (found.new, found.quiet, found.too_few) == ((), (), Category.objects.filter(active=True).count())


def test_the_search_has_a_lane_of_its_own() -> None:
    (job,) = (one for one in registered() if one.run is search_categories)
    assert job.lane == "reports"
