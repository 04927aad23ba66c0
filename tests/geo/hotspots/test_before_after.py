"""Before and after on simulated cities: what was planted is found, and where nothing was done nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from geo.hotspots import BeforeAfter, Unanswerable, before_after
from geo.hotspots.before_after import nearest
from tests.geo.hotspots.maps import ugly_mask

SHAPE, BEFORE, STEPS = (30, 36), 12, 18
ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]]
MASK = ((ROWS - 15) / 15) ** 2 + ((COLUMNS - 18) / 18) ** 2 < 1


def city(random: np.random.Generator, n: int = 4_000) -> NDArray[np.float64]:
    """Expected counts: quarters and deserts, a season, a city that grows, noise beyond Poisson's and changes that last and reach over cells."""
    level = np.exp(gaussian_filter(random.normal(0, 1, SHAPE), 4) * 8) * MASK
    season = 1 + 0.4 * np.sin(np.arange(STEPS) / 12 * 2 * np.pi)
    growth = 1.02 ** np.arange(STEPS)
    walk = np.cumsum([gaussian_filter(random.normal(0, 1, SHAPE), 3) * 0.25 for _ in range(STEPS)], axis=0)
    usual = level / level.sum() * (season * growth)[:, None, None] * n / STEPS
    return usual * np.exp(walk) * random.gamma(2, 0.5, usual.shape)


def place(random: np.random.Generator, expected: NDArray[np.float64], size: int = 13) -> NDArray[np.bool_]:
    """A place where appeals come from, of so many cells."""
    at = np.argwhere(MASK)
    share = expected[:BEFORE].sum(axis=0)[MASK]
    centre = at[random.choice(len(at), p=share / share.sum())]
    nearest = at[np.argsort(((at - centre) ** 2).sum(axis=1), kind="stable")[:size]]
    area = np.zeros(SHAPE, dtype=bool)
    area[tuple(nearest.T)] = True
    return area


def tried(seed: int, effect: float) -> BeforeAfter:
    random = np.random.default_rng(seed)
    expected = city(random)
    area = place(random, expected)
    expected[BEFORE:, area] *= effect
    return before_after(random.poisson(expected), BEFORE, MASK, area)


@pytest.fixture(scope="module")
def answers() -> dict[float, list[BeforeAfter]]:
    return {
        effect: [found for seed in range(rounds) if (found := tried(seed, effect)).p is not None]
        for effect, rounds in ((1.0, 40), (0.4, 15))
    }


def test_where_nothing_was_done_one_in_twenty_is_called_a_change(
    answers: dict[float, list[BeforeAfter]],
) -> None:
    called = [found.p <= 0.05 for found in answers[1.0] if found.p is not None]
    assert len(called) > 25
    # More of so few would be rarer than one in a hundred, were the rate one in twenty.
    assert sum(called) <= 5


def test_what_was_planted_is_found_and_lies_in_the_interval(answers: dict[float, list[BeforeAfter]]) -> None:
    found = [(one.ratio, one.low, one.high, one.p) for one in answers[0.4]]
    assert np.mean([p <= 0.05 for *_, p in found if p is not None]) > 0.7
    assert np.mean([low <= 0.4 <= high for _ratio, low, high, _p in found if low and high]) > 0.88
    assert np.median([ratio for ratio, *_ in found if ratio]) == pytest.approx(0.4, abs=0.08)


def test_the_ratio_is_that_of_the_counts() -> None:
    found = tried(3, 0.5)
    assert found.control is not None and found.control_cells is not None and found.expected is not None
    # Half an appeal each keeps it finite.
    halves = [
        part.sum() + 0.5
        for series in (found.area, found.control)
        for part in (series[:BEFORE], series[BEFORE:])
    ]
    assert found.ratio == pytest.approx(halves[1] / halves[0] * halves[2] / halves[3])
    assert found.expected[:BEFORE].sum() == pytest.approx(found.area[:BEFORE].sum())
    assert not (found.control_cells & ~MASK).any()


@pytest.mark.parametrize("size", [1, 21, 400])
def test_a_place_is_made_of_the_cells_nearest_to_its_centre(size: int) -> None:
    """Across a bay and a lake, and at the edge, where the cells to one side must do."""
    free = ugly_mask()
    at = np.argwhere(free)
    for centre, cells in zip(at, nearest(free, at, size), strict=True):
        order = np.lexsort((*at.T[::-1], ((at - centre) ** 2).sum(axis=1)))
        assert set(cells) == set(order[:size])


def test_area_and_surroundings_are_no_control_and_the_answer_is_the_same_each_time() -> None:
    random = np.random.default_rng(1)
    expected = city(random)
    area = place(random, expected)
    counts = random.poisson(expected)
    rows, columns = np.nonzero(area)
    apart = ((ROWS - rows.mean()) ** 2 + (COLUMNS - columns.mean()) ** 2 < 64) & ~area
    found = before_after(counts, BEFORE, MASK, area, apart)
    assert found.control_cells is not None
    assert not (found.control_cells & (area | apart)).any()
    again = before_after(counts, BEFORE, MASK, area, apart)
    assert (again.ratio, again.p, again.low) == (found.ratio, found.p, found.low)
    # What happens everywhere is no change of the area.
    doubled = counts.copy()
    doubled[BEFORE:] *= 10
    assert before_after(doubled, BEFORE, MASK, area, apart).ratio == pytest.approx(found.ratio, rel=0.05)


def test_what_cannot_be_told_is_refused_with_the_reason() -> None:
    random = np.random.default_rng(2)
    counts = random.poisson(np.where(MASK, 0.5, 0), (STEPS, *SHAPE))
    area = (abs(ROWS - 15) < 3) & (abs(COLUMNS - 18) < 3)

    def refusal(area: NDArray[np.bool_], before: int = BEFORE, steps: int = STEPS) -> Unanswerable | None:
        return before_after(counts[:steps], before, MASK, area).refusal

    assert refusal(area) is None
    assert refusal(area, 5) is Unanswerable.FEW_BEFORE
    assert refusal(area, 12, 13) is Unanswerable.FEW_AFTER
    assert refusal((ROWS == 15) & (COLUMNS == 18)) is Unanswerable.FEW_APPEALS
    # A quarter of the city has too few like it for a chance, most of it has none.
    quarter = before_after(counts, BEFORE, MASK, (ROWS < 15) & (COLUMNS < 18))
    assert (quarter.refusal, quarter.p) == (Unanswerable.FEW_PLACES, None)
    assert quarter.ratio == pytest.approx(1, abs=0.1)
    assert refusal(COLUMNS < 30) is Unanswerable.NO_CONTROL
    with pytest.raises(ValueError, match="no cell"):
        before_after(counts, BEFORE, MASK, ~MASK)
    with pytest.raises(ValueError, match="mask"):
        before_after(counts, BEFORE, MASK[1:], area)


def test_no_chance_is_smaller_than_one_of_the_places_beside_each_other() -> None:
    random = np.random.default_rng(4)
    expected = np.repeat(np.where(MASK, 2.0, 0.0)[None], STEPS, axis=0)
    area = (abs(ROWS - 15) < 3) & (abs(COLUMNS - 18) < 3)
    expected[BEFORE:, area] *= 0.2
    found = before_after(random.poisson(expected), BEFORE, MASK, area)
    assert found.p == 1 / (1 + found.apart)
    assert 19 <= found.apart < found.placebos
