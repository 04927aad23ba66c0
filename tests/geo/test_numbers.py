"""Strict parsing of one whole number."""

from __future__ import annotations

import pytest

from geo.numbers import COLUMN_DIGITS, KEY_DIGITS, key_or_0, whole_number


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("007", 7), ("20260531", 20260531), ("9" * 18, 10**18 - 1)]
)
def test_digits(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize(
    "text", ["", " ", "-1", "+1", "1.0", "1_000", "1e3", " 1", "1\n", "²", "٣", "１", "9" * 19, "9" * 5000]
)
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text) is None


def test_so_many_digits_and_no_more() -> None:
    assert whole_number("1234", digits=4) == 1234
    assert whole_number("12345", digits=4) is None
    assert 10**COLUMN_DIGITS < 2**63


def test_a_key_that_is_none_is_that_of_no_row() -> None:
    assert [key_or_0(text) for text in ("17", "", "-1", "٣", "9" * 10)] == [17, 0, 0, 0, 0]
    assert 10**KEY_DIGITS < 2**31
