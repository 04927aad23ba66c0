"""What speaks against an area's being the known one of its code."""

from __future__ import annotations

import pytest
import shapely

from districts.identity import unlike
from districts.models import DistrictBoundary
from tests.grid import GridCity, names

WEST_KY = {"name_ky": "west ky"}


def known(city: GridCity) -> DistrictBoundary:
    return DistrictBoundary.objects.get(district=city.districts["west"])


@pytest.mark.parametrize(
    ("bounds", "is_like"),
    [
        ((72.70, 40.50, 72.74, 40.54), True),
        # A quarter and the half of its area added or taken.
        ((72.70, 40.50, 72.75, 40.54), True),
        ((72.70, 40.50, 72.7205, 40.54), True),
        ((72.70, 40.50, 72.7595, 40.54), True),
        # A little more than the half.
        ((72.70, 40.50, 72.7195, 40.54), False),
        ((72.70, 40.50, 72.7605, 40.54), False),
        # As large, and moved: what it leaves and what it takes count alike.
        ((72.709, 40.50, 72.749, 40.54), True),
        ((72.711, 40.50, 72.751, 40.54), False),
        ((72.76, 40.50, 72.80, 40.54), False),
    ],
)
def test_half_of_the_area_may_change(
    city: GridCity, bounds: tuple[float, float, float, float], is_like: bool
) -> None:
    found = unlike(known(city), WEST_KY, shapely.box(*bounds))
    assert (not found) == is_like, found


def test_square_metres_are_told(city: GridCity) -> None:
    (why,) = unlike(known(city), WEST_KY, shapely.box(72.73, 40.50, 72.77, 40.54))
    before, after, both = (int("".join(filter(str.isdigit, part.split("m²")[0]))) for part in why.split(", "))
    # A hundredth of a degree of longitude by four of latitude are 3.76 square kilometres here.
    assert (before, after, both) == (
        pytest.approx(15_050_000, rel=0.01),
        pytest.approx(15_050_000, rel=0.01),
        pytest.approx(3_760_000, rel=0.01),
    )


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (WEST_KY, 0),
        ({"name_ky": "Батыш"}, 1),
        ({"name_ky": "Батыш", "name_ru": "Запад"}, 2),
        ({"name_ky": "west ky", "name_ru": ""}, 0),
        ({}, 0),
    ],
)
def test_names_are_compared_where_both_have_one(city: GridCity, said: dict[str, str], count: int) -> None:
    west = known(city)
    assert len(unlike(west, said, shapely.from_wkb(bytes(west.geom.wkb)))) == count


def test_a_first_name_in_a_language_is_no_other_name(city: GridCity) -> None:
    west = known(city)
    west.name_ru = ""
    assert unlike(west, {"name_ru": "Запад"}, shapely.from_wkb(bytes(west.geom.wkb))) == []
    assert names("west")["name_ky"] == west.name_ky
