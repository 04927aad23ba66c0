from __future__ import annotations

import numpy as np

from geo.hotspots import classes, q_values


def test_q_is_benjamini_and_hochbergs_step_up() -> None:
    """Their own example's rule: the largest k with p(k) <= k q / m, and all below it."""
    p = np.array(
        [[0.0001, 0.0004, 0.0019], [0.0095, 0.0201, np.nan], [0.0278, 0.0298, 0.0344], [0.5, 0.9, 1.0]]
    )
    q = q_values(p)
    assert np.isnan(q[1, 2])
    tested = np.sort(p[~np.isnan(p)])
    for level in (0.01, 0.05, 0.1, 0.6):
        passing = [k for k, value in enumerate(tested, start=1) if value <= k * level / len(tested)]
        assert (q[~np.isnan(p)] <= level + 1e-15).sum() == max(passing, default=0)


def test_nothing_tested_is_nothing_found() -> None:
    assert np.isnan(q_values(np.full((2, 2), np.nan))).all()


def test_classes_say_how_surely_and_which_way() -> None:
    q = np.array([0.005, 0.01, 0.03, 0.05, 0.07, 0.10, 0.5, np.nan])
    assert classes(q, np.ones(8)).tolist() == [3, 2, 2, 1, 1, 0, 0, 0]
    assert classes(q, -np.ones(8)).tolist() == [-3, -2, -2, -1, -1, 0, 0, 0]
    assert classes(q, np.full(8, np.nan)).tolist() == [0] * 8
