from __future__ import annotations

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import holidays as holidays_package
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import translation
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appeals.deadlines import LegalClock, NoLegalTerm, Term, WorkingCalendar, city_calendar, city_day, pairs
from appeals.models import Appeal, CalendarDay, LegalTerm
from appeals.vocabulary import Guard
from appeals.workflow import STAGES
from tests.factories import AppealFactory

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


def test_holidays_are_those_of_the_country_s_part() -> None:
    epiphany = day("2026-01-06")  # a Tuesday
    assert not WorkingCalendar("DE", "BY", {}).is_working(epiphany)
    assert WorkingCalendar("DE", "BE", {}).is_working(epiphany)
    with translation.override("de"):
        assert WorkingCalendar("DE", "BY", {}).public_holiday(epiphany) == "Heilige Drei Könige"
        assert WorkingCalendar("DE", "BE", {}).public_holiday(epiphany) == ""


@pytest.mark.parametrize(
    ("country", "holiday", "language", "name"),
    [
        ("KG", "2026-08-31", "ru", "День независимости Кыргызской Республики"),
        ("KG", "2026-08-31", "ky", "Кыргыз Республикасынын Көз карандысыздыгынын күнү"),
        ("KG", "2026-08-31", "en", "Independence Day"),
        # The package calls it pt_BR.
        ("BR", "2026-09-07", "pt-br", "Independência do Brasil"),
        ("KG", "2026-08-28", "en", ""),
    ],
)
def test_a_public_holiday_has_its_name_in_the_reader_s_language(
    country: str, holiday: str, language: str, name: str
) -> None:
    with translation.override(language):
        assert WorkingCalendar(country, None, {}).public_holiday(day(holiday)) == name


def test_without_a_reader_the_city_s_language_is_spoken() -> None:
    with translation.override(django_settings.LANGUAGE_CODE):
        expected = KG.public_holiday(day("2026-08-31"))
    with translation.override(None):
        assert KG.public_holiday(day("2026-08-31")) == expected != ""


def test_the_city_s_name_of_a_day_comes_before_the_country_s() -> None:
    own = {day("2026-08-31"): False, day("2026-06-10"): False, day("2026-06-11"): False}
    named = WorkingCalendar("KG", None, own, {day("2026-08-31"): "Own", day("2026-06-10"): ""})
    assert named.name(day("2026-08-31")) == "Own"
    assert named.name(day("2026-06-10")) == named.name(day("2026-06-11")) == ""
    assert KG.name(day("2026-08-31")) == "Independence Day"


def test_days_off_and_days_worked_instead() -> None:
    """From Friday, 28 August 2026, which itself does not count, to the day that does: Sunday worked, Monday a holiday."""
    own = WorkingCalendar("KG", None, {day("2026-08-28"): False, day("2026-08-30"): True})
    assert list(own.weekdays_off(day("2026-08-28"), day("2026-09-01"))) == [day("2026-08-31")]
    assert list(own.weekdays_off(day("2026-08-27"), day("2026-08-31"))) == [
        day("2026-08-28"),
        day("2026-08-31"),
    ]
    assert list(own.weekdays_off(day("2026-08-28"), day("2026-08-30"))) == []
    assert list(own.days_worked_instead(day("2026-08-28"), day("2026-09-01"))) == [day("2026-08-30")]
    assert list(own.days_worked_instead(day("2026-08-30"), day("2026-09-01"))) == []


def test_what_was_read_cannot_be_changed() -> None:
    term = Term("", day("2016-01-01"), 14, 0, 0, "law")
    for value in (KG, term, LegalClock(KG, (term,))):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, dataclasses.fields(value)[0].name, None)


def test_a_pause_has_its_end() -> None:
    question, reply, again = day("2026-06-08"), day("2026-06-10"), day("2026-06-11")
    assert list(pairs([question, reply])) == [(question, reply)]
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        list(pairs([question, reply, again]))


@given(st.dates(day("2020-01-01"), day("2030-12-31")), st.integers(0, 60))
def test_adding_and_counting_agree(start: dt.date, days: int) -> None:
    end = KG.add_working_days(start, days)
    assert KG.working_days_between(start, end) == days
    assert KG.working_days_between(end, start) == -days
    assert days == 0 or KG.is_working(end)


@given(
    st.dates(day("2019-01-01"), day("2031-12-31")),
    st.dates(day("2019-01-01"), day("2031-12-31")),
    st.dictionaries(st.dates(day("2020-01-01"), day("2030-12-31")), st.booleans(), max_size=40),
)
@example(day("2026-06-05"), day("2026-06-08"), {day("2026-06-06"): True, day("2026-06-08"): False})
def test_days_are_counted_as_one_by_one(start: dt.date, end: dt.date, own: dict[dt.date, bool]) -> None:
    """What the country has off already, or works anyway, changes nothing when the city says it once more."""
    moved = WorkingCalendar("KG", None, own)
    later = [start + dt.timedelta(days=n) for n in range(1, (end - start).days + 1)]
    earlier = [end + dt.timedelta(days=n) for n in range(1, (start - end).days + 1)]
    one_by_one = sum(map(moved.is_working, later)) - sum(map(moved.is_working, earlier))
    assert moved.working_days_between(start, end) == one_by_one


def _advisory_locks() -> list[str]:
    """Modes of those that this session holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        return [mode for (mode,) in cursor.fetchall()]


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
        with pytest.raises(NoLegalTerm) as missing:
            clock.term("request", day("2009-12-31"))
        assert missing.value.day == day("2009-12-31")
        assert str(missing.value) == "no legal term is in force on 2009-12-31"

    def test_a_newer_term_of_all_kinds_beats_an_older_one_of_the_kind(self) -> None:
        LegalTerm.objects.create(kind="complaint", working_days=10, valid_from=day("2010-01-01"), law="old")
        LegalTerm.objects.create(working_days=14, valid_from=day("2016-01-01"), law="new")
        assert LegalClock.read().term("complaint", day("2016-01-01")).working_days == 14
        assert LegalClock.read().term("complaint", day("2015-12-31")).working_days == 10

    def test_the_citys_time_zone_decides_the_day(self) -> None:
        LegalTerm.objects.create(working_days=1, valid_from=day("2016-01-01"), law="law")
        CalendarDay.objects.create(date=day("2026-06-10"), working=False, name="moved")
        late_evening_utc = dt.datetime(2026, 6, 8, 20, 0, tzinfo=dt.UTC)  # already 9 June in Bishkek
        assert LegalClock.read().due_on("request", late_evening_utc) == day("2026-06-11")

    def test_what_is_stored_is_what_is_read(self) -> None:
        LegalTerm.objects.create(
            kind="request",
            working_days=7,
            extension_days=5,
            reply_days=3,
            valid_from=day("2016-01-01"),
            law="law",
        )
        CalendarDay.objects.create(date=day("2026-06-10"), working=False, name="moved")
        CalendarDay.objects.create(date=day("2026-06-13"), working=True)
        clock = LegalClock.read()
        assert clock.terms == (Term("request", day("2016-01-01"), 7, 5, 3, "law"),)
        assert clock.calendar == city_calendar()
        assert clock.calendar.country == django_settings.CALENDAR_COUNTRY
        assert clock.calendar.subdivision == django_settings.CALENDAR_SUBDIVISION
        assert clock.calendar.own_days == {day("2026-06-10"): False, day("2026-06-13"): True}
        assert clock.calendar.name(day("2026-06-10")) == "moved"
        assert clock.calendar.name(day("2026-06-13")) == ""

    def test_an_extension_is_added_to_the_term(self) -> None:
        term = Term("", day("2016-01-01"), 1, 5, 0, "law")
        clock = LegalClock(KG, (term,))
        monday = dt.datetime(2026, 6, 8, 6, tzinfo=dt.UTC)
        assert clock.due_on("request", monday) == day("2026-06-09")
        assert clock.due_on("request", monday, extended_days=2) == day("2026-06-11")
        assert clock.due_after("request", day("2026-06-08")) == day("2026-06-09")

    @pytest.mark.parametrize(
        ("values", "term", "guards"),
        [
            ({}, (0, 0), set()),
            ({}, (1, 0), {Guard.EXTENDABLE}),
            ({"extended_days": 1}, (1, 0), set()),
            ({"due_on": day("2026-06-09")}, (0, 0), {Guard.LAST_DAY}),
            ({"due_on": day("2026-06-08")}, (0, 0), {Guard.TERM_PASSED}),
            (
                {"due_on": day("2026-06-08"), "escalated_at": dt.datetime(2026, 6, 9, tzinfo=dt.UTC)},
                (0, 0),
                set(),
            ),
            # Nobody who could be asked has left an address.
            ({}, (0, 1), set()),
            ({"remind_on": day("2026-06-10")}, (0, 0), set()),
            ({"remind_on": day("2026-06-09")}, (0, 0), {Guard.REMINDER_DUE}),
            ({"reply_by": day("2026-06-09")}, (0, 0), set()),
            ({"reply_by": day("2026-06-08")}, (0, 0), {Guard.REPLY_MISSING}),
            # The term that it began by has been removed since.
            ({"submitted_at": dt.datetime(2015, 6, 1, tzinfo=dt.UTC)}, (1, 1), set()),
        ],
    )
    def test_guards_that_are_true_of_an_appeal(
        self, values: dict[str, object], term: tuple[int, int], guards: set[Guard]
    ) -> None:
        began = dt.datetime(2026, 6, 1, 6, tzinfo=dt.UTC)
        appeal = Appeal(**{"kind": "request", "submitted_at": began, "due_on": day("2026-06-19"), **values})
        clock = LegalClock(KG, (Term("", day("2016-01-01"), 14, *term, "law"),))
        # Already 9 June in the city.
        assert clock.met(appeal, dt.datetime(2026, 6, 8, 20, tzinfo=dt.UTC)) == guards

    #: Ten working days until Friday, 19 June 2026.
    @pytest.mark.parametrize(
        ("today", "extended_days", "stage"),
        [
            ("2026-06-11", 0, 0),  # six are left
            ("2026-06-11", 2, 1),
            ("2026-06-12", 0, 1),
            ("2026-06-16", 0, 1),
            ("2026-06-16", 5, 2),
            ("2026-06-17", 0, 2),
            ("2026-06-18", 0, 2),
            ("2026-06-19", 0, 3),
            ("2026-06-20", 0, 0),
        ],
    )
    def test_the_stage_of_a_term(self, today: str, extended_days: int, stage: int) -> None:
        began = dt.datetime(2026, 6, 5, 6, tzinfo=dt.UTC)
        clock = LegalClock(KG, (Term("", day("2016-01-01"), 10, 0, 0, "law"),))
        noon = dt.datetime.combine(day(today), dt.time(6), dt.UTC)
        for warned in range(4):
            appeal = Appeal(
                kind="request",
                submitted_at=began,
                due_on=day("2026-06-19"),
                extended_days=extended_days,
                warned=warned,
            )
            assert clock.stage(appeal, day(today)) == stage
            warnings = {guard for guard, its_own in STAGES.items() if its_own == stage > warned}
            assert clock.met(appeal, noon) & {*STAGES} == warnings

    def test_by_the_day_on_which_the_term_began_anew(self) -> None:
        terms = (
            Term("", day("2026-06-01"), 20, 0, 0, "new"),
            Term("request", day("2016-01-01"), 10, 0, 0, "old"),
        )
        clock = LegalClock(KG, terms)
        began = dt.datetime(2026, 5, 20, 6, tzinfo=dt.UTC)
        appeal = Appeal(kind="request", submitted_at=began, due_on=day("2026-06-19"))
        assert clock.stage(appeal, day("2026-06-11")) == 0
        appeal.term_began_at = dt.datetime(2026, 6, 1, 6, tzinfo=dt.UTC)
        assert clock.stage(appeal, day("2026-06-11")) == 1
        appeal.term_began_at = dt.datetime(2015, 6, 1, 6, tzinfo=dt.UTC)
        assert clock.stage(appeal, day("2026-06-19")) == 0

    def test_the_last_day_of_each_stage_is_that_of_the_longest_term(self) -> None:
        terms = (
            Term("", day("2016-01-01"), 10, 4, 0, "law"),
            Term("request", day("2016-01-01"), 12, 0, 0, "law"),
        )
        # From a Monday: seven working days, two, and the day itself.
        assert LegalClock(KG, terms).last_days(day("2026-06-08")) == {
            1: day("2026-06-17"),
            2: day("2026-06-10"),
            3: day("2026-06-08"),
        }
        assert set(LegalClock(KG, ()).last_days(day("2026-06-08")).values()) == {day("2026-06-08")}

    @pytest.mark.parametrize("reply_days", [0, 1])
    def test_an_author_who_left_an_address_can_be_asked(self, reply_days: int) -> None:
        clock = LegalClock(KG, (Term("", day("2016-01-01"), 14, 0, reply_days, "law"),))
        for known, appeal in [(True, AppealFactory()), (False, AppealFactory(contact=None))]:
            asked = Guard.ASKABLE in clock.met(appeal, appeal.submitted_at)
            assert asked == (known and reply_days > 0)

    def test_a_clock_that_is_held_is_locked_to_the_end_of_the_transaction(self) -> None:
        LegalClock.read()
        assert _advisory_locks() == []
        assert LegalClock.held() == LegalClock.read()
        assert _advisory_locks() == ["ShareLock"]

    def test_two_queries(self, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
        with django_assert_num_queries(2):
            LegalClock.read()


def minute_by_minute(
    start: dt.datetime,
    days: int,
    holidays: set[dt.date],
    own: dict[dt.date, bool],
    zone: ZoneInfo,
    asked: tuple[tuple[dt.datetime, dt.datetime], ...] = (),
) -> dt.date:
    """The last day of the term, found by another road: walking forward by whole hours of real time and looking at the
    wall calendar at each, counting a working day when the date on it has changed, unless a question of a day before was
    still open when it changed."""
    moment, seen, left, last = start, start.astimezone(zone).date(), days, start.astimezone(zone).date()
    while left:
        moment += dt.timedelta(minutes=60 - moment.minute)
        today = moment.astimezone(zone).date()
        if today == seen:
            continue
        seen = today
        weekend = today.strftime("%a") in {"Sat", "Sun"}
        midnight = dt.datetime(today.year, today.month, today.day, tzinfo=zone)
        if any(question < midnight <= reply for question, reply in asked):
            continue
        if own.get(today, not (weekend or today in holidays)):
            left, last = left - 1, today
    return last


#: Public holidays of ten years, as the almanac prints them: by name of country, all years at once.
TEN_YEARS = set(holidays_package.KG(years=range(2019, 2032)))


@given(
    minute=st.integers(0, 10 * 365 * 24 * 60),
    term=st.integers(1, 40),
    own=st.dictionaries(st.integers(-5, 60), st.booleans(), max_size=15),
)
@settings(max_examples=300)
def test_equal_to_an_independent_computation(minute: int, term: int, own: dict[int, bool]) -> None:
    """For any minute of ten years, with days moved at random around it."""
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)
    moved = {start.date() + dt.timedelta(days=offset): working for offset, working in own.items()}
    clock = LegalClock(WorkingCalendar("KG", None, moved), (Term("", day("2010-01-01"), term, 0, 0, ""),))
    expected = minute_by_minute(start, term, TEN_YEARS, moved, BISHKEK)
    assert clock.due_on("request", start) == expected
    assert clock.calendar.working_days_between(city_day(start), expected) == term


@given(
    minute=st.integers(0, 10 * 365 * 24 * 60),
    term=st.integers(1, 30),
    own=st.dictionaries(st.integers(-5, 90), st.booleans(), max_size=15),
    waits=st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 12_000)), max_size=4),
)
@settings(max_examples=300)
def test_equal_to_an_independent_computation_with_questions(
    minute: int, term: int, own: dict[int, bool], waits: list[tuple[int, int]]
) -> None:
    """For any minute of ten years, with questions asked and replied to at any minute after it."""
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)
    moved = {start.date() + dt.timedelta(days=offset): working for offset, working in own.items()}
    moment, asked, pauses = start, list[tuple[dt.datetime, dt.datetime]](), list[dt.date]()
    for before, waited in waits:
        question = moment + dt.timedelta(minutes=before)
        moment = question + dt.timedelta(minutes=waited)
        asked.append((question, moment))
        pauses += [city_day(question), city_day(moment)]
    clock = LegalClock(WorkingCalendar("KG", None, moved), (Term("", day("2010-01-01"), term, 0, 5, ""),))
    expected = minute_by_minute(start, term, TEN_YEARS, moved, BISHKEK, tuple(asked))
    assert clock.due_on("request", start, pauses=pauses) == expected


def test_every_minute_around_the_city_s_midnights() -> None:
    """The day changes with the city's midnight, whatever the day is in UTC, to the minute."""
    clock = LegalClock(WorkingCalendar("KG", None, {}), (Term("", day("2010-01-01"), 14, 0, 0, ""),))
    for midnight in (dt.datetime(2026, month, 1, 18, tzinfo=dt.UTC) for month in range(1, 13)):
        for minute in range(-90, 90):
            start = midnight + dt.timedelta(minutes=minute)
            assert clock.due_on("request", start) == minute_by_minute(start, 14, TEN_YEARS, {}, BISHKEK)
