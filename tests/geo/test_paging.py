"""Keyset pages: parameters, cursors, and the walk over all pages."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import struct

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from appeals.models import Appeal
from geo.paging import PAGE_SIZE, PAGE_SIZE_MAX, Cursor, Page, PageRefused, parse_page, rows_of_page
from tests.factories import AppealFactory, CategoryFactory

MOMENTS = st.datetimes(timezones=st.just(dt.UTC))


@given(MOMENTS, st.integers(0, 2**63 - 1))
def test_cursor_round_trip(at: dt.datetime, number: int) -> None:
    cursor = Cursor(at, number)
    assert Cursor.parse(str(cursor)) == cursor


def test_cursor_needs_no_url_escaping() -> None:
    assert str(Cursor(dt.datetime(2026, 5, 31, tzinfo=dt.UTC), 7)).replace("-", "").replace("_", "").isalnum()


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
        Cursor.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert str(Cursor.parse(text)) == text


def test_without_parameters() -> None:
    assert parse_page({}) == parse_page({"page_size": "", "after": ""}) == Page(PAGE_SIZE, None)


@pytest.mark.parametrize("size", [1, 30, PAGE_SIZE_MAX])
def test_size(size: int) -> None:
    assert parse_page({"page_size": str(size)}).size == size


@pytest.mark.parametrize(
    "text", ["0", "-1", "1001", "1000000", "1e3", "abc", "10.0", " ", "1_0", "９", "9" * 5000]
)
def test_wrong_size(text: str) -> None:
    with pytest.raises(PageRefused) as refused:
        parse_page({"page_size": text})
    assert refused.value.errors == {"page_size": ["A page has from 1 to 1000 items."]}


def test_all_errors_are_reported_at_once() -> None:
    with pytest.raises(PageRefused) as refused:
        parse_page({"page_size": "0", "after": "x"})
    assert set(refused.value.errors) == {"page_size", "after"}


def _page(page: Page) -> list[Appeal]:
    return list(rows_of_page(Appeal.objects.all(), page, moment="submitted_at", number="number"))


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_every_row_once_in_order(db: None, size: int) -> None:
    now, category = dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC), CategoryFactory()
    for microseconds in (0, 0, 0, 1, 1, -1):
        AppealFactory(category=category, submitted_at=now + dt.timedelta(microseconds=microseconds))
    walked: list[Appeal] = []
    cursor = None
    while True:
        found = _page(Page(size, cursor))
        walked += found[:size]
        assert len(walked) <= 6
        if len(found) <= size:
            break
        cursor = Cursor(found[size - 1].submitted_at, found[size - 1].number)
    assert walked == sorted(
        Appeal.objects.all(), key=lambda row: (row.submitted_at, row.number), reverse=True
    )


def test_one_comparison_of_the_pair_and_no_offset(db: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        _page(Page(10, Cursor(dt.datetime(2026, 5, 31, tzinfo=dt.UTC), 7)))
    (statement,) = captured.captured_queries
    assert '("appeals_appeal"."submitted_at", "appeals_appeal"."number") < (' in statement["sql"]
    assert "LIMIT 11" in statement["sql"]
    assert "OFFSET" not in statement["sql"]
