"""What hotspots cost, against PySAL's esda, pymannkendall and scikit-learn, the answers held against theirs."""

from __future__ import annotations

import time
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from geo.hotspots import density_surface, disc, gi_star, mann_kendall, permutation_p
from tests.bench.table import Line

#: Cells of a side of the map that esda is given as well: its weights are one Python object a neighbour.
SIDE = 120
RADIUS = 2.5
#: Cells of a side of a map that esda would take minutes for, and of the part that it is given; 101 neighbours.
LARGE_SIDE, PART_SIDE, LARGE_RADIUS = 500, 200, 5.7

#: esda's default.
PERMUTATIONS = 999

STEPS, SERIES, COMPARED_SERIES = 48, 17_500, 150

PIXELS, COMPARED_PIXELS, APPEALS, PIXEL_M, BANDWIDTH_M = 2_048, 150, 1_000_000, 10.0, 150.0


def statistics() -> list[Line]:
    """Gi*, its permutation test, trends, the density surface, and the memory of a map of a million cells."""
    return [*_gi_star(), _many_neighbours(), _trends(), _density(), _memory()]


def _gi_star() -> list[Line]:
    from esda import G_Local

    counts = np.random.default_rng(1).poisson(1.5, (SIDE, SIDE))
    mask, window = np.ones(counts.shape, dtype=bool), disc(RADIUS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.perf_counter()
        weights = _weights(window, SIDE)
        theirs = G_Local(counts.ravel().astype(float), weights, transform="B", star=True, permutations=0)
        their_z = time.perf_counter() - started
        started = time.perf_counter()
        simulated = G_Local(
            counts.ravel().astype(float),
            weights,
            transform="B",
            star=True,
            permutations=PERMUTATIONS,
            n_jobs=1,
            seed=1,
        )
        their_p = time.perf_counter() - started
    our_z, z = _timed(lambda: gi_star(counts, mask, window), times=5)
    our_p, tails = _timed(lambda: permutation_p(counts, mask, window), times=3)
    assert np.allclose(z.ravel(), theirs.Zs, rtol=0, atol=1e-9)
    # Its pseudo-p is the smaller tail of shuffles that hold the middle cell fast, so it is near to ours, not equal.
    ours = np.minimum(tails.lower, tails.upper).ravel()
    assert np.corrcoef(np.log(np.maximum(ours, 1e-3)), np.log(simulated.p_sim))[0, 1] > 0.9
    cells = f"{SIDE * SIDE:,} cells, {int(window.sum())} neighbours"
    return [
        Line(
            f"Gi*, {cells}",
            f"{our_z * 1e3:.1f} ms",
            f"{their_z:.2f} s esda with its weights",
            our_z / their_z,
            "≤ 1/100",
            our_z * 100 <= their_z,
        ),
        Line(
            f"permutation p, {cells}",
            f"{our_p * 1e3:.1f} ms, exact",
            f"{their_p:.1f} s esda, {PERMUTATIONS} shuffles",
            our_p / their_p,
            "≤ 1/100",
            our_p * 100 <= their_p,
        ),
    ]


def _many_neighbours() -> Line:
    """A large map with a wide window. esda has a part of it; its time is taken as many times over as that part is smaller, which flatters it: a cell takes longer on larger maps."""
    from esda import G_Local

    counts = np.random.default_rng(1).poisson(1.5, (LARGE_SIDE, LARGE_SIDE))
    mask, window = np.ones(counts.shape, dtype=bool), disc(LARGE_RADIUS)
    ours, _z = _timed(lambda: gi_star(counts, mask, window), times=5)
    part = counts[:PART_SIDE, :PART_SIDE]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = _weights(window, PART_SIDE)
        started = time.perf_counter()
        theirs = G_Local(part.ravel().astype(float), weights, transform="B", star=True, permutations=0)
        part_time = time.perf_counter() - started
    assert np.allclose(
        gi_star(part, mask[:PART_SIDE, :PART_SIDE], window).ravel(), theirs.Zs, rtol=0, atol=1e-9
    )
    whole = part_time * (LARGE_SIDE / PART_SIDE) ** 2
    return Line(
        f"Gi*, {LARGE_SIDE**2:,} cells, {int(window.sum())} neighbours",
        f"{ours * 1e3:.0f} ms",
        f"{whole:.0f} s esda without its weights, from {part.size:,} cells",
        ours / whole,
        "≤ 1/1000",
        ours * 1000 <= whole,
    )


def _weights(window: Any, side: int) -> Any:
    """PySAL's weights of a square map: for each cell the others that the window around it has."""
    from libpysal.weights import W

    reach = window.shape[0] // 2
    offsets = [(int(r), int(c)) for r, c in np.argwhere(window) - reach if (r, c) != (0, 0)]
    near = {
        row * side + column: [
            (row + r) * side + column + c
            for r, c in offsets
            if 0 <= row + r < side and 0 <= column + c < side
        ]
        for row in range(side)
        for column in range(side)
    }
    return W(near, silence_warnings=True)


def _trends() -> Line:
    from pymannkendall import original_test

    series = np.random.default_rng(2).poisson(2.0, (STEPS, SERIES))
    seconds, trend = _timed(lambda: mann_kendall(series), times=3)
    started = time.perf_counter()
    theirs = [original_test(series[:, column]) for column in range(COMPARED_SERIES)]
    reference = (time.perf_counter() - started) * SERIES / COMPARED_SERIES
    assert np.allclose(trend.z[:COMPARED_SERIES], [one.z for one in theirs], rtol=0, atol=1e-12)
    return Line(
        f"trends of {SERIES:,} cells, {STEPS} months",
        f"{seconds * 1e3:.0f} ms",
        f"{reference:.1f} s pymannkendall, from {COMPARED_SERIES}",
        seconds / reference,
        "≤ 1/100",
        seconds * 100 <= reference,
    )


def _density() -> Line:
    from sklearn.neighbors import KernelDensity

    random = np.random.default_rng(3)
    places = random.normal(PIXELS / 2, PIXELS / 9, (APPEALS, 2)) * PIXEL_M
    mask = np.ones((PIXELS, PIXELS), dtype=bool)

    def ours() -> Any:
        pixels = np.floor(places / PIXEL_M).astype(int)
        inside = ((pixels >= 0) & (pixels < PIXELS)).all(axis=1)
        counts = np.bincount(pixels[inside] @ [PIXELS, 1], minlength=PIXELS**2).reshape(mask.shape)
        return density_surface(counts, mask, pixel_m=PIXEL_M, bandwidth_m=BANDWIDTH_M)

    seconds, surface = _timed(ours, times=2)
    sample = random.integers(PIXELS // 3, 2 * PIXELS // 3, (COMPARED_PIXELS, 2))
    tree = KernelDensity(bandwidth=BANDWIDTH_M, rtol=1e-4).fit(places)
    started = time.perf_counter()
    exact = np.exp(tree.score_samples((sample + 0.5) * PIXEL_M)) * APPEALS * 1e6
    reference = (time.perf_counter() - started) * PIXELS**2 / COMPARED_PIXELS
    error = np.abs(surface[tuple(sample.T)] - exact).max() / surface.max()
    return Line(
        f"density, {PIXELS} x {PIXELS} pixels of {APPEALS:,} appeals",
        f"{seconds:.2f} s, error {error:.3%} of the peak",
        f"{reference:,.0f} s scikit-learn, from {COMPARED_PIXELS} pixels",
        seconds / reference,
        "≤ 1/1000, error ≤ 0.1 %",
        bool(seconds * 1000 <= reference and error <= 0.001),
    )


def _memory() -> Line:
    counts = np.random.default_rng(4).poisson(0.7, (1000, 1000))
    mask = np.ones(counts.shape, dtype=bool)
    window = disc(5.5)
    tracemalloc.start()
    gi_star(counts, mask, window)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Line(
        "Gi*, memory of 1,000,000 cells",
        f"{most / 1e6:.0f} MB",
        "300 MB",
        most / 300e6,
        "≤ 1",
        most <= 300e6,
    )


def _timed(work: Callable[[], Any], *, times: int) -> tuple[float, Any]:
    """The least seconds of so many runs, and the answer."""
    best, answer = np.inf, None
    for _ in range(times):
        started = time.perf_counter()
        answer = work()
        best = min(best, time.perf_counter() - started)
    return float(best), answer
