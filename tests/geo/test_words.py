from __future__ import annotations

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from geo.words import must_show, shows, trimmed


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t", "\u00a0", "\u200b\u200c\u200d\u2060\ufeff", "\u00ad", "\u202e\u202c", "\u2028\u3000", "\u3164\uffa0",
     "\u115f\u1160", "\u2800", "\ufe0f", "\u0301", "\U000e0041", "\x00\x1b", "\ue000", "\u034f", "\u180e"],
)  # fmt: skip
def test_what_shows_nothing(text: str) -> None:
    assert not shows(text)
    assert trimmed(text) == ""
    with pytest.raises(ValidationError):
        must_show(text)


@pytest.mark.parametrize("text", ["a", "!", "7", "ө", "🏠", "€", "\u200ba", "…", "й", "ﷺ"])
def test_what_shows_something(text: str) -> None:
    assert shows(text)
    must_show(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\ufeff  Чоң чуңкур\u200b\n", "Чоң чуңкур"),
        # Inside, what is not drawn may matter: joined emoji, spaces between words.
        ("👨\u200d👩\u200d👧 бар", "👨\u200d👩\u200d👧 бар"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("и\u0306", "и\u0306"),
    ],
)
def test_ends_are_trimmed_and_nothing_else(text: str, left: str) -> None:
    assert trimmed(text) == left


@given(st.text())
def test_trimming_loses_nothing_that_is_drawn(text: str) -> None:
    left = trimmed(text)
    assert trimmed(left) == left
    assert left in text
    drawn = [char for char in text if unicodedata.category(char)[0] in "LNPS"]
    assert [char for char in left if unicodedata.category(char)[0] in "LNPS"] == (drawn if left else [])
    assert bool(left) is shows(text)
