from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from geo.hotspots import scan, scan_history
from geo.hotspots.scan import circles, zones
from tests.realdata import real_file

PLACES = np.array([(0.0, 0.0), (1.0, 0.2), (2.1, 0.0), (0.0, 3.3), (5.0, 5.0), (5.5, 5.2)])


def flat(mean: float, steps: int = 12) -> np.ndarray:
    return np.full((steps, len(PLACES)), mean)


def test_zones_are_the_nearest_of_each() -> None:
    found = {frozenset(zone) for zone in zones(PLACES, 3)}
    for place in range(len(PLACES)):
        order = sorted(
            range(len(PLACES)), key=lambda other: (np.hypot(*(PLACES[other] - PLACES[place])), other)
        )
        assert {frozenset(order[:size]) for size in (1, 2, 3)} <= found
    assert len(found) == len(zones(PLACES, 3))
    assert all(zone[0] == place for zone, place in zip(zones(PLACES, 1), range(len(PLACES)), strict=True))


def test_places_at_one_spot_are_each_a_zone() -> None:
    assert zones(np.zeros((3, 2)), 2) == ((0,), (0, 1), (1,), (2,), (2, 0))


def test_the_strongest_cluster_is_the_one_with_the_highest_score() -> None:
    """Against every zone and every number of last steps, written out."""
    random = np.random.default_rng(4)
    counts = random.poisson(2.0, (12, len(PLACES)))
    counts[-3:, :2] += 9
    found = scan(counts, flat(2.0), PLACES, most_places=4, most_steps=5, simulations=19)
    assert found is not None
    scores = {}
    for zone, last in product(zones(PLACES, 4), range(1, 6)):
        c, b = counts[-last:, list(zone)].sum(), 2.0 * last * len(zone)
        scores[zone, last] = c * np.log(c / b) + b - c if c > b else 0.0
    assert found.score == pytest.approx(max(scores.values()))
    assert scores[found.zone, found.steps] == pytest.approx(found.score)
    assert set(found.zone) == {0, 1} and found.steps == 3
    assert found.observed == counts[-3:, :2].sum() and found.expected == pytest.approx(12.0)
    assert found.ratio == pytest.approx(found.observed / 12.0)
    assert found.p == 1 / 20


def test_what_ended_is_no_alert() -> None:
    counts = np.ones((12, len(PLACES)), dtype=int)
    counts[:6, 0] = 50
    assert scan(counts, flat(1.0), PLACES, most_steps=4, simulations=9) is None


def test_appeals_where_none_can_be_are_beyond_chance() -> None:
    expected = flat(1.0)
    expected[:, 4] = 0
    counts = np.ones((12, len(PLACES)), dtype=int)
    found = scan(counts, expected, PLACES, most_places=1, simulations=9)
    assert found is not None and found.zone == (4,) and np.isinf(found.ratio)


def test_the_same_seed_gives_the_same_chance() -> None:
    counts = np.random.default_rng(1).poisson(2.0, (12, len(PLACES)))
    assert scan(counts, flat(2.0), PLACES, simulations=99) == scan(counts, flat(2.0), PLACES, simulations=99)


def test_chance_alone_seldom_raises_an_alert() -> None:
    random = np.random.default_rng(9)
    alerts = [
        scan(random.poisson(2.0, (12, len(PLACES))), flat(2.0), PLACES, simulations=39) for _ in range(100)
    ]
    assert sum(found is not None and found.p <= 0.05 for found in alerts) <= 11


@pytest.mark.parametrize(
    ("counts", "expected", "places"),
    [
        (np.ones((3, 6)), np.ones((4, 6)), PLACES),
        (np.ones(6), np.ones(6), PLACES),
        (np.ones((3, 6)), np.ones((3, 6)), PLACES[:5]),
        (np.ones((3, 6)), -np.ones((3, 6)), PLACES),
        (np.ones((3, 6)), np.full((3, 6), np.nan), PLACES),
    ],
)
def test_what_does_not_fit_is_refused(counts: np.ndarray, expected: np.ndarray, places: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expectation"):
        scan(counts, expected, places)


def grid_of(side: int) -> np.ndarray:
    return np.array([(500.0 * i + 250, 500.0 * j + 250) for i in range(side) for j in range(side)])


def test_a_circle_holds_all_that_is_as_near() -> None:
    found = {frozenset(zone) for zone in circles(grid_of(5), 1250)}
    middle = 12
    away = np.hypot(*(grid_of(5) - grid_of(5)[middle]).T)
    rings = [frozenset(np.flatnonzero(away <= reach).tolist()) for reach in (0, 500, 710, 1000, 1250)]
    assert [len(ring) for ring in rings] == [1, 5, 9, 13, 21]
    assert set(rings) <= found
    # No set is a part of a ring, at the border neither.
    corner = {frozenset(zone) for zone in circles(grid_of(5), 1250) if zone[0] == 0}
    assert frozenset({0, 1}) not in corner
    assert frozenset({0, 1, 5}) in corner
    assert circles(np.zeros((2, 2)), 10) == ((0, 1),)


def test_what_is_new_is_found_with_what_the_steps_before_let_expect() -> None:
    """Two clusters against their own sums; what the whole map has more of, and what lasts, is none."""
    random = np.random.default_rng(7)
    rates = random.gamma(1.0, 2.0, 64)
    rates[20] *= 10
    season = np.ones(40)
    season[-4:] = 2.5
    counts = random.poisson(np.outer(season, rates))
    quiet = scan_history(counts, grid_of(8), within=1250)
    assert quiet.clusters[0].p > 0.05
    assert quiet.simulations < 999
    counts[-3:, 9] += 30
    counts[-1:, 54] += 40
    found = scan_history(counts, grid_of(8), within=1250)
    assert [(cluster.steps, cluster.p) for cluster in found.clusters] == [(3, 0.001), (1, 0.001)]
    assert 9 in found.clusters[0].zone and 54 in found.clusters[1].zone
    for cluster in found.clusters:
        zone = list(cluster.zone)
        assert cluster.observed == counts[-cluster.steps :, zone].sum()
        assert cluster.expected == pytest.approx(found.expected[-cluster.steps :, zone].sum())
    np.testing.assert_allclose(found.expected.sum(axis=1), counts[-8:].sum(axis=1))
    share = (counts[:-8].sum(axis=0) + 0.5) / (counts[:-8].sum() + 32)
    np.testing.assert_allclose(found.expected[0], counts[-8].sum() * share)
    assert scan_history(counts, grid_of(8), within=1250) is not found
    assert scan_history(counts, grid_of(8), within=1250).clusters == found.clusters


def test_a_short_history_raises_no_more_alarms() -> None:
    """16 steps of chance alone: with Poisson maps of what 8 steps let expect, half of these maps would be called."""
    random = np.random.default_rng(11)
    alarms = {"history": 0, "poisson": 0}
    for seed in range(40):
        rates = random.gamma(0.5, 1.0, 49)
        counts = random.poisson(np.outer(np.ones(16), 40 * rates / rates.sum()))
        found = scan_history(counts, grid_of(7), within=1250, simulations=99, seed=seed)
        alarms["history"] += bool(found.clusters) and found.clusters[0].p <= 0.05
        told = scan(counts[-8:], found.expected, grid_of(7), simulations=99, seed=seed)
        alarms["poisson"] += told is not None and told.p <= 0.05
    assert alarms["history"] <= 6
    assert alarms["poisson"] >= 10


def test_a_history_without_anything_to_tell_has_no_cluster() -> None:
    counts = np.ones((20, 4), dtype=np.int64)
    counts[-8:] = 0
    assert scan_history(counts, grid_of(2), within=1250).clusters == ()
    assert scan_history(np.zeros((20, 0), dtype=np.int64), np.zeros((0, 2)), within=1250).clusters == ()


@pytest.mark.parametrize(
    ("shape", "places", "recent"), [((20, 4), 3, 8), ((8, 4), 4, 8), ((20, 4), 4, 0), ((20,), 4, 8)]
)
def test_a_history_that_does_not_fit_is_refused(shape: tuple[int, ...], places: int, recent: int) -> None:
    with pytest.raises(ValueError, match=r"places of|recent of"):
        scan_history(np.ones(shape, dtype=np.int64), grid_of(2)[:places], within=1250, recent=recent)


def test_new_mexicos_brain_cancer() -> None:
    """The classic data: 32 counties, 415 zones, Los Alamos and Santa Fe in the last four years, p near 0.005."""
    cases = pd.read_csv(real_file("NM_popcas.csv"))
    seats = pd.read_csv(real_file("NM_geo.csv"))
    seats = seats[seats.county.isin(cases.county)].reset_index(drop=True)
    x, y = Transformer.from_crs(4326, 32613, always_xy=True).transform(seats.seat_long, seats.seat_lat)
    places = np.column_stack([x, y])
    assert len(places) == 32 and len(zones(places, 15)) == 415

    def table(column: str, years: range) -> np.ndarray:
        wide = cases.pivot_table(index="year", columns="county", values=column, sort=True)
        return wide.loc[list(years), list(seats.county)].to_numpy(dtype=float)

    # The expectation: a Poisson regression of the years before, with a trend; people as the offset.
    before, recent = range(1973, 1986), range(1986, 1990)
    people, counts = table("population", before), table("count", before)
    years = np.repeat(np.arange(1973, 1986)[:, None] - 1985.0, 32, axis=1)
    design = np.column_stack([np.ones(people.size), years.ravel()])
    beta = np.array([np.log(counts.sum() / people.sum()), 0.0])
    for _ in range(25):
        mean = people.ravel() * np.exp(design @ beta)
        beta += np.linalg.solve(design.T @ (design * mean[:, None]), design.T @ (counts.ravel() - mean))
    expected = table("population", recent) * np.exp(
        beta[0] + beta[1] * (np.arange(1986, 1990)[:, None] - 1985.0)
    )

    found = scan(table("count", recent).astype(int), expected, places, simulations=999)
    assert found is not None
    assert set(seats.county[list(found.zone)]) == {"losalamos", "santafe"}
    assert found.steps == 4
    assert found.p <= 0.02
