from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from appeals.filters import AppealFilter
from appeals.folding import fold_pyramid
from appeals.metric_counts import By, is_kept
from appeals.models import Appeal, PyramidChange
from reports.sizes import CellSize
from reports.tallies import Borders, how_many, tallied, tallied_rows, tallies
from tests.grid import IN_EAST, IN_PARK, IN_WEST, GridCity, at
from tests.reports.planting import Plant


def test_the_appeals_are_read_once_for_all_sizes(
    plant: Plant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plant([IN_EAST] * 3 + [IN_WEST])
    sizes = [CellSize(cell_m, 0.0, True) for cell_m in (50, 100, 250)]
    with django_assert_num_queries(1):
        counted = [*tallies(tallied(AppealFilter(), Borders.TODAY, By.DISTRICT), sizes)]
    assert [(size, grid.cell_m, tally.cell_m) for size, grid, tally in counted] == [
        (size, size.cell_m, size.cell_m) for size in sizes
    ]
    assert all(sorted(tally.n.tolist()) == [1, 3] for _size, _grid, tally in counted)


#: Both ends of months, of quarters, of years, and the ends of days by the city's clock.
MOMENTS = [
    dt.datetime.combine(day, time, timezone.get_default_timezone())
    for day in (
        *(dt.date(2019, 12, 31) + dt.timedelta(days=days) for days in (0, 1, 31, 59, 60, 91, 92, 366)),
        *(dt.date(2026, 1, 1) + dt.timedelta(days=days) for days in (0, 13, 14, 15, 30, 31, 58, 59, 68)),
    )
    for time in (dt.time(0), dt.time(23, 59, 59))
]
DAYS = (None, *sorted({moment.date() for moment in MOMENTS}))
PERIODS = [(since, until) for since in DAYS for until in DAYS if not since or not until or since <= until]

Change = Callable[[list[Appeal]], object]
CHANGES: dict[str, Change] = {
    "nothing": lambda _made: None,
    "hidden": lambda made: Appeal.objects.filter(pk__in=[one.pk for one in made[::3]]).update(hidden=True),
    "moved": lambda made: Appeal.objects.filter(pk__in=[one.pk for one in made[::2]]).update(
        point=at(IN_PARK)
    ),
    "of another day": lambda made: Appeal.objects.filter(pk=made[1].pk).update(submitted_at=MOMENTS[-1]),
    "of another status": lambda made: Appeal.objects.filter(pk__in=[one.pk for one in made[::5]]).update(
        status="closed", outcome="withdrawn"
    ),
    "in no district": lambda made: Appeal.objects.filter(pk__in=[one.pk for one in made[::4]]).update(
        district=None
    ),
    "gone": lambda made: Appeal.objects.filter(pk__in=[one.pk for one in made[::7]]).delete(),
}


def _same(wanted: AppealFilter, by: By) -> bool:
    kept, rows = (count(wanted, Borders.TODAY, by) for count in (tallied, tallied_rows))
    return kept.counts == rows.counts and how_many(wanted, Borders.TODAY) == rows.total


def test_what_is_kept_is_what_a_count_of_the_rows_finds(city: GridCity, plant: Plant) -> None:
    made = [
        one
        for n, moment in enumerate(MOMENTS)
        for one in plant(
            [IN_EAST, (IN_WEST, IN_PARK)[n % 2]], submitted_at=moment, status=("new", "answered")[n % 2]
        )
    ]
    narrowed: list[dict[str, Any]] = [{}, {"district": "east"}, {"status": ("new", "closed")}]
    for step, (name, change) in enumerate(CHANGES.items()):
        change(made)
        # Other periods each time, half of them with what is yet to be folded.
        periods = PERIODS[step :: 2 * len(CHANGES)]
        for n, (since, until) in enumerate(periods):
            wanted = AppealFilter(since=since, until=until, **narrowed[n % 3])
            assert _same(wanted, [*By][n // 3 % 3]), (name, wanted)
            if n == len(periods) // 2:
                assert name == "nothing" or PyramidChange.objects.exists()
                fold_pyramid()


NARROWED = {"kind": "complaint", "category": "lamp", "service": "light", "q": "lamp"}


@pytest.mark.parametrize("member", NARROWED)
def test_what_is_narrowed_by_anything_else_is_counted_from_its_rows(plant: Plant, member: str) -> None:
    plant([IN_EAST])
    wanted = AppealFilter(**{member: NARROWED[member]})
    assert not is_kept(wanted)
    assert tallied(wanted, Borders.TODAY).total == 1
