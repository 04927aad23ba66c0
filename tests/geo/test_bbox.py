"""Boxes in degrees: what is parsed, what is refused, and which points they contain."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appeals.models import Appeal
from geo.bbox import Bbox, BboxRefused, parse_bbox
from tests.factories import AppealFactory, CategoryFactory
from tests.grid import at


def test_four_numbers_west_first() -> None:
    assert parse_bbox("72.7, 40.5,72.78,40.54") == Bbox(72.7, 40.5, 72.78, 40.54)


def test_a_single_point_is_a_box() -> None:
    assert parse_bbox("72.7,40.5,72.7,40.5") == Bbox(72.7, 40.5, 72.7, 40.5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "got 1"),
        ("1,2,3", "got 3"),
        ("1,2,3,4,5", "got 5"),
        ("72.7,40.5,0,72.8,40.6,0", "got 6"),
        ("a,b,c,d", "numbers in degrees"),
        ("nan,40.5,72.8,40.6", "numbers in degrees"),
        ("72.7,40.5,inf,40.6", "numbers in degrees"),
        ("72.7,40.5,1e999,40.6", "numbers in degrees"),
        ("7_2,40.5,72.8,40.6", "numbers in degrees"),
        ("７2.7,40.5,72.8,40.6", "numbers in degrees"),
        ("72.8,40.5,72.7,40.6", "south-west corner"),
        ("72.7,40.6,72.8,40.5", "south-west corner"),
        ("40.5,172.7,40.6,172.8", "out of range"),
        ("-181,0,0,0", "out of range"),
    ],
)
def test_refused(text: str, says: str) -> None:
    with pytest.raises(BboxRefused, match=says):
        parse_bbox(text)


@given(st.tuples(*[st.floats(-90, 90, allow_nan=False).map(lambda value: round(value, 6))] * 4))
def test_text_round_trip(numbers: tuple[float, float, float, float]) -> None:
    west, east = sorted(numbers[:2])
    south, north = sorted(numbers[2:])
    assert parse_bbox(str(Bbox(west, south, east, north))) == Bbox(west, south, east, north)


LON, LAT = 72.76, 40.52


@pytest.fixture
def one_point(db: None) -> Appeal:
    appeal: Appeal = AppealFactory(category=CategoryFactory(), point=at((LON, LAT)))
    return appeal


@settings(max_examples=60)
@given(st.tuples(*[st.sampled_from([-1e-2, -1e-6, -(2**-40), 0.0, 2**-40, 1e-6, 1e-2])] * 4))
def test_holds_exactly_the_points_inside(
    one_point: Appeal, offsets: tuple[float, float, float, float]
) -> None:
    west, east = sorted([LON + offsets[0], LON + offsets[1]])
    south, north = sorted([LAT + offsets[2], LAT + offsets[3]])
    box = Bbox(west, south, east, north)
    inside = west <= LON <= east and south <= LAT <= north
    assert Appeal.objects.filter(box.holds("point")).exists() is inside


def test_index_boxes_alone_would_hold_too_many_points(one_point: Appeal) -> None:
    beside = Bbox(LON + 1e-7, LAT, LON + 0.01, LAT + 0.01)
    assert math.isclose(beside.west, LON, abs_tol=1e-6)
    assert Appeal.objects.filter(point__bboverlaps=beside.polygon()).exists()
    assert not Appeal.objects.filter(beside.holds("point")).exists()
