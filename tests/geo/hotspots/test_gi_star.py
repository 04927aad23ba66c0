"""Held against PySAL's esda, which builds a matrix of weights for what is a convolution here."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pyproj import Transformer

from geo.hotspots import disc, gi_star
from tests.geo.hotspots.maps import CIRCLE, QUEEN, inside, neighbours, scattered, ugly_mask
from tests.realdata import real_file


def esda_z(values: NDArray[np.float64], near: dict[int, list[int]]) -> NDArray[np.float64]:
    """``G_Local``'s z of a binary star neighbourhood."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from esda import G_Local
        from libpysal.weights import W

        weights = W(near, silence_warnings=True)
        result = G_Local(values.astype(float), weights, transform="B", star=True, permutations=0)
    return np.asarray(result.Zs)


@pytest.mark.parametrize("radius", [QUEEN, CIRCLE, 4.5])
@pytest.mark.parametrize("mean", [0.05, 1.0, 40.0])
def test_it_is_esdas(radius: float, mean: float) -> None:
    mask = ugly_mask()
    counts = scattered(mask, mean)
    z = gi_star(counts, mask, disc(radius))
    assert np.isnan(z[~mask]).all()
    assert np.allclose(
        inside(z, mask), esda_z(inside(counts, mask), neighbours(mask, radius)), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize(
    ("file", "columns", "srid", "reports"),
    [
        ("nyc311_animals.csv", ["Longitude", "Latitude"], 32618, 4_907),
        ("chicago_sanitation311_2011_2014.csv.gz", ["longitude", "latitude"], 32616, 74_377),
    ],
)
def test_it_is_esdas_on_real_reports(file: str, columns: list[str], srid: int, reports: int) -> None:
    """In cells of 1 km of the UTM zone, the empty ones between them included."""
    lon, lat = pd.read_csv(real_file(file), usecols=columns)[columns].dropna().to_numpy().T
    x, y = Transformer.from_crs(4326, srid, always_xy=True).transform(lon, lat)
    i, j = np.floor(x / 1000).astype(int), np.floor(y / 1000).astype(int)
    counts = np.zeros((np.ptp(j) + 1, np.ptp(i) + 1), dtype=np.int64)
    np.add.at(counts, (j - j.min(), i - i.min()), 1)
    assert counts.sum() == reports
    mask = np.ones(counts.shape, dtype=bool)
    z = gi_star(counts, mask, disc(CIRCLE))
    theirs = esda_z(inside(counts, mask), neighbours(mask, CIRCLE))
    assert np.allclose(inside(z, mask), theirs, rtol=0, atol=1e-9)


def test_rates_are_taken_too() -> None:
    mask = ugly_mask()
    rates = scattered(mask, 3) / 7
    z = gi_star(rates, mask, disc(QUEEN))
    assert np.allclose(inside(z, mask), esda_z(inside(rates, mask), neighbours(mask, QUEEN)), atol=1e-9)


@pytest.mark.parametrize("counts", [np.zeros((9, 9), int), np.full((9, 9), 5)])
def test_equal_values_deviate_nowhere(counts: np.ndarray) -> None:
    assert (gi_star(counts, np.ones((9, 9), bool), disc(QUEEN)) == 0).all()


def test_a_window_of_the_whole_map_cannot_deviate() -> None:
    mask = np.ones((2, 2), dtype=bool)
    assert (gi_star(np.array([[5, 0], [0, 0]]), mask, disc(QUEEN)) == 0).all()


def test_one_cell_is_no_map() -> None:
    with pytest.raises(ValueError, match="fewer than two"):
        gi_star(np.ones((1, 1), int), np.ones((1, 1), bool), disc(1))
