"""From chances to classes: the false discovery rate over all cells of a map."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

#: Below each of these, the class is 1, 2, 3: of the cells called so, nine of ten, nineteen of twenty, ninety-nine of a hundred are no chance.
LEVELS = (0.10, 0.05, 0.01)


def q_values(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The false discovery rate at which each cell would be called significant; same shape, NaN where ``p`` is NaN.

    Benjamini and Hochberg 1995, over all cells that were tested: on a map of 10,000 cells, 500 have p < 0.05 by chance alone.
    """
    q = np.full(p.shape, np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        q[tested] = false_discovery_control(p[tested], method="bh")
    return q


def classes(q: NDArray[np.float64], direction: NDArray[Any]) -> NDArray[np.int8]:
    """-3 to 3, same shape: the levels of ``LEVELS`` that q is below, with the sign of ``direction``; 0 where q is NaN."""
    with np.errstate(invalid="ignore"):
        level = sum((q < bound).astype(np.int8) for bound in LEVELS)
        sign = np.sign(np.nan_to_num(direction)).astype(np.int8)
    return np.asarray(level * sign, dtype=np.int8)
