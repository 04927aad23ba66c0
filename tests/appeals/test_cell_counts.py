"""Counts that triggers keep, at once or to be folded, equal a fresh count, whatever happens to the appeals."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import product
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

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
        keys = [f"status:{appeal.status}", f"kind:{appeal.kind}", f"category:{appeal.category_id}"]
        keys += [f"service:{appeal.service_id}", *(f"{days}:{day // days}" for days in (1, 16, 256))]
        keys += [f"district:{appeal.district_id}"] if appeal.district_id else []
        for key, zoom in [*product(keys, (13, 15, 17)), (keys[0], 19)]:
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
