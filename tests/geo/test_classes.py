from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.classes import CountClass, natural_breaks

COUNTS = st.lists(st.integers(1, 60), min_size=1, max_size=60)


def spread(counts: list[int], classes: tuple[CountClass, ...]) -> float:
    """Sum of squared deviations from the class means."""
    members = [[count for count in counts if low <= count <= high] for low, high in classes]
    assert sum(map(len, members)) == len(counts)
    return float(sum(np.var(group) * len(group) for group in members))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=25), st.integers(1, 4))
def test_no_other_breaks_are_better(counts: list[int], most: int) -> None:
    values = sorted(set(counts))
    best = min(
        spread(counts, tuple(CountClass(run[0], run[-1]) for run in map(list, np.split(values, cuts))))
        for k in range(1, min(most, len(values)) + 1)
        for cuts in combinations(range(1, len(values)), k - 1)
    )
    assert np.isclose(spread(counts, natural_breaks(counts, most)), best)


@given(COUNTS, st.integers(1, 6))
def test_classes_are_in_order_and_within_the_limit(counts: list[int], most: int) -> None:
    classes = natural_breaks(counts, most)
    assert 1 <= len(classes) <= most
    assert (classes[0].low, classes[-1].high) == (min(counts), max(counts))
    assert all(lower.high < upper.low for lower, upper in pairwise(classes))


def test_clear_groups_are_found() -> None:
    counts = [1, 1, 2, 10, 11, 50, 52]
    assert natural_breaks(counts, 3) == ((1, 2), (10, 11), (50, 52))


def test_few_distinct_counts_get_one_class_each() -> None:
    assert natural_breaks([4, 1, 4, 1], 6) == ((1, 1), (4, 4))


def test_no_counts_no_classes() -> None:
    assert natural_breaks([], 6) == ()
