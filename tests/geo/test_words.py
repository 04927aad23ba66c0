from __future__ import annotations

import unicodedata

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from geo.words import must_show, shows, trimmed, trimming


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


ARABIC = "\u0643\u062a\u0627\u0628"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ul\u202eitsa", "Ulitsa"),
        ("\u202eабв\u202c", "абв"),
        ("Ле\u00adни\u200bна \ufeff1", "Ленина 1"),
        ("Ош\u2066 5\u2069", "Ош 5"),
        ("a\u200db", "ab"),
        ("a\u2060b\u206ac\ufff9d\ufffb", "abcd"),
        # Where letters run from right to left, isolates and marks say where a number stands.
        (f"{ARABIC} \u2066№ 5\u2069\u200f.", f"{ARABIC} \u2066№ 5\u2069\u200f."),
        (f"{ARABIC}\u200c{ARABIC}", f"{ARABIC}\u200c{ARABIC}"),
        (f" \u2066№ 5\u2069 {ARABIC}\u200b ", f"\u2066№ 5\u2069 {ARABIC}"),
        ("a\u200fb", "ab"),
        # Overrides are for nobody, and an isolate that does not end turns what comes after the text.
        (f"{ARABIC} \u202e5\u202c", f"{ARABIC} 5"),
        (f"{ARABIC} \u2067№ 5", f"{ARABIC} № 5"),
        (f"{ARABIC} \u2069№ 5\u2066 6", f"{ARABIC} № 5 6"),
        (f"\u2066{ARABIC}\n5\u2069 6", f"{ARABIC}\n5 6"),
    ],
)
def test_what_is_not_drawn_is_left_out(text: str, left: str) -> None:
    assert trimmed(text) == left


def test_a_form_s_field_gives_what_is_left() -> None:
    class Form(forms.Form):
        name = trimming(forms.CharField())
        note = trimming(forms.CharField(required=False))

    form = Form({"name": "Ай\u202eбек", "note": "\u200b"})
    assert form.is_valid()
    assert form.cleaned_data["name"] == "Айбек"
    assert not Form({"name": "\u200b"}).is_valid()


@given(st.text())
def test_trimming_loses_nothing_that_is_drawn(text: str) -> None:
    left = trimmed(text)
    assert trimmed(left) == left
    drawn = [char for char in text if unicodedata.category(char)[0] in "LNPS"]
    assert [char for char in left if unicodedata.category(char)[0] in "LNPS"] == (drawn if left else [])
    assert bool(left) is shows(text)
