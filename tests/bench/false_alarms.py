"""How often hotspots are called where there are none, and how many of planted ones are found, on simulated maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from geo.hotspots import disc, exposure_test, permutation_p, q_values, window_sums
from tests.bench.table import Line
from tests.geo.hotspots.maps import overdispersed, uneven, with_planted

#: Maps without a hotspot for each line, and those with planted ones.
MAPS, PLANTED_MAPS = 500, 100
#: At most this share of the maps without one may have a cell that is called hot or cold at q < 0.05.
MOST_FALSE = 0.10
LEAST_FOUND, MOST_FALSE_CELLS = 0.65, 0.03

_WINDOW = disc(2.5)
_MASK = np.ones((60, 60), dtype=bool)

_Map = Callable[[np.random.Generator], NDArray[np.int64]]


def false_alarms() -> list[Line]:
    """Maps of chance alone, of which some have noise that is clustered in itself, and maps with planted hotspots."""
    people = uneven(_MASK, 14_000)
    by_chance = [
        _null(
            f"exact test, windows that expect {mean * _WINDOW.sum():.1f}",
            lambda random, mean=mean: random.poisson(mean, _MASK.shape),  # type: ignore[misc]
            None,
        )
        for mean in (0.03, 0.2, 1.0, 5.0)
    ]
    of_people = [
        _null("exposure, Poisson's law", lambda random: random.poisson(people), people),
        *(
            _null(
                f"exposure, extra variance {alpha:g}",
                lambda random, alpha=alpha: overdispersed(people, alpha, random),  # type: ignore[misc]
                people,
            )
            for alpha in (0.3, 0.5, 1.0)
        ),
    ]
    clustered = [
        _null(
            f"exposure, extra variance {alpha:g} that reaches over two cells",
            lambda random, alpha=alpha: random.poisson(people * _clustered(alpha, random)),  # type: ignore[misc]
            people,
            bound=None,
        )
        for alpha in (0.02, 0.1, 0.5)
    ]
    return [*by_chance, *of_people, *clustered, _planted(people)]


def _null(
    what: str, make: _Map, people: NDArray[np.float64] | None, bound: float | None = MOST_FALSE
) -> Line:
    maps, cells = 0, 0
    for seed in range(MAPS):
        counts = make(np.random.default_rng(seed))
        q = (
            q_values(permutation_p(counts, _MASK, _WINDOW).two_sided)
            if people is None
            else exposure_test(counts, people, _MASK, _WINDOW).q
        )
        called = int((q < 0.05).sum())
        maps, cells = maps + bool(called), cells + called
    share = maps / MAPS
    return Line(
        f"{MAPS} maps without a hotspot: {what}",
        f"{share:.1%} have one, of {cells / MAPS / _MASK.sum():.2%} of the cells",
        "5 % nominal",
        share / 0.05,
        "measured alone" if bound is None else f"≤ {bound:.0%}",
        bound is None or share <= bound,
    )


def _clustered(alpha: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Log-normal noise of mean 1 and variance ``alpha`` whose logarithm is smoothed over two cells."""
    smooth = ndimage.gaussian_filter(random.normal(size=_MASK.shape), 2.0, mode="wrap")
    spread = np.log(1 + alpha)
    return np.asarray(np.exp(smooth / smooth.std() * np.sqrt(spread) - spread / 2))


def _planted(people: NDArray[np.float64]) -> Line:
    found = planted = false = called = 0
    for seed in range(PLANTED_MAPS):
        counts, hot = with_planted(people, 0.3, np.random.default_rng(seed))
        result = exposure_test(counts, people, _MASK, _WINDOW)
        called_hot = result.classes >= 2
        # A cell whose window holds no planted one has no reason to be called.
        away = window_sums(hot, _MASK, _WINDOW) == 0
        found, planted = found + int((called_hot & hot).sum()), planted + int(hot.sum())
        false, called = false + int((called_hot & away).sum()), called + int(called_hot.sum())
    return Line(
        f"{PLANTED_MAPS} maps with six planted hotspots of three times the risk, extra variance 0.3",
        f"{found / planted:.1%} of the cells found, {false / called:.2%} false",
        "what was planted",
        found / planted,
        f"≥ {LEAST_FOUND:.0%} at ≤ {MOST_FALSE_CELLS:.0%} false",
        found >= LEAST_FOUND * planted and false <= MOST_FALSE_CELLS * called,
    )
