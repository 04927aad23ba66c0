"""The space-time scan: where, of late, more came in than was expected; one chance for the whole map.

The second opinion beside the cells: it looks at circles of any size over the last steps, and answers once, so that looking at
many places is paid for. ``scan_history`` learns what to expect from the steps before: the weekly alerts ask it. ``scan``, with ``zones``, is told what to
expect: nothing here asks it, it is for whoever takes the package and has a model of the expectation (``docs/hotspots.md``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

#: Before the first appeal a place counts as if it had had half of one (Jeffreys' prior of a Poisson rate), so that one is no miracle.
PRIOR = 0.5

Zones = tuple[tuple[int, ...], ...]


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


def zones(places: NDArray[np.float64], most: int) -> Zones:
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


def circles(places: NDArray[np.float64], within: float) -> Zones:
    """Every distinct set of places that a circle around one of them holds, none wider than ``within``, the middle first.

    Places at one distance are in a circle together: no set depends on an order of equals. ``places``: (n, 2), in metres.
    """
    found: dict[frozenset[int], tuple[int, ...]] = {}
    for place, near in enumerate(cKDTree(places).query_ball_point(places, within * (1 + _ROUNDING))):
        away = np.hypot(*(places[near] - places[place]).T)
        order = np.lexsort((near, away))
        farther = np.diff(away[order]) > _ROUNDING * within
        for size in (*(np.flatnonzero(farther) + 1).tolist(), len(order)):
            zone = tuple(near[i] for i in order[:size])
            found.setdefault(frozenset(zone), (place, *(one for one in zone if one != place)))
    return tuple(found.values())


#: Of the distances between the middles of cells, which are sums and roots.
_ROUNDING = 1e-9


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
    member = _membership(all_zones, len(places))
    steps = min(most_steps, len(counts))
    base = _sums(expected[-steps:], member)
    here = _sums(np.asarray(counts[-steps:], dtype=float), member)
    seen = _scores(here, base)
    best = np.unravel_index(int(np.argmax(seen)), seen.shape)
    if seen[best] <= 0:
        return None
    random = np.random.default_rng(seed)
    as_strong = sum(
        bool(_scores(_sums(random.poisson(expected[-steps:]), member), base).max() >= seen[best])
        for _ in range(simulations)
    )
    number, last = int(best[0]), int(best[1])
    return _cluster(
        all_zones[number], last, here[best], base[best], seen[best], (1 + as_strong) / (1 + simulations)
    )


@dataclass(frozen=True)
class History:
    """What ``scan_history`` found: clusters of which no two share a place, the strongest first.

    Those after the first are as unlikely as ``level`` at most, by the strongest of each map drawn, which is harder on them than
    need be (Kulldorff 1997). ``expected`` has shape (recent, places); ``simulations`` is how many maps were drawn.
    """

    clusters: tuple[Cluster, ...]
    expected: NDArray[np.float64]
    simulations: int


def scan_history(
    counts: NDArray[np.int64],
    places: NDArray[np.float64],
    *,
    within: float,
    recent: int = 8,
    level: float = 0.05,
    simulations: int = 999,
    seed: int = 0,
) -> History:
    """The clusters of the last ``recent`` steps by the steps before them; each reaches up to the last step.

    ``counts`` has shape (steps, places), the newest step last; ``places`` (places, 2) metres; circles are no wider than ``within``
    metres. A place is expected to have, of all that came in in a step, the share that it had of the steps before: what the whole
    map has more of, in a season or after a campaign, is no cluster. Scores are those of ``scan``; p is by maps in which each
    appeal of a place came in at any time, as likely as all others did (a place keeps its number), and the share is learned from
    each map anew. So p is as good with a short history as with a long one: of 200 maps of pure chance, 16 steps long, Poisson maps
    of what the history lets expect call a cluster in 94 to 128 at a level of 0.05, these in 9 to 13 (of 60 steps 16 to 20, and 9 to
    10). Once it is certain that the strongest is not as unlikely as ``level``, no more maps are drawn (Besag and Clifford
    1991, "Sequential Monte Carlo p-values").

    The same seed gives the same p. Raises ``ValueError`` for shapes that do not fit, and for no step before the recent ones.
    """
    if counts.ndim != 2 or places.shape != (counts.shape[1], 2):
        raise ValueError(f"counts of {counts.shape}, places of {places.shape}")
    if not 0 < recent < len(counts):
        raise ValueError(f"{recent} recent of {len(counts)} steps")
    all_zones = circles(places, within) if len(places) else ()
    expected = _from_history(counts[-recent:], counts[:-recent].sum(axis=0))
    if not counts[-recent:].sum():
        return History((), expected, 0)
    member = _membership(all_zones, len(places))
    base, here = _sums(expected, member), _sums(counts[-recent:], member)
    seen = _scores(here, base)
    strongest = float(seen.max())
    if strongest <= 0:
        return History((), expected, 0)
    drawn = _drawn(counts, member, recent, np.random.default_rng(seed))
    allowed = int(level * (1 + simulations))
    highest: list[float] = []
    while len(highest) < simulations and sum(one >= strongest for one in highest) < allowed:
        highest.append(next(drawn))
    clusters: list[Cluster] = []
    taken: set[int] = set()
    stopped = len(highest) < simulations
    for flat in np.argsort(-seen, axis=None, kind="stable"):
        number, last = np.unravel_index(int(flat), seen.shape)
        as_strong = sum(one >= seen[number, last] for one in highest)
        p = as_strong / len(highest) if stopped else (1 + as_strong) / (1 + simulations)
        if clusters and p > level:
            break
        zone = all_zones[int(number)]
        if taken.isdisjoint(zone):
            taken.update(zone)
            clusters.append(
                _cluster(zone, int(last), here[number, last], base[number, last], seen[number, last], p)
            )
    return History(tuple(clusters), expected, len(highest))


def _from_history(recent: NDArray[np.int64], before: NDArray[np.int64]) -> NDArray[np.float64]:
    share = (before + PRIOR) / (before + PRIOR).sum()
    return np.asarray(recent.sum(axis=1)[:, None] * share)


def _drawn(
    counts: NDArray[np.int64], member: sparse.csr_array, recent: int, random: np.random.Generator
) -> Iterator[float]:
    """The highest score of one map after the other."""
    of_place = counts.sum(axis=0)
    of_step = counts.sum(axis=1).astype(float)
    chances = [*(of_step[-recent:] / of_step.sum()), of_step[:-recent].sum() / of_step.sum()]
    while True:
        # (places, recent steps and, last, all steps before them together)
        when = random.multinomial(of_place, chances)
        lately = np.ascontiguousarray(when[:, :-1].T)
        yield float(_scores(_sums(lately, member), _sums(_from_history(lately, when[:, -1]), member)).max())


def _membership(all_zones: Zones, n: int) -> sparse.csr_array:
    sizes = [len(zone) for zone in all_zones]
    columns = np.fromiter((place for zone in all_zones for place in zone), dtype=np.int64, count=sum(sizes))
    rows = np.concatenate([[0], np.cumsum(sizes)])
    return sparse.csr_array((np.ones(len(columns)), columns, rows), shape=(len(all_zones), n))


def _sums(values: NDArray[Any], member: sparse.csr_array) -> NDArray[np.float64]:
    """Of each zone (rows), of how many of the last steps (columns, the newest alone first)."""
    return np.asarray(member @ np.cumsum(values[::-1], axis=0).T.astype(float))


def _scores(here: NDArray[np.float64], base: NDArray[np.float64]) -> NDArray[np.float64]:
    more = here > base
    score = np.zeros(here.shape)
    observed, expected = here[more], base[more]
    with np.errstate(divide="ignore"):
        # Any appeal where none can be is beyond every likelihood.
        score[more] = observed * np.log(observed / expected) + expected - observed
    return score


def _cluster(
    zone: tuple[int, ...], last: int, observed: float, expected: float, score: float, p: float
) -> Cluster:
    return Cluster(
        zone=zone,
        steps=last + 1,
        observed=float(observed),
        expected=float(expected),
        ratio=float(observed / expected) if expected else np.inf,
        score=float(score),
        p=float(p),
    )
