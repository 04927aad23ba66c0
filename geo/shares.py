"""Shares of few cases, and how sure they are: intervals that hold at none and at all, and like compared with like."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Standard deviations within which 95 of 100 normal values lie.
_Z: Final = 1.959964
#: A figure of fewer cases would be chance: one more or less would change it.
LEAST_CASES: Final = 10


def wilson(part: int, n: int) -> tuple[float, float]:
    """Between which the true share lies 95 times of 100, of ``n`` > 0 cases of which ``part`` were counted.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212.
    """
    z2, share = _Z**2, part / n
    middle = share + z2 / (2 * n)
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)


@dataclass(frozen=True)
class Difference:
    """A share less that of others, from -1 to 1, its 95 % interval, and the chance ``p`` of one as large where there is none."""

    value: float
    low: float
    high: float
    p: float


def difference(
    part: NDArray[Any], n: NDArray[Any], other_part: NDArray[Any], other_n: NDArray[Any]
) -> Difference | None:
    """The share of a group less that of others, each compared within strata of the same kind; None where no stratum has both.

    Arrays of shape (strata,): of ``n`` cases ``part`` were counted, of ``other_n`` of the others ``other_part``. The difference is Mantel
    and Haenszel's (S. Greenland, J. M. Robins, Biometrics 41 (1985), 55-68), its interval that of B. Klingenberg (Statistics in Medicine 33
    (2014), 2968-2983), which is not empty where a share is none or all, and ``p`` that of N. Mantel and W. Haenszel (JNCI 22
    (1959), 719-748) without correction for continuity. A stratum without others says nothing.
    """
    both = (np.asarray(n) > 0) & (np.asarray(other_n) > 0)
    y1, n1, y2, n2 = (np.asarray(values, dtype=float)[both] for values in (part, n, other_part, other_n))
    if not n1.size:
        return None
    total = n1 + n2
    weight = n1 * n2 / total
    w = float(weight.sum())
    value = float((y1 * n2 - y2 * n1) @ (1 / total) / w)
    spread = float(((n1**2 * y2 - n2**2 * y1 + n1 * n2 * (n2 - n1) / 2) / total**2).sum())
    base = float(((y1 * (n2 - y2) + y2 * (n1 - y1)) / (2 * total)).sum())
    middle = value + _Z**2 * spread / (2 * w**2)
    half = math.sqrt(max(middle**2 - value**2 + _Z**2 * base / w**2, 0.0))
    counted = y1 + y2
    larger = np.maximum(total - 1, 1)
    variance = float((n1 * n2 * counted * (total - counted) / (total**2 * larger)).sum())
    z = abs(float((y1 - n1 * counted / total).sum())) / math.sqrt(variance) if variance > 0 else 0.0
    return Difference(
        value,
        min(max(middle - half, -1.0), value),
        max(min(middle + half, 1.0), value),
        math.erfc(z / math.sqrt(2)),
    )
