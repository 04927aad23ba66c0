"""The city's own gazetteer is searched the same way wherever it is asked."""

from __future__ import annotations

import unicodedata

import pytest
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from districts.places import COORDINATES, FOUND_MAX, WORDS_MAX, WORDS_MIN, cleaned, find_places
from tests.factories import DistrictFactory, PlaceFactory
from tests.osh import osh_places


def test_the_best_come_first_and_not_all_of_them(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    district = DistrictFactory()
    for n in range(FOUND_MAX + 2):
        PlaceFactory(
            name_ky=f"Тополь {n}", name_ru=f"Тополевая {n}", name_en=f"Poplar {n}", district=district
        )
    with django_assert_num_queries(1):
        found = find_places("  poplar\x00   3 ")
        assert [place.district for place in found] == [district] * FOUND_MAX
    assert found[0].name_en == "Poplar 3"


def test_each_is_found_as_people_look_for_it(db: None) -> None:
    osh_places()
    first = {
        "ул. Навои, 25": "улица Алишера Навои",
        "Навои 25": "улица Алишера Навои",
        "25, Навои көчөсү": "улица Алишера Навои",
        "Алишера Навои": "улица Алишера Навои",
        "yfdjb": "улица Алишера Навои",
        "памятник навои": "Памятник Навои",
        "Навои эстелиги": "Памятник Навои",
        "мкр Черемушки": "Черёмушки",
        "Черемушки": "Черёмушки",
        "черемшуки": "Черёмушки",
        unicodedata.normalize("NFD", "Черёмушки"): "Черёмушки",
        "масолиев": "проспект Абсамата Масалиева",
        "пр-т Масалиева 12": "проспект Абсамата Масалиева",
        "масалив": "проспект Абсамата Масалиева",
        "ошский рынок": "Базар Жайма",
        "рынок ошский": "Базар Жайма",
        "аеропорт": "посёлок Аэропорт",
    }
    with translation.override("ru"):
        assert {words: [place.name for place in find_places(words)][:1] for words in first} == {
            words: [name] for words, name in first.items()
        }
        # What else is called so comes later, and is not lost.
        assert {"Памятник Навои", "Парк имени Навои"} <= {place.name for place in find_places("Навои")}
    assert find_places("совсем другое") == []


def test_what_is_being_typed_is_found_by_its_beginning(db: None) -> None:
    osh_places()
    with translation.override("ru"):
        for typed in ("мас", "масал", "масалиев"):
            assert "проспект Абсамата Масалиева" in {place.name for place in find_places(typed)}, typed


@pytest.mark.parametrize(
    "words",
    ["40.52, 72.80", "40,52 72,80", "40°31'12\"N 72°48'0\"E", "https://maps.google.com/?q=40.52,72.80"],
)
def test_coordinates_are_a_place(words: str, db: None) -> None:
    (found,) = find_places(words)
    assert (found.kind, found.name) == (COORDINATES, "40.520000, 72.800000")
    assert (round(found.point.x, 6), round(found.point.y, 6)) == (72.8, 40.52)


def test_what_is_on_no_globe_is_no_place(db: None) -> None:
    assert find_places("140.52, 272.80") == []


@pytest.mark.parametrize("words", ["", " ", "p", "\x00\x00p", "p" * (WORDS_MAX + 1)])
def test_too_short_or_too_long_finds_nothing_without_a_query(
    words: str, django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    with django_assert_num_queries(0):
        assert find_places(words) == []


def test_words_are_counted_as_they_are_searched_for(db: None) -> None:
    place = PlaceFactory(search="po")
    assert cleaned(" p\x00o ") == "po"
    assert find_places("p\x00o" + " " * WORDS_MAX) == [place]


def test_the_document_says_how_long_a_search_may_be(client: Client) -> None:
    document = client.get("/api/schema/?format=json").json()
    (parameter,) = document["paths"]["/api/places"]["get"]["parameters"]
    assert (parameter["schema"]["minLength"], parameter["schema"]["maxLength"]) == (WORDS_MIN, WORDS_MAX)
