"""The city's own gazetteer is searched the same way wherever it is asked."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from districts.places import FOUND_MAX, WORDS_MAX, WORDS_MIN, cleaned, find_places
from tests.factories import DistrictFactory, PlaceFactory


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
