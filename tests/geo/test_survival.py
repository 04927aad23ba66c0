"""Kaplan and Meier's estimate against a published table and against its definition in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.survival import by_group, kaplan_meier

#: Weeks of remission with 6-mercaptopurine (E. J. Freireich et al., Blood 21 (1963), 699-716), censored ones apart.
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
#: Their table as every textbook gives it.
PUBLISHED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}

CASES = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60)


def estimate(cases: list[tuple[int, bool]]):  # type: ignore[no-untyped-def]
    durations, happened = zip(*cases, strict=True)
    return kaplan_meier(np.array(durations, dtype=float), np.array(happened))


def by_definition(cases: list[tuple[int, bool]]) -> dict[int, Fraction]:
    """The share that still waits after each time at which something happened."""
    waiting, table = Fraction(1), {}
    for time in sorted({duration for duration, happened in cases if happened}):
        at_risk = sum(duration >= time for duration, _happened in cases)
        events = sum(duration == time for duration, happened in cases if happened)
        waiting *= 1 - Fraction(events, at_risk)
        table[time] = waiting
    return table


def test_the_published_table() -> None:
    found = estimate([(week, True) for week in RELAPSED] + [(week, False) for week in CENSORED])
    assert dict(zip(found.times, found.waiting.round(3), strict=True)) == PUBLISHED
    assert (found.n, found.happened, found.watched) == (21, 9, 35)
    assert found.quantile(0.5) == 23
    assert found.quantile(0.1) == 6
    assert found.quantile(0.9) is None


@given(CASES)
def test_it_equals_its_definition(cases: list[tuple[int, bool]]) -> None:
    expected, found = by_definition(cases), estimate(cases)
    assert found.times.tolist() == list(expected)
    assert found.waiting == pytest.approx([float(share) for share in expected.values()], abs=1e-12)
    for share in (Fraction(1, 2), Fraction(9, 10)):
        reached = [time for time, waiting in expected.items() if waiting <= 1 - share]
        assert found.quantile(float(share)) == (reached[0] if reached else None)


def test_leaving_open_what_is_hard_makes_nobody_faster() -> None:
    everything = [(hours, True) for hours in (1, 2, 3, 50, 60, 70)]
    hard_ones_open = [(hours, hours < 50) for hours, _happened in everything]
    assert estimate(everything).quantile(0.5) == 3
    # The mean or the median of what is finished would be 2.
    assert estimate(hard_ones_open).quantile(0.5) == 3
    assert estimate(hard_ones_open).quantile(0.9) is None


def test_of_nothing_nothing_is_known() -> None:
    nothing = kaplan_meier(np.empty(0), np.empty(0, dtype=bool))
    assert (nothing.n, nothing.happened, nothing.quantile(0.5)) == (0, 0, None)


@given(st.lists(st.integers(0, 5), max_size=40))
def test_groups_hold_each_case_once(groups: list[int]) -> None:
    found = {group: positions.tolist() for group, positions in by_group(np.array(groups, dtype=np.int64))}
    assert found == {
        group: [n for n, one in enumerate(groups) if one == group] for group in sorted(set(groups))
    }
