from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.visiting import visiting_order, way_m

Places = list[tuple[float, float]]

metre = st.floats(-20_000, 20_000)
place = st.tuples(metre, metre)


def shortest(places: Places, start: tuple[float, float]) -> float:
    """Length of the best of all ways."""
    return min(sum(way_m(places, order, start)) for order in itertools.permutations(range(len(places))))


def drawn(seed: int, n: int) -> Places:
    chance = random.Random(seed)
    return [(chance.uniform(0, 10_000), chance.uniform(0, 8_000)) for _ in range(n)]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7])
def test_against_every_way_that_there_is(n: int) -> None:
    ratios = []
    for seed in range(12):
        places = drawn(seed, n)
        order = visiting_order(places, (0, 0))
        ratios.append(sum(way_m(places, order, (0, 0))) / shortest(places, (0, 0)))
    assert max(ratios) < 1.06
    assert sum(math.isclose(ratio, 1) for ratio in ratios) >= 10, "nearly always the shortest"


def test_crossing_ways_are_taken_apart() -> None:
    # The nearest place next goes to and fro over the start, 1 + 3 + 7 m and so on; there and back is shorter.
    places = [(-1.0, 0.0), (2.0, 0.0), (-5.0, 0.0), (10.0, 0.0)]
    order = visiting_order(places, (0, 0))
    assert sum(way_m(places, order, (0, 0))) == shortest(places, (0, 0)) == 20


@given(st.lists(place, max_size=25), place)
def test_each_place_once_and_never_longer_than_the_nearest_next(
    places: Places, start: tuple[float, float]
) -> None:
    order = visiting_order(places, start)
    assert sorted(order) == list(range(len(places)))
    here, left, greedy = start, set(range(len(places))), 0.0
    while left:
        stop = min(left, key=lambda one: (math.dist(here, places[one]), one))
        greedy += math.dist(here, places[stop])
        here = places[stop]
        left.remove(stop)
    assert sum(way_m(places, order, start)) <= greedy + 1e-3


def test_the_same_places_give_the_same_order_and_many_at_one_spot_are_no_trouble() -> None:
    assert visiting_order([], (0, 0)) == []
    assert visiting_order([(5, 5)] * 6, (0, 0)) == [0, 1, 2, 3, 4, 5]
    assert visiting_order(drawn(3, 40), (0, 0)) == visiting_order(drawn(3, 40), (0, 0))


def test_the_way_is_measured_from_stop_to_stop() -> None:
    assert way_m([(3, 4), (3, 8)], [0, 1], (0, 0)) == [5, 4]
