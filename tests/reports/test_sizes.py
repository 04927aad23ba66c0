from __future__ import annotations

import pytest

from appeals.models.appeal import CELL_M
from reports.sizes import CELL_SIZES_M, choose_size

CITY_M2 = 180e6


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
    assert all(cell_m % CELL_M == 0 for cell_m in CELL_SIZES_M)
