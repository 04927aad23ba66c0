"""Codes keep every letter of what they are made of, or are refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from districts.importing.codes import CodeRefused, code_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Квартал 5", "kvartal-5"),
        ("Зона 5", "zona-5"),
        ("Төлөйкөн аймагы", "toloykon-aymagy"),
        ("Ңү Жаңы-Арык", "ngu-jangy-aryk"),
        ("Объезд", "obezd"),
        ("Ўзгариш қ", "ozgarish-q"),
        ("5/1", "5-1"),
        ("5.1", "5-1"),
        ("51", "51"),
        ("O’Hare", "ohare"),
        ("São Paulo_2", "sao-paulo_2"),
        ("  Ward   No. 7 ", "ward-no-7"),
        ("И\u0306", "y"),
        ("— / —", ""),
        ("", ""),
    ],
)
def test_written_in_latin_letters(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize(("text", "sign"), [("区 5", "区"), ("ward Ω", "Ω"), ("٣", "٣"), ("łódź", "ł")])
def test_what_cannot_be_written_so_is_refused(text: str, sign: str) -> None:
    with pytest.raises(CodeRefused) as refused:
        code_of(text)
    assert str(refused.value) == sign


@given(st.text())
def test_a_code_or_a_refusal(text: str) -> None:
    try:
        code = code_of(text)
    except CodeRefused:
        return
    assert re.fullmatch(r"([a-z0-9_]+(-[a-z0-9_]+)*)?", code)
    letters = [sign for sign in text if sign.isalnum() and sign.lower() not in "ъь"]
    assert len(re.sub("[-_]", "", code)) >= len(letters) * bool(code)
