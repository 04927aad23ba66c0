"""The year's calendar from a file, and where it differs from the country's."""

from __future__ import annotations

import datetime as dt

import pytest

from appeals.calendar_year import year_of
from appeals.deadlines import city_calendar
from appeals.importing.calendar_file import ROWS_MAX, Loaded, enter_days, read_calendar
from appeals.models import Appeal, CalendarDay
from geo.refusals import Refused
from tests.factories import AppealFactory
from tests.grid import GridCity

HEADER = "date,working,name_ky,name_ru,name_en"
DAYS = f"""{HEADER}
2026-05-11,no,9-майдан көчүрүлдү,Перенос с 9 мая,Moved from 9 May
2026-05-16,yes,4-майдын ордуна,За 4 мая,In exchange for 4 May
"""

pytestmark = pytest.mark.django_db


def load(text: str) -> Loaded:
    return enter_days(read_calendar(text.encode()))


def test_the_report_balances() -> None:
    assert load(DAYS) == Loaded(rows=2, new=2, changed=0, same=0, moved=0)
    assert load(DAYS) == Loaded(rows=2, new=0, changed=0, same=2, moved=0)
    changed = DAYS.replace("2026-05-16,yes", "2026-05-16,no") + "2026-06-01,no,Күн,День,Day\n"
    assert load(changed) == Loaded(rows=3, new=1, changed=1, same=1, moved=0)
    assert CalendarDay.objects.get(date="2026-05-11").name_ru == "Перенос с 9 мая"
    assert not CalendarDay.objects.get(date="2026-05-16").working


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_spreadsheets_write(delimiter: str, mark: str, newline: str) -> None:
    text = mark + DAYS.replace(",", delimiter).replace("\n", newline)
    assert load(text).new == 2
    assert CalendarDay.objects.get(date="2026-05-16").name_en == "In exchange for 4 May"


def test_columns_in_any_order() -> None:
    load("name_en,name_ru,date,working,name_ky\nDay,День,2026-05-11,0,Күн\n")
    day = CalendarDay.objects.get()
    assert (day.working, day.name_ky, day.name_ru, day.name_en) == (False, "Күн", "День", "Day")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must name these columns"),
        ("date,working\n2026-05-11,no\n", "must name these columns"),
        (HEADER.replace("working", "date"), "must name these columns"),
        (HEADER, "holds no day"),
        (f"{HEADER}\n11.05.2026,no,а,б,c", "Line 2: a date must be written as 2026-05-31"),
        (f"{HEADER}\n20260511,no,а,б,c", "a date must be written"),
        (f"{HEADER}\n0026-05-11,no,а,б,c", "a date must be written"),
        (f"{HEADER}\n2026-02-30,no,а,б,c", "a date must be written"),
        (f"{HEADER}\n2026-05-11,maybe,а,б,c", "working must be yes or no"),
        (f"{HEADER}\n2026-05-11,no,,б,c", "no name in the city's own language"),
        (f"{HEADER}\n2026-05-11,no,{'а' * 201},б,c", "more than 200 characters"),
        (f"{HEADER}\n2026-05-11,no,а,б", "it has 4 fields, the first line has 5"),
        (f"{HEADER}\n2026-05-11,no,а,б,c\n2026-05-11,yes,а,б,c", "Line 3: 2026-05-11 occurs twice"),
        (f'{HEADER}\n2026-05-11,no,"а,б,c', "is not CSV"),
        (f"{HEADER}\n2026-05-11,no,\x00,б,c", "not text"),
    ],
)
def test_a_wrong_line_changes_nothing(text: str, said: str) -> None:
    good = "\n2026-06-01,no,Күн,День,Day\n"
    with pytest.raises(Refused) as refusal:
        load(text + (good if "\n" in text and '"' not in text else ""))
    assert said in str(refusal.value)
    assert not CalendarDay.objects.exists()


def test_every_wrong_line_is_said() -> None:
    with pytest.raises(Refused) as refusal:
        load(f"{HEADER}\nx,no,а,б,c\n2026-05-11,no,а,б,c\n2026-05-12,x,а,б,c\n")
    assert len(refusal.value.errors["file"]) == 2


def test_what_is_no_calendar() -> None:
    with pytest.raises(Refused, match="not UTF-8"):
        read_calendar(DAYS.encode("cp1251", "ignore"))
    with pytest.raises(Refused, match="larger than"):
        read_calendar(b"x" * 300_000)
    first = dt.date(2026, 1, 1)
    rows = "\n".join(f"{first + dt.timedelta(days=n)},no,а,," for n in range(ROWS_MAX + 1))
    with pytest.raises(Refused, match=f"more than {ROWS_MAX} days"):
        load(f"{HEADER}\n{rows}")


def test_due_dates_follow_in_the_same_transaction(city: GridCity) -> None:
    submitted = dt.datetime(2026, 5, 8, 6, 0, tzinfo=dt.UTC)
    AppealFactory(category=city.categories["lamp"], submitted_at=submitted)
    assert Appeal.objects.get().due_on == dt.date(2026, 5, 29)
    assert load(f"{HEADER}\n2026-05-12,no,а,б,c\n").moved == 1
    assert Appeal.objects.get().due_on == dt.date(2026, 6, 1)
    assert Appeal.objects.get().events.get(verb="recount").details["day"] == "2026-05-12"


def test_the_year_says_where_it_differs() -> None:
    load(DAYS + "2026-05-09,no,Жеңиш,Победа,Victory\n")
    year = year_of(city_calendar(), 2026)
    assert [(day.date.isoformat(), day.in_the_country, day.in_the_city) for day in year.differences] == [
        ("2026-05-11", True, False),
        ("2026-05-16", False, True),
    ]
    assert [day.date.isoformat() for day in year.needless] == ["2026-05-09"]
    assert year.city_working_days == year.country_working_days
    assert not year_of(city_calendar(), 2025).differences
