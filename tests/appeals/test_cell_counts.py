"""Counts that triggers keep, at once or to be folded, equal a fresh count, whatever happens to the appeals."""

from __future__ import annotations

import datetime as dt
import importlib
from collections import Counter, defaultdict
from itertools import combinations, product
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from appeals.filters import AppealFilter
from appeals.folding import fold_pyramid
from appeals.models import (
    Appeal,
    AppealContact,
    Event,
    MetricCell,
    PyramidCell,
    PyramidChange,
    RoutingDecision,
)
from appeals.models.pyramid import kept_under
from appeals.vocabulary import Status
from geo.tiles import tile_at
from tests.factories import AppealFactory
from tests.grid import CITY, IN_EAST, IN_PARK, IN_WEST, GridCity, at

Counts = dict[tuple[str, int, int, int], tuple[int, ...]]


def _kept() -> Counts:
    """The pyramid, when all is folded."""
    fold_pyramid()
    assert not PyramidChange.objects.exists()
    columns = ("lon_sum", "lat_sum", *(f"n_{status}" for status in Status.values), "n_late")
    rows = PyramidCell.objects.values_list("key", "zoom", "tile_x", "tile_y", *columns)
    return {tuple(cell): tuple(sums) for *cell, sums in ((*row[:4], row[4:]) for row in rows) if any(sums)}


def _counted() -> Counts:
    found: dict[tuple[str, int, int, int], list[int]] = defaultdict(lambda: [0] * (3 + len(Status.values)))
    for appeal in Appeal.objects.filter(hidden=False):
        day = timezone.localtime(appeal.submitted_at).toordinal()
        ones = [f"kind:{appeal.kind}", f"category:{appeal.category_id}", f"service:{appeal.service_id}"]
        ones += [f"district:{appeal.district_id}"] if appeal.district_id else []
        blocks = [f"{days}:{day // days}" for days in (1, 16, 256)]
        kept = [
            *product([f"status:{appeal.status}", *ones], (13, 15, 17, 19)),
            *product(blocks, (13, 15, 17)),
            *product(["+".join(two) for two in combinations(ones, 2)], (15, 17)),
            *((f"{one}+{block}", 15) for one, block in product(ones, blocks[1:])),
        ]
        for key, zoom in kept:
            tile = tile_at(appeal.point.x, appeal.point.y, zoom)
            sums = found[key, zoom, tile.x, tile.y]
            sums[0] += round(appeal.point.x * 1_000_000)
            sums[1] += round(appeal.point.y * 1_000_000)
            sums[2 + Status.values.index(appeal.status)] += 1
            sums[-1] += appeal.is_open and appeal.due_on < timezone.localdate()
    return {cell: tuple(sums) for cell, sums in found.items()}


def _made(city: GridCity, **values: Any) -> Appeal:
    made: Appeal = AppealFactory(
        category=city.categories["lamp"],
        service=city.services["light"],
        contact=None,
        first_event=None,
        routing=None,
        **values,
    )
    return made


@pytest.mark.parametrize("status", [(), ("new",)])
@pytest.mark.parametrize("days", [16, 17, 40, 300, 1_000])
def test_whole_blocks_and_the_ends_make_up_a_period(days: int, status: tuple[str, ...]) -> None:
    for begins in range(dt.date(2026, 1, 1).toordinal(), dt.date(2026, 1, 17).toordinal()):
        since, until = dt.date.fromordinal(begins), dt.date.fromordinal(begins + days - 1)
        kept = kept_under(AppealFilter(kind="request", since=since, until=until, status=status), {})
        if kept is None:
            assert days < 32
            continue
        found: Counter[int] = Counter()
        for key in kept.keys:
            length, nth = map(int, key.removeprefix("kind:request+").split(":"))
            found.update(range(length * nth, length * (nth + 1)))
        in_blocks = range(_ordinal(kept.whole.since), _ordinal(kept.whole.until) + 1)
        assert +found == Counter(in_blocks)
        for sign, end in kept.ends:
            assert end.status == status
            assert sign == 1 or not status
            for day in range(_ordinal(end.since), _ordinal(end.until) + 1):
                found[day] += sign
        assert +found == Counter(range(begins, begins + days))


def _ordinal(day: dt.date | None) -> int:
    assert day is not None
    return day.toordinal()


def test_one_appeal_through_its_life(city: GridCity) -> None:
    appeal = _made(city, point=at(IN_EAST))
    assert _kept() == _counted() != {}
    for change in (
        {"status": "accepted"},
        {"hidden": True},
        {"status": "closed"},
        {"hidden": False},
        {"point": at(IN_WEST)},
    ):
        Appeal.objects.filter(pk=appeal.pk).update(**change)
        assert _kept() == _counted(), change
    appeal.refresh_from_db()
    appeal.delete()
    assert _kept() == {}


def test_many_rows_in_one_statement(city: GridCity) -> None:
    for place in (IN_EAST, IN_EAST, IN_WEST, IN_PARK):
        _made(city, point=at(place))
    Appeal.objects.update(status="answered", version=F("version") + 1)
    assert _kept() == _counted()
    Appeal.objects.filter(cell_x__gt=0).update(hidden=True)
    assert _kept() == {}
    Appeal.objects.all().delete()
    assert _kept() == {}


def test_the_migration_counts_what_folding_counts(city: GridCity) -> None:
    """Of what is folded, and not of what is not yet."""
    of_two = importlib.import_module("appeals.migrations.0059_counts_of_two_filters")
    finer = importlib.import_module("appeals.migrations.0066_finer_counts_of_two_filters")
    for place, status in ((IN_EAST, "new"), (IN_EAST, "closed"), (IN_WEST, "accepted"), (IN_PARK, "new")):
        _made(
            city, point=at(place), status=status, due_on=dt.date(2026, 1, 1), district=city.districts["east"]
        )
    fold_pyramid()
    Appeal.objects.filter(status="closed").update(kind="request")
    _made(city, point=at(IN_WEST))
    folded = set(PyramidCell.objects.values_list())
    with connection.cursor() as cursor:
        cursor.execute(finer._BEFORE)
        without_finer = PyramidCell.objects.count()
        cursor.execute(of_two._BEFORE, [])
        assert PyramidCell.objects.count() < without_finer < len(folded)
        cursor.execute(of_two._COUNTED, [django_settings.TIME_ZONE])
        cursor.execute(finer._COUNTED)
    assert set(PyramidCell.objects.values_list()) == folded
    # So are the months of the reports' cells.
    months = importlib.import_module("appeals.migrations.0057_metric_cells")
    cells = MetricCell.objects.values_list("pk", *(f"n_{status}" for status in Status.values))
    of_months = set(cells)
    assert {key[0] for key, *_counts in of_months} == {1, 3, 12, 240}
    MetricCell.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(months._COUNTS)
    assert set(cells.all()) == of_months
    assert _kept() == _counted()


def test_changes_that_do_not_count_write_nothing(city: GridCity) -> None:
    _made(city)
    Appeal.objects.update(version=F("version") + 1, address="elsewhere")
    assert PyramidChange.objects.count() == 1


def test_rolled_back_changes_are_not_counted(city: GridCity) -> None:
    with transaction.atomic():
        _made(city)
        transaction.set_rollback(True)
    assert _kept() == {}


WEST, SOUTH, EAST, NORTH = CITY
PLACE = st.tuples(
    st.floats(WEST, WEST + 0.002).map(lambda lon: round(lon, 6)),
    st.floats(SOUTH, SOUTH + 0.002).map(lambda lat: round(lat, 6)),
)
ROWS = st.integers(0, 7)
STEP = st.one_of(
    st.tuples(st.just("make"), PLACE, st.sampled_from(Status.values), st.booleans()),
    st.tuples(st.just("status"), ROWS, st.sampled_from(Status.values)),
    st.tuples(st.just("hidden"), ROWS, st.booleans()),
    st.tuples(st.just("point"), ROWS, PLACE),
    st.tuples(st.just("delete"), ROWS),
    st.tuples(st.just("due_on"), ROWS, st.dates(dt.date(2026, 1, 1), dt.date(2030, 1, 1))),
    st.tuples(st.just("fold")),
)


@settings(max_examples=25)
@given(st.lists(STEP, max_size=12))
def test_counts_stay_correct_after_any_sequence_of_changes(
    city: GridCity, steps: list[tuple[Any, ...]]
) -> None:
    for model in (Event, RoutingDecision, AppealContact, Appeal, MetricCell, PyramidCell, PyramidChange):
        model._base_manager.all().delete()
    for verb, *values in steps:
        if verb == "make":
            place, status, hidden = values
            _made(city, point=at(place), status=status, hidden=hidden)
            continue
        if verb == "fold":
            fold_pyramid()
            continue
        # Selecting by number modulo puts several appeals into one statement.
        chosen = Appeal.objects.annotate(residue=F("number") % 8).filter(residue__lte=values[0])
        if verb == "delete":
            Appeal.objects.filter(pk__in=list(chosen.values_list("pk", flat=True))).delete()
        else:
            value = at(values[1]) if verb == "point" else values[1]
            Appeal.objects.filter(pk__in=list(chosen.values_list("pk", flat=True))).update(**{verb: value})
    assert _kept() == _counted()
