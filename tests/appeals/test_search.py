"""Words are found in every form, in Kyrgyz and in Russian, on any keyboard, and no others."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from appeals.filters import AppealFilter
from appeals.models import Appeal
from appeals.search import digits, folded, pattern
from tests.factories import AppealFactory
from tests.grid import GridCity

#: Forms of one word: whichever is looked for finds every other.
FORMS = [
    "мусор мусора мусору мусором мусоре",
    "яма ямы яму ямой ямах ямами",
    "остановка остановки остановку остановок остановками",
    "свалка свалки свалку свалок",
    "дорога дороги дорогу дорогой дорогах",
    "освещение освещения освещением",
    "разбитый разбитая разбитого разбитую разбитые",
    "таштанды таштандыны таштандылар таштандылардын таштандыга таштандыдан",
    "чырак чырагы чырактын чырактар чырактарды чырагында",
    "көчө көчөнүн көчөдө көчөсү көчөсүндө көчөлөр кочосу кочодо",
    "мектеп мектептин мектеби мектепте мектептер",
    "үйлөр уйлор",
    "жарык жарыгы жарыктын жарыкты",
    "ёлка елка",
]
PAIRS = [(one, other) for forms in FORMS for one in forms.split() for other in forms.split()]

#: What looks alike and is another word.
STRANGERS = [
    ("яма", "ямальский"),
    ("вода", "вовремя"),
    ("парк", "парень"),
    ("мусор", "музей"),
    ("дорога", "дом"),
    ("12", "125"),
]


@pytest.mark.django_db
def test_every_form_finds_every_other() -> None:
    said = [(one, other) for one, other in PAIRS if not _finds(one, f"Здесь {other}, тут")]
    assert said == []


@pytest.mark.django_db
def test_other_words_are_not_found() -> None:
    assert [(one, other) for one, other in STRANGERS if _finds(one, f"Здесь {other}, тут")] == []


def _finds(word: str, text: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s ~ %s", [folded(text), pattern(folded(word))])
        return bool(cursor.fetchone()[0])


def test_all_the_words_must_be_there_in_address_or_text(city: GridCity) -> None:
    lamp = AppealFactory(
        category=city.categories["lamp"], text="Түнкүсүн чырактар күйбөйт", address="Ленин көчөсү, 12"
    )
    AppealFactory(category=city.categories["lamp"], text="Чырак", address="Масалиев көчөсү, 125")

    def found(words: str) -> list[int]:
        return [appeal.number for appeal in Appeal.objects.filtered(AppealFilter(q=words))]

    for words in ("чырак ленин", "ЛЕНИНА ЧЫРАГЫ", "кочосу, 12", "тункусун"):
        assert found(words) == [lamp.number], words
    assert found("ленин масалиев") == found("%") == found("чыр_к") == []


@pytest.mark.django_db
@given(st.text(min_size=1, max_size=60).filter(lambda text: "\x00" not in text))
def test_any_words_can_be_looked_for(words: str) -> None:
    list(Appeal.objects.filtered(AppealFilter(q=words))[:1])


def test_an_index_finds_them(city: GridCity) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    plan = Appeal.objects.filtered(AppealFilter(q="мусора")).order_by().explain()
    assert "appeal_words" in plan


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("0555 12-34-56", "555123456"),
        ("+996 (555) 123456", "996555123456"),
        ("1234", ""),
        ("дом 12345", ""),
        ("", ""),
    ],
)
def test_a_telephone_number_is_its_digits(words: str, expected: str) -> None:
    assert digits(words) == expected
