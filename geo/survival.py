"""How long it takes until something happens, when for some it has not happened yet: Kaplan and Meier's estimate.

E. L. Kaplan, P. Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958), 457-481. Whoever counts the
finished ones alone finds a service fast that leaves its hard cases open; here a case that is still open counts with all the
time that it has waited so far ("censored").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Products of fractions miss a half by some units of the last place.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Survival:
    """The share of cases that still wait after each time.

    ``times`` are the times at which something happened, rising; ``waiting`` the share of cases that wait longer. ``n`` cases,
    of which it happened to ``happened``; the longest was watched for ``watched``.
    """

    times: NDArray[np.float64]
    waiting: NDArray[np.float64]
    n: int
    happened: int
    watched: float

    def quantile(self, share: float) -> float | None:
        """The smallest time by which it has happened to that share of the cases; None if it has not come to that yet.

        As in R. Brookmeyer, J. Crowley, A confidence interval for the median survival time, Biometrics 38 (1982), 29-41.
        """
        reached = np.flatnonzero(self.waiting <= 1 - share + _ROUNDING)
        return float(self.times[reached[0]]) if reached.size else None


def kaplan_meier(durations: NDArray[np.float64], happened: NDArray[np.bool_]) -> Survival:
    """The estimate for cases watched for ``durations``, to whose end it ``happened`` or not (they are censored).

    Where it happened to one case after the very time for which another was watched, that other was still waiting then.
    """
    if not durations.size:
        nothing = np.empty(0)
        return Survival(nothing, nothing, 0, 0, 0.0)
    times, at, cases = np.unique(durations, return_inverse=True, return_counts=True)
    events = np.bincount(at, weights=happened, minlength=times.size)
    at_risk = durations.size - (np.cumsum(cases) - cases)
    waiting = np.cumprod(1 - events / at_risk)
    real = events > 0
    return Survival(
        times[real], waiting[real], int(durations.size), int(np.count_nonzero(happened)), float(times[-1])
    )


def by_group(groups: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each group's number and the positions of its cases, by rising number."""
    if not groups.size:
        return
    order = np.argsort(groups, kind="stable")
    borders = np.flatnonzero(np.diff(groups[order])) + 1
    for positions in np.split(order, borders):
        yield int(groups[positions[0]]), positions
