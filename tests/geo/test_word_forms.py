"""What is typed is read as words: short forms, numbers, kinds of places, a keyboard that was not switched."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.word_forms import beginnings, folded, kind_named, readings, stands_in, words_in


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_letters_taken_apart_are_the_same(stored: str) -> None:
    assert folded(unicodedata.normalize(stored, "Көчөдөгү чуңкур, ЁЛКА й")) == "кочодогу чункур, елка й"


@pytest.mark.parametrize(
    ("text", "telling", "numbers", "kinds"),
    [
        ("ул. Навои, 25", ["навои"], ["25"], ["улица"]),
        ("Навои көчөсү 25", ["навои"], ["25"], ["кочосу"]),
        ("мкр Черемушки", ["черемушки"], [], ["микрорайон"]),
        ("ж/м Ак-Тилек", ["ак", "тилек"], [], ["жилмассив"]),
        ("пр-т Масалиева", ["масалиева"], [], ["проспект"]),
        ("яма на дороге", ["яма", "дороге"], [], []),
        ("улица", [], [], ["улица"]),
        ("на", ["на"], [], []),
        ("я", ["я"], [], []),
        ("улыбка", ["улыбка"], [], []),
        (" ., ", [], [], []),
    ],
)
def test_words_are_told_apart(text: str, telling: list[str], numbers: list[str], kinds: list[str]) -> None:
    found = words_in(text)
    assert [list(found.telling), list(found.numbers), list(found.kinds)] == [telling, numbers, kinds]


@pytest.mark.parametrize(
    ("word", "kind"), [("улице", "street"), ("көчөсүндө", "street"), ("айылы", "village"), ("навои", "")]
)
def test_the_kind_of_a_place_has_forms_too(word: str, kind: str) -> None:
    assert kind_named(folded(word)) == kind


def test_a_keyboard_that_was_not_switched() -> None:
    assert readings("Vecjh") == ["vecjh", "мусор"]
    assert readings(";bkmt")[-1] == "жилье"
    assert readings("мусор") == ["мусор"]
    assert readings("12") == ["12"]


@given(st.text(max_size=60))
def test_any_text_has_words_or_none(text: str) -> None:
    for reading in readings(text):
        for word in words_in(reading).telling:
            assert stands_in(word, word)


def test_beginnings_are_those_of_every_form() -> None:
    means = beginnings("Ямы на дороге, остановки, чуңкур, rubbish, улица")
    for word in ("яма", "дорога", "дорог", "остановок", "чункурлар", "rubbish"):
        assert any(word.startswith(beginning) for beginning in means), word
    assert not any("улица".startswith(beginning) for beginning in means)
