from __future__ import annotations

from math import erf

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from geo.hotspots import density_surface
from tests.geo.hotspots.maps import scattered, ugly_mask


def test_it_is_the_sum_of_the_kernels() -> None:
    """Against the bell of every appeal, wherever in its pixel it lies: within a thousandth of the peak."""
    rows, columns, pixel_m, bandwidth_m = 60, 70, 25.0, 150.0
    places = np.random.default_rng(6).normal((800, 600), (250, 180), (20_000, 2))
    places = places[(places >= 0).all(axis=1) & (places < (columns * pixel_m, rows * pixel_m)).all(axis=1)]
    counts = np.zeros((rows, columns), dtype=np.int64)
    column, row = np.floor(places / pixel_m).astype(int).T
    np.add.at(counts, (row, column), 1)
    surface = density_surface(counts, np.ones(counts.shape, bool), pixel_m=pixel_m, bandwidth_m=bandwidth_m)

    def share(centre: float, length: float) -> float:
        """How much of the bell lies inside, along one axis."""
        deviation = bandwidth_m * 2**0.5
        return (erf((length - centre) / deviation) + erf(centre / deviation)) / 2

    for row, column in np.random.default_rng(8).integers((0, 0), (rows, columns), (150, 2)):
        x, y = (column + 0.5) * pixel_m, (row + 0.5) * pixel_m
        squared = ((places - (x, y)) ** 2).sum(axis=1)
        bell = np.exp(-squared / (2 * bandwidth_m**2)).sum() / (2 * np.pi * (bandwidth_m / 1000) ** 2)
        inside = share(x, columns * pixel_m) * share(y, rows * pixel_m)
        assert abs(surface[row, column] - bell / inside) < 0.001 * surface.max()


@pytest.mark.parametrize("shape", [(3, 5), (1, 40), (64, 31)])
@pytest.mark.parametrize("deviations", [4, 30])
def test_it_is_scipys_filter(shape: tuple[int, int], deviations: int) -> None:
    """Also where the kernel is wider than the map: nothing comes back on the other side."""
    counts = np.random.default_rng(3).poisson(2, shape)
    mask = np.ones(shape, bool)
    deviation = (deviations**2 - 1 / 12) ** 0.5
    smooth, within = (
        gaussian_filter(values.astype(float), deviation, mode="constant", truncate=5.5)
        for values in (counts, mask)
    )
    surface = density_surface(counts, mask, pixel_m=1000, bandwidth_m=1000 * deviations)
    assert np.allclose(surface, smooth / within, rtol=1e-9, atol=0)


def test_an_even_city_is_even_up_to_its_edge() -> None:
    mask = ugly_mask()
    surface = density_surface(np.where(mask, 3, 77), mask, pixel_m=50, bandwidth_m=200)
    assert np.allclose(surface[mask], 3 / 0.05**2)
    assert np.isnan(surface[~mask]).all()


def test_what_lies_outside_is_not_read() -> None:
    mask = ugly_mask()
    counts = scattered(mask, 1)
    assert np.array_equal(
        density_surface(counts, mask, pixel_m=50, bandwidth_m=300),
        density_surface(np.where(mask, counts, 0), mask, pixel_m=50, bandwidth_m=300),
        equal_nan=True,
    )


@pytest.mark.parametrize(
    ("pixel", "bandwidth"), [(50, 150), (0, 150), (50, float("nan")), (50, float("inf"))]
)
def test_pixels_that_would_show_are_refused(pixel: float, bandwidth: float) -> None:
    with pytest.raises(ValueError, match="pixels"):
        density_surface(np.ones((4, 4)), np.ones((4, 4), bool), pixel_m=pixel, bandwidth_m=bandwidth)


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="mask of"):
        density_surface(np.ones((4, 4)), np.ones((4, 5), bool), pixel_m=10, bandwidth_m=100)
