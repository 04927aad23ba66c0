"""Trigger-maintained counts equal a fresh count, whatever happens to the appeals."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st

from appeals.models import Appeal, AppealContact, CellCount, Event, RoutingDecision
from appeals.models.cell import CELL_ZOOM
from appeals.vocabulary import Status
from geo.tiles import tile_at
from tests.factories import AppealFactory
from tests.grid import CITY, IN_EAST, IN_PARK, IN_WEST, GridCity, at

Counts = dict[tuple[int, int], tuple[int, ...]]


def _kept() -> Counts:
    columns = ("lon_sum", "lat_sum", *(f"n_{status}" for status in Status.values))
    rows = CellCount.objects.values_list("tile_x", "tile_y", *columns)
    return {(x, y): tuple(sums) for x, y, *sums in rows if any(sums)}


def _counted() -> Counts:
    found: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0] * (2 + len(Status.values)))
    for appeal in Appeal.objects.filter(hidden=False):
        tile = tile_at(appeal.point.x, appeal.point.y, CELL_ZOOM)
        sums = found[tile.x, tile.y]
        sums[0] += round(appeal.point.x * 1_000_000)
        sums[1] += round(appeal.point.y * 1_000_000)
        sums[2 + Status.values.index(appeal.status)] += 1
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid, xmin FROM appeals_cellcount")
        before = cursor.fetchall()
        assert before
        Appeal.objects.update(version=F("version") + 1, address="elsewhere")
        cursor.execute("SELECT ctid, xmin FROM appeals_cellcount")
        assert cursor.fetchall() == before


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
)


@settings(max_examples=25)
@given(st.lists(STEP, max_size=12))
def test_counts_stay_correct_after_any_sequence_of_changes(
    city: GridCity, steps: list[tuple[Any, ...]]
) -> None:
    for model in (Event, RoutingDecision, AppealContact, Appeal):
        model._base_manager.all().delete()
    for verb, *values in steps:
        if verb == "make":
            place, status, hidden = values
            _made(city, point=at(place), status=status, hidden=hidden)
            continue
        # Selecting by number modulo puts several appeals into one statement.
        chosen = Appeal.objects.annotate(residue=F("number") % 8).filter(residue__lte=values[0])
        if verb == "delete":
            Appeal.objects.filter(pk__in=list(chosen.values_list("pk", flat=True))).delete()
        else:
            value = at(values[1]) if verb == "point" else values[1]
            Appeal.objects.filter(pk__in=list(chosen.values_list("pk", flat=True))).update(**{verb: value})
    assert _kept() == _counted()
