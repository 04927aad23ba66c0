"""Contours: the areas lie where contourpy puts them, and hold the centres that are high enough and no others."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from contourpy import FillType, contour_generator
from scipy.ndimage import gaussian_filter

from geo.contours import areas_above, round_levels

#: Western and southern metres, and the side of a pixel.
WEST, SOUTH, SIDE = 1_000.0, -500.0, 50.0


def drawn(surface: np.ndarray, *levels: float) -> list[shapely.Geometry]:
    return areas_above(surface, levels, west_m=WEST, south_m=SOUTH, pixel_m=SIDE)


def test_areas_are_those_of_contourpy() -> None:
    surface = gaussian_filter(np.random.default_rng(1).poisson(0.2, (60, 80)).astype(float), 3)
    surface[:4] = np.nan
    levels = [0.1, 0.2, 0.25, 0.3]
    padded = np.pad(np.nan_to_num(surface), 1)
    x = WEST + (np.arange(padded.shape[1]) - 0.5) * SIDE
    y = SOUTH + (np.arange(padded.shape[0]) - 0.5) * SIDE
    reference = contour_generator(x, y, padded, fill_type=FillType.OuterOffset)
    found = drawn(surface, *levels)
    for level, area in zip(levels, found, strict=True):
        points, offsets = reference.filled(level, np.inf)
        polygons = [
            shapely.Polygon(rings[0], rings[1:])
            for at, cuts in zip(points, offsets, strict=True)
            for rings in [[at[first:last] for first, last in itertools.pairwise(cuts)]]
        ]
        assert area.is_valid
        assert area.symmetric_difference(shapely.union_all(polygons)).area == pytest.approx(0, abs=1e-3)
    assert [area.area for area in found] == sorted((area.area for area in found), reverse=True)
    assert any(part.interiors for part in shapely.get_parts(found[1]))


@pytest.mark.parametrize("seed", range(5))
def test_each_area_holds_the_centres_that_are_high_enough(seed: int) -> None:
    """On noise, whose saddles and holes touch; heights that are the level itself are high."""
    surface = np.random.default_rng(seed).integers(0, 4, (12, 15)).astype(float)
    (area,) = drawn(surface, 1.5)
    rows, columns = np.indices(surface.shape)
    inside = shapely.contains_xy(area, WEST + (columns + 0.5) * SIDE, SOUTH + (rows + 0.5) * SIDE)
    assert (inside == (surface >= 1.5)).all()
    assert area.is_valid
    (touching,) = drawn(surface, 2.0)
    assert touching.is_valid
    assert 0 < touching.area < area.area


def test_what_is_nowhere_so_high_is_empty() -> None:
    peak = np.zeros((3, 3))
    peak[1, 1] = 2
    low, exact, high = drawn(peak, 1, 2, 3)
    # A diamond half-way down on each side.
    assert low.area == pytest.approx(SIDE**2 / 2)
    assert low.centroid.coords[0] == (WEST + 1.5 * SIDE, SOUTH + 1.5 * SIDE)
    assert exact.is_empty
    assert high.is_empty


@pytest.mark.parametrize(
    ("least", "highest", "levels"),
    [
        (3.98, 190, [5, 10, 20, 50, 100]),
        (4, 2_000, [50, 100, 200, 500, 1_000, 2_000]),
        (0.05, 0.2, [0.05, 0.1, 0.2]),
        (3.98, 4.9, []),
        (3.98, 1, []),
    ],
)
def test_levels_are_round_and_the_same_on_every_map(
    least: float, highest: float, levels: list[float]
) -> None:
    assert round_levels(least, highest, 6) == levels
