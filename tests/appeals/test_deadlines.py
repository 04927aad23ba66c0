from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appeals.deadlines import LegalClock, NoLegalTerm, WorkingCalendar
from appeals.models import CalendarDay, LegalTerm

KG = WorkingCalendar("KG", None, {})
BISHKEK = ZoneInfo("Asia/Bishkek")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_weekends_and_public_holidays_are_not_working_days() -> None:
    assert KG.is_working(day("2026-06-01"))  # Monday
    assert not KG.is_working(day("2026-06-06"))  # Saturday
    assert not KG.is_working(day("2026-08-31"))  # Independence Day, a Monday


def test_own_days_adjust_the_calendar_both_ways() -> None:
    own = WorkingCalendar("KG", None, {day("2026-06-06"): True, day("2026-06-08"): False})
    assert own.is_working(day("2026-06-06"))
    assert not own.is_working(day("2026-06-08"))


def test_fourteen_working_days_by_hand() -> None:
    # From Monday 8 June 2026: 9-12 (4), 15-19 (9), 22-26 (14).
    assert KG.add_working_days(day("2026-06-08"), 14) == day("2026-06-26")


def test_term_begins_after_the_weekend() -> None:
    assert KG.add_working_days(day("2026-06-06"), 1) == day("2026-06-08")


@given(st.dates(day("2020-01-01"), day("2030-12-31")), st.integers(0, 60))
def test_adding_and_counting_agree(start: dt.date, days: int) -> None:
    end = KG.add_working_days(start, days)
    assert KG.working_days_between(start, end) == days
    assert KG.working_days_between(end, start) == -days
    assert days == 0 or KG.is_working(end)


@pytest.mark.django_db
class TestLegalClock:
    def test_term_in_force_on_the_day(self) -> None:
        LegalTerm.objects.create(working_days=30, valid_from=day("2010-01-01"), law="old")
        LegalTerm.objects.create(working_days=14, valid_from=day("2016-01-01"), law="new")
        LegalTerm.objects.create(kind="complaint", working_days=10, valid_from=day("2016-01-01"), law="new")
        clock = LegalClock.read()
        assert clock.term("request", day("2015-12-31")).working_days == 30
        assert clock.term("request", day("2016-01-01")).working_days == 14
        assert clock.term("complaint", day("2016-01-01")).working_days == 10
        with pytest.raises(NoLegalTerm):
            clock.term("request", day("2009-12-31"))

    def test_the_citys_time_zone_decides_the_day(self) -> None:
        LegalTerm.objects.create(working_days=1, valid_from=day("2016-01-01"), law="law")
        CalendarDay.objects.create(date=day("2026-06-10"), working=False, name="moved")
        late_evening_utc = dt.datetime(2026, 6, 8, 20, 0, tzinfo=dt.UTC)  # already 9 June in Bishkek
        assert LegalClock.read().due_on("request", late_evening_utc) == day("2026-06-11")

    def test_two_queries(self, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
        with django_assert_num_queries(2):
            LegalClock.read()
