"""Keyset pages: parameters, cursors, and the walk over all pages."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime as dt
import struct
from operator import attrgetter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appeals.models import Appeal
from geo.paging import PAGE_SIZE_MAX, Cursor, Order, PageOfRows, PageRequest, parse_page
from geo.refusals import Refused
from tests.factories import AppealFactory, CategoryFactory

NEWEST = Order({"submitted_at": dt.datetime, "number": int}, descending=True)
OLDEST = Order({"submitted_at": dt.datetime, "number": int})
URGENT = Order({"due_on": dt.date, "number": int})
LATEST = Order({"due_on": dt.date, "number": int}, descending=True)
NUMBERED = Order({"number": int})
BOTH_WAYS = Order(
    {"due_on": dt.date, "submitted_at": dt.datetime, "number": int}, descending={"submitted_at"}
)
ORDERS = [NEWEST, OLDEST, URGENT, LATEST, NUMBERED, BOTH_WAYS]

MOMENTS = st.datetimes(timezones=st.just(dt.UTC))
NUMBERS = st.integers(0, 2**63 - 1)


@given(MOMENTS, NUMBERS)
def test_a_cursor_is_read_as_it_was_written(at: dt.datetime, number: int) -> None:
    cursor = Cursor((at, number))
    assert NEWEST.read(str(cursor)) == cursor


@given(st.dates(), NUMBERS)
def test_a_cursor_of_days_is_read_as_it_was_written(day: dt.date, number: int) -> None:
    cursor = Cursor((day, number))
    read = URGENT.read(str(cursor))
    assert read == cursor
    assert type(read.values[0]) is dt.date


@given(st.dates(), MOMENTS, NUMBERS)
def test_a_cursor_of_other_types_is_refused(day: dt.date, at: dt.datetime, number: int) -> None:
    for order, cursor in [
        (NEWEST, Cursor((day, number))),
        (URGENT, Cursor((at, number))),
        (NUMBERED, Cursor((at, number))),
        (NEWEST, Cursor((number,))),
    ]:
        with pytest.raises(ValueError):  # noqa: PT011
            order.read(str(cursor))


def test_a_cursor_that_was_given_out_stays_good() -> None:
    at = dt.datetime(1970, 1, 1, microsecond=1, tzinfo=dt.UTC)
    assert NEWEST.read(str(Cursor((at, 7)))) == Cursor((at, 7))


def test_a_cursor_is_one_word_of_a_url() -> None:
    cursor = Cursor((dt.datetime(2026, 5, 31, tzinfo=dt.UTC), 7))
    assert str(cursor).replace("-", "").replace("_", "").isalnum()


def _packed(micros: int, number: int) -> str:
    return base64.urlsafe_b64encode(struct.pack(">qq", micros, number)).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "AAAA",
        "a" * 23,
        "ä" * 22,
        "A" * 10_000,
        _packed(2**62, 1),
        _packed(-(2**63), 1),
        _packed(0, -1),
        _packed(0, 1) + "==",
        _packed(0, 1)[:-1] + "R",
        " " + _packed(0, 1),
        _packed(0, 1).replace("A", "+", 1),
    ],
)
def test_invalid_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        NEWEST.read(text)


#: Text of nothing in particular is never a cursor: these are, or nearly.
_NEARLY = st.binary(min_size=15, max_size=17).map(
    lambda packed: base64.urlsafe_b64encode(packed).decode().rstrip("=")
)
_VALID = st.builds(lambda at, number: str(Cursor((at, number))), MOMENTS, st.integers(0, 2**63 - 1))


#: The spare bits of the last character: Base64 spells the same bytes in several ways.
_RESPELLED = st.builds(lambda text, last: text[:-1] + last, _VALID, st.sampled_from("ABCDQRSTgwxyz_-"))


@given(
    st.text(max_size=30) | _NEARLY | _VALID | _RESPELLED | st.builds(str.__add__, _VALID, st.text(max_size=2))
)
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert str(NEWEST.read(text)) == text


def test_a_cursor_takes_as_many_numbers_as_there_are_columns() -> None:
    for numbers in [(0,), (0, 1, 2)]:
        with pytest.raises(ValueError):  # noqa: PT011
            NEWEST.cursor_of(numbers)


def test_what_was_asked_for_and_found_cannot_be_changed() -> None:
    for value in (Cursor((7,)), PageRequest(), PageOfRows([], None)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, dataclasses.fields(value)[0].name, None)


def test_without_parameters() -> None:
    assert (
        parse_page({}, NEWEST) == parse_page({"page_size": "", "after": ""}, NEWEST) == PageRequest(100, None)
    )


def test_a_list_of_a_fixed_size_asks_for_no_other() -> None:
    assert parse_page({"page_size": "x"}, NEWEST, size=25) == PageRequest(25, None)


@pytest.mark.parametrize("size", [1, 30, PAGE_SIZE_MAX])
def test_size(size: int) -> None:
    assert parse_page({"page_size": str(size)}, NEWEST).size == size


@pytest.mark.parametrize(
    "text", ["0", "-1", "1001", "1000000", "1e3", "abc", "10.0", " ", "1_0", "９", "9" * 5000]
)
def test_wrong_size(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_page({"page_size": text}, NEWEST)
    assert refused.value.errors == {"page_size": ["A page has from 1 to 1000 items."]}


def test_every_error_is_told_at_once() -> None:
    with pytest.raises(Refused) as refused:
        parse_page({"page_size": "0", "after": "x"}, NEWEST)
    assert set(refused.value.errors) == {"page_size", "after"}


@pytest.fixture
def appeals(db: None) -> list[Appeal]:
    """Some came in the same moment and some are due on the same day, so that the number decides among them."""
    now, category = dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC), CategoryFactory()
    return [
        AppealFactory(
            category=category,
            submitted_at=now + dt.timedelta(microseconds=microseconds),
            due_on=dt.date(2026, 6, due),
        )
        for microseconds, due in [(0, 2), (0, 1), (0, 2), (1, 1), (1, 3), (-1, 2)]
    ]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: ",".join(order.names))
@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_every_row_once_in_order(appeals: list[Appeal], order: Order, size: int) -> None:
    walked: list[Appeal] = []
    page = PageRequest(size)
    while True:
        found = order.page(Appeal.objects.all(), page)
        walked += found.rows
        assert len(found.rows) <= size
        assert len(walked) <= 6
        if found.next is None:
            break
        page = parse_page({"after": str(found.next)}, order, size=size)
    assert walked == _in_order(appeals, order)


def _in_order(appeals: list[Appeal], order: Order) -> list[Appeal]:
    rows = list(appeals)
    for column, name in reversed(list(zip(order.columns, order.names, strict=True))):
        rows.sort(key=attrgetter(column), reverse=name.startswith("-"))
    return rows


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: ",".join(order.names))
@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_back_from_the_end_every_row_once_in_order(appeals: list[Appeal], order: Order, size: int) -> None:
    """The last row is the first one's page by itself; from there back, each page leads to the ones beside it."""
    rows = _in_order(appeals, order)
    found = order.page(Appeal.objects.all(), PageRequest(size, after=order.cursor_at(rows[-2])))
    assert (found.rows, found.next, found.previous) == (rows[-1:], None, order.cursor_at(rows[-1]))
    walked = [found.rows]
    while found.previous is not None:
        asked = parse_page({"before": str(found.previous)}, order, size=size, both_ways=True)
        assert asked == PageRequest(size, None, found.previous)
        found = order.page(Appeal.objects.order_by("pk"), asked)
        assert found.next == order.cursor_at(found.rows[-1])
        assert found.previous in {None, order.cursor_at(found.rows[0])}
        walked.insert(0, found.rows)
        assert len(walked) <= 6
    assert [row for page in walked for row in page] == rows
    assert all(len(page) == size for page in walked[1:-1])


def test_beside_the_first_and_the_last_row_there_is_nothing(appeals: list[Appeal]) -> None:
    first, *_others, last = _in_order(appeals, NEWEST)
    everything = Appeal.objects.all()
    nothing: PageOfRows[Appeal] = PageOfRows([], None, None)
    assert NEWEST.page(everything, PageRequest(2, before=NEWEST.cursor_at(first))) == nothing
    assert NEWEST.page(everything, PageRequest(2, after=NEWEST.cursor_at(last))) == nothing


def test_the_first_page_has_none_before_it(appeals: list[Appeal]) -> None:
    assert NEWEST.page(Appeal.objects.all(), PageRequest(2)).previous is None


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: ",".join(order.names))
def test_what_lies_until_a_row_and_beyond_it(appeals: list[Appeal], order: Order) -> None:
    rows = _in_order(appeals, order)
    cursor = order.cursor_at(rows[2])
    assert set(order.until(Appeal.objects.all(), cursor)) == set(rows[:3])
    assert set(order.beyond(Appeal.objects.all(), cursor)) == set(rows[3:])


def test_only_a_list_that_leads_both_ways_reads_before() -> None:
    before = Cursor((dt.datetime(2026, 5, 31, tzinfo=dt.UTC), 7))
    assert parse_page({"before": str(before)}, NEWEST) == PageRequest()
    assert parse_page({"before": str(before)}, NEWEST, both_ways=True) == PageRequest(before=before)
    with pytest.raises(Refused) as refused:
        parse_page({"before": "x"}, NEWEST, both_ways=True)
    assert set(refused.value.errors) == {"before"}


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: ",".join(order.names))
def test_the_database_writes_the_same_cursor(appeals: list[Appeal], order: Order) -> None:
    numbers = {f"n{at}": number for at, number in enumerate(order.numbers())}
    rows = Appeal.objects.order_by("pk")
    written = [order.cursor_of(row) for row in rows.annotate(**numbers).values_list(*numbers)]
    assert written == [order.cursor_at(row) for row in rows]


@given(days=st.dates(), at=MOMENTS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_day_and_moment_in_the_database_is_that_of_the_cursor(
    appeals: list[Appeal], days: dt.date, at: dt.datetime
) -> None:
    order = Order({"submitted_at": dt.datetime, "due_on": dt.date, "number": int})
    Appeal.objects.filter(pk=appeals[0].pk).update(submitted_at=at, due_on=days)
    numbers = {f"n{n}": number for n, number in enumerate(order.numbers())}
    row = Appeal.objects.filter(pk=appeals[0].pk)
    assert order.cursor_of(row.annotate(**numbers).values_list(*numbers)[0]) == Cursor(
        (at, days, appeals[0].number)
    )


@pytest.mark.parametrize(
    ("order", "after", "condition"),
    [
        (
            NEWEST,
            Cursor((dt.datetime(2026, 5, 31, tzinfo=dt.UTC), 7)),
            '("appeals_appeal"."submitted_at", "appeals_appeal"."number") < (',
        ),
        (
            URGENT,
            Cursor((dt.date(2026, 5, 31), 7)),
            '("appeals_appeal"."due_on", "appeals_appeal"."number") > (',
        ),
    ],
)
def test_one_comparison_of_the_pair_and_no_offset(
    db: None, order: Order, after: Cursor, condition: str
) -> None:
    with CaptureQueriesContext(connection) as captured:
        order.page(Appeal.objects.all(), PageRequest(10, after))
    (statement,) = captured.captured_queries
    assert condition in statement["sql"]
    assert "LIMIT 11" in statement["sql"]
    assert "OFFSET" not in statement["sql"]
