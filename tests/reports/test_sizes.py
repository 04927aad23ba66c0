from __future__ import annotations

import pytest
from django.utils import translation
from pytest_django import Settings

from appeals.models.appeal import CELL_M
from geo.hotspots import disc
from reports import sentences, sizes
from reports.sentences import neighbourhood_words, size_words
from reports.sizes import CELL_SIZES_M, CellSize, candidate_sizes, offered_sizes

CITY_M2 = 180e6


def choose_size(appeals: int, ground_m2: float, wanted_m: int | None) -> CellSize:
    """The size of a report whose cells are few enough."""
    return candidate_sizes(appeals, ground_m2, wanted_m)[0]


@pytest.mark.parametrize(
    ("appeals", "cell_m"),
    [(0, 500), (171, 500), (172, 500), (686, 250), (4286, 100), (17_142, 100), (17_143, 50), (10**6, 50)],
)
def test_the_smallest_size_whose_window_expects_five(appeals: int, cell_m: int) -> None:
    assert choose_size(appeals, CITY_M2, None).cell_m == cell_m


def test_the_threshold_itself_gets_the_smaller_size() -> None:
    ground_m2 = 21 * 50**2 * 100 / 5
    assert choose_size(100, ground_m2, None).cell_m == 50
    assert choose_size(99, ground_m2, None).cell_m == 100


def test_the_largest_size_is_used_when_none_expects_enough() -> None:
    size = choose_size(10, CITY_M2, None)
    assert (size.cell_m, size.enough, size.automatic) == (500, False, True)


def test_a_wanted_size_is_kept_with_what_it_expects() -> None:
    size = choose_size(3000, CITY_M2, 50)
    assert (size.cell_m, size.automatic, size.enough) == (50, False, False)
    assert size.expected == pytest.approx(3000 * 21 * 2500 / CITY_M2)


def test_without_an_area_nothing_is_expected() -> None:
    assert choose_size(100, 0.0, None).expected == 0.0


def test_every_size_is_a_multiple_of_the_stored_cell() -> None:
    assert all(cell_m % CELL_M == 0 for cell_m in (*CELL_SIZES_M, *sizes.WIDE_SIZES_M))


def test_a_city_is_offered_sizes_up_to_one_that_can_be_drawn_whatever_happens(settings: Settings) -> None:
    assert offered_sizes() == CELL_SIZES_M
    settings.CITY_BOUNDS = (70.0, 38.0, 76.0, 42.0)  # some 520 by 450 km
    assert offered_sizes() == (*CELL_SIZES_M, 1_000, 2_500, 5_000)
    settings.CITY_BOUNDS = (60.0, 20.0, 90.0, 60.0)
    assert offered_sizes()[-1] == 50_000


def test_sizes_that_would_be_too_many_cells_are_followed_by_larger_ones(settings: Settings) -> None:
    tried = candidate_sizes(10**6, CITY_M2, None)
    assert [(size.cell_m, size.crowded) for size in tried] == [
        (50, False),
        (100, True),
        (250, True),
        (500, True),
    ]
    assert [size.cell_m for size in candidate_sizes(10**6, CITY_M2, 50)] == [50]
    settings.CITY_BOUNDS = (70.0, 38.0, 76.0, 42.0)
    assert candidate_sizes(10**6, CITY_M2, None)[-1].cell_m == 5_000


def test_a_window_has_the_cells_that_the_test_of_hotspots_sums_over() -> None:
    assert disc(sizes.WINDOW_RADIUS_CELLS).sum() == sizes.WINDOW_CELLS


@pytest.mark.parametrize(
    ("cells", "area", "alone"),
    [
        (21, "на место из 21 ячейки приходится", "21 ячейка"),
        (24, "на место из 24 ячеек приходится", "24 ячейки"),
        (25, "на место из 25 ячеек приходится", "25 ячеек"),
    ],
)
def test_cells_are_in_the_case_of_their_number(
    monkeypatch: pytest.MonkeyPatch, cells: int, area: str, alone: str
) -> None:
    monkeypatch.setattr(sentences, "WINDOW_CELLS", cells)
    with translation.override("ru"):
        assert area in size_words(choose_size(10, CITY_M2, None))
        assert neighbourhood_words() == alone
    # Few appeals hide a difference; one that was found is none the less sure.
    assert all("mostly chance" not in size_words(choose_size(10, CITY_M2, size)) for size in (None, 50))
