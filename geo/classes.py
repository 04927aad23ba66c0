"""Classes of counts for a choropleth map: exact natural breaks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class CountClass(NamedTuple):
    """Counts from ``low`` to ``high``, both inclusive and both present in the data."""

    low: int
    high: int


def natural_breaks(counts: Iterable[int], most: int) -> tuple[CountClass, ...]:
    """At most ``most`` classes with the least sum of squared deviations from the class means, lowest first.

    Exact (Fisher 1958, "On grouping for maximum homogeneity"; Jenks's map classes are the same optimum), by
    dynamic programming over the distinct values: n counts that sum to N have fewer than sqrt(2 N) of them.
    Equal counts are always in one class, so there are never more classes than distinct values. Of several
    optima, takes the one with the lower breaks. No counts, no classes.
    """
    values, weights = np.unique(np.fromiter(counts, dtype=np.int64), return_counts=True)
    n = len(values)
    if n <= most:
        return tuple(CountClass(int(value), int(value)) for value in values)
    # With prefix sums, the cost of any run values[a:b] is one subtraction.
    total = np.concatenate([[0.0], np.cumsum(weights, dtype=float)])
    first = np.concatenate([[0.0], np.cumsum(weights * values, dtype=float)])
    second = np.concatenate([[0.0], np.cumsum(weights * values.astype(float) ** 2)])

    def cost(a: np.ndarray, b: int) -> np.ndarray:
        return np.asarray((second[b] - second[a]) - (first[b] - first[a]) ** 2 / (total[b] - total[a]))

    best = np.concatenate([[0.0], [float(cost(np.array([0]), b)[0]) for b in range(1, n + 1)]])
    starts = np.zeros((most + 1, n + 1), dtype=np.int64)
    for k in range(2, most + 1):
        extended = np.full(n + 1, np.inf)
        for b in range(k, n + 1):
            begins = np.arange(k - 1, b)
            sums = best[begins] + cost(begins, b)
            chosen = int(np.argmin(sums))
            extended[b], starts[k, b] = sums[chosen], begins[chosen]
        best = extended

    classes: list[CountClass] = []
    end = n
    for k in range(most, 0, -1):
        begin = int(starts[k, end]) if k > 1 else 0
        classes.append(CountClass(int(values[begin]), int(values[end - 1])))
        end = begin
    return tuple(reversed(classes))
