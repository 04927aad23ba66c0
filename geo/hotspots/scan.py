"""The space-time scan: where, of late, more came in than was expected; one chance for the whole map.

The second opinion beside the cells: it looks at circles of any size over the last steps, and answers once, so that looking at
many places is paid for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree


@dataclass(frozen=True)
class Cluster:
    """The strongest cluster: places of ``zone`` (indices, nearest to its middle first) during the last ``steps`` steps.

    ``score`` is the logarithm of the likelihood ratio, ``ratio`` observed by expected, ``p`` the share of maps, this one among
    them, whose strongest cluster is as strong.
    """

    zone: tuple[int, ...]
    steps: int
    observed: float
    expected: float
    ratio: float
    score: float
    p: float


def zones(places: NDArray[np.float64], most: int) -> tuple[tuple[int, ...], ...]:
    """Every distinct set of the 1 to ``most`` places nearest to a place, itself first. ``places``: (n, 2), in metres.

    At equal distances the lower index is nearer, so that the sets do not depend on the tree.
    """
    n = len(places)
    found: dict[frozenset[int], tuple[int, ...]] = {}
    tree = cKDTree(places)
    for place in range(n):
        reach, _ = tree.query(places[place], k=min(most, n))
        near = tree.query_ball_point(places[place], np.nextafter(np.max(reach), np.inf))
        away = np.hypot(*(places[near] - places[place]).T)
        order = sorted((near[i] for i in np.lexsort((near, away))), key=lambda one: one != place)[:most]
        for size in range(1, len(order) + 1):
            zone = tuple(order[:size])
            found.setdefault(frozenset(zone), zone)
    return tuple(found.values())


def scan(
    counts: NDArray[Any],
    expected: NDArray[np.float64],
    places: NDArray[np.float64],
    *,
    most_places: int = 15,
    most_steps: int = 8,
    simulations: int = 999,
    seed: int = 0,
) -> Cluster | None:
    """The strongest cluster that reaches up to the last step; None where nothing exceeds what was expected.

    ``counts`` and ``expected`` have shape (steps, places), the newest step last; ``places`` (places, 2) metres. A zone's score is
    C ln(C/B) + B - C where its count C exceeds its expectation B, else 0 (Neill 2005, "Expectation-based scan statistics for
    monitoring spatial time series data"); p is by ``simulations`` Poisson maps of the expectation. The same seed gives the same
    p. Raises ``ValueError`` for shapes that do not fit, or an expectation that is negative or not finite.
    """
    if counts.shape != expected.shape or counts.ndim != 2 or places.shape != (counts.shape[1], 2):
        raise ValueError(
            f"counts of {counts.shape}, expectations of {expected.shape}, places of {places.shape}"
        )
    if not np.isfinite(expected).all() or (expected < 0).any():
        raise ValueError("an expectation is finite and not negative")
    all_zones = zones(places, most_places)
    members = np.zeros((len(all_zones), len(places)))
    for number, zone in enumerate(all_zones):
        members[number, list(zone)] = 1.0
    steps = min(most_steps, len(counts))
    # By how many of the last steps, the newest first.
    base = np.cumsum(expected[::-1][:steps], axis=0) @ members.T

    def scores(drawn: NDArray[Any]) -> NDArray[np.float64]:
        here = np.cumsum(drawn[::-1][:steps], axis=0) @ members.T
        more = (here > base) & (here > 0)
        score = np.zeros(here.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            np.copyto(score, here * np.log(here / base) + base - here, where=more & (base > 0))
        # Any appeal where none can be is beyond every likelihood.
        score[more & (base == 0)] = np.inf
        return score

    seen = scores(np.asarray(counts, dtype=float))
    best = np.unravel_index(int(np.argmax(seen)), seen.shape)
    if seen[best] <= 0:
        return None
    random = np.random.default_rng(seed)
    as_strong = sum(bool(scores(random.poisson(expected)).max() >= seen[best]) for _ in range(simulations))
    last, number = int(best[0]) + 1, int(best[1])
    zone = all_zones[number]
    observed = float(counts[-last:, list(zone)].sum())
    basis = float(base[best])
    return Cluster(
        zone=zone,
        steps=last,
        observed=observed,
        expected=basis,
        ratio=observed / basis if basis else np.inf,
        score=float(seen[best]),
        p=(1 + as_strong) / (1 + simulations),
    )
