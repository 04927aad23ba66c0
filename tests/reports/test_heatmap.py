from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter

import numpy as np
import pytest
import shapely
from django.conf import settings
from django.db.models import F
from pyproj import Transformer
from pytest_django import DjangoAssertNumQueries, Settings

from appeals.filters import AppealFilter
from appeals.models import Appeal
from appeals.models.appeal import CELL_M
from geo.grid import Cell, Grid
from reports import sizes
from reports.heatmap import appeals_in_cell, make_heatmap
from reports.sizes import CELL_SIZES_M
from tests.grid import CITY, IN_EAST, IN_PARK, IN_WEST, GridCity
from tests.reports.planting import NOON, Plant

EVERYTHING = AppealFilter()
TO_METRES = Transformer.from_crs(4326, settings.METRIC_SRID, always_xy=True)
TO_DEGREES = Transformer.from_crs(settings.METRIC_SRID, 4326, always_xy=True)


def scattered(count: int, seed: int = 11) -> list[tuple[float, float]]:
    """Places in a few crowded corners of the grid city."""
    chance = random.Random(seed)
    west, south, east, north = CITY
    crowds = [(chance.uniform(west, east), chance.uniform(south, north)) for _ in range(5)]
    places: list[tuple[float, float]] = []
    while len(places) < count:
        lon, lat = chance.choice(crowds)
        place = (chance.gauss(lon, 0.002), chance.gauss(lat, 0.002))
        if west < place[0] < east and south < place[1] < north:
            places.append(place)
    return places


@pytest.mark.parametrize("cell_m", CELL_SIZES_M)
def test_counts_equal_binning_by_hand(plant: Plant, cell_m: int) -> None:
    places = scattered(400)
    plant(places)
    heatmap = make_heatmap(EVERYTHING, cell_m)

    x, y = TO_METRES.transform(*np.array(places).T)
    by_floor = Counter(zip(np.floor(x / cell_m).astype(int), np.floor(y / cell_m).astype(int), strict=True))
    assert {row.cell: row.count for row in heatmap.cells} == by_floor
    points = shapely.points(x, y)
    for row in heatmap.cells[:40]:
        square = shapely.box(
            row.cell.i * cell_m, row.cell.j * cell_m, (row.cell.i + 1) * cell_m, (row.cell.j + 1) * cell_m
        )
        assert shapely.contains(square, points).sum() == row.count
    assert sum(row.count for row in heatmap.cells) == heatmap.total == 400
    assert [row.count for row in heatmap.cells] == sorted((row.count for row in heatmap.cells), reverse=True)


@pytest.mark.parametrize("cell_m", CELL_SIZES_M)
def test_the_sides_of_a_border_are_two_cells(plant: Plant, cell_m: int) -> None:
    x, y = (round(value / cell_m) * cell_m for value in TO_METRES.transform(*IN_EAST))
    centimetre = 0.01
    plant(
        [
            TO_DEGREES.transform(x + dx, y + dy)
            for dx in (-centimetre, centimetre)
            for dy in (-centimetre, centimetre)
        ]
    )
    i, j = x // cell_m, y // cell_m
    cells = {row.cell: row.count for row in make_heatmap(EVERYTHING, cell_m).cells}
    assert cells == {Cell(i - 1, j - 1): 1, Cell(i - 1, j): 1, Cell(i, j - 1): 1, Cell(i, j): 1}


def test_cells_below_zero_are_floored_not_truncated(plant: Plant) -> None:
    """West of the false easting columns are negative; SQL integer division would round them towards zero."""
    plant(scattered(60))
    mirrored = Appeal.objects.annotate(west=-F("cell_x"), south=-F("cell_y"))
    counted = Grid(250, 32643).count(mirrored, CELL_M, "district_id", x="west", y="south")
    by_hand = Counter((-x // 5, -y // 5) for x, y in Appeal.objects.values_list("cell_x", "cell_y"))
    assert {cell: n for (cell, _none), n in counted.whole().counts.items()} == by_hand


def test_a_cell_keeps_its_id_under_any_filter(plant: Plant) -> None:
    places = scattered(120)
    plant(places[:60], kind="complaint")
    plant(places[60:], kind="request")
    everything = {row.cell: row.count for row in make_heatmap(EVERYTHING, 100).cells}
    complaints = {row.cell: row.count for row in make_heatmap(AppealFilter(kind="complaint"), 100).cells}
    requests = {row.cell: row.count for row in make_heatmap(AppealFilter(kind="request"), 100).cells}
    assert Counter(complaints) + Counter(requests) == everything


def test_hidden_appeals_are_never_counted(plant: Plant) -> None:
    plant([IN_EAST] * 3)
    plant([IN_EAST, IN_WEST], hidden=True)
    heatmap = make_heatmap(EVERYTHING, 50)
    assert heatmap.total == 3
    assert [row.count for row in heatmap.cells] == [3]
    assert [(row.district.code, row.count) for row in heatmap.districts if row.district] == [
        ("east", 3),
        ("west", 0),
    ]
    assert appeals_in_cell(EVERYTHING, heatmap.grid, heatmap.cells[0].cell).count() == 3


def test_the_rows_of_a_cell_are_as_many_as_its_number(plant: Plant) -> None:
    plant(scattered(200))
    plant(scattered(50, seed=3), kind="request")
    wanted = AppealFilter(kind="complaint")
    heatmap = make_heatmap(wanted, 250)
    assert len(heatmap.cells) > 10
    for row in heatmap.cells:
        assert appeals_in_cell(wanted, heatmap.grid, row.cell).count() == row.count


def test_days_are_in_the_citys_time_zone(plant: Plant) -> None:
    midnight = dt.datetime.combine(NOON.date(), dt.time.min, NOON.tzinfo)
    plant([IN_EAST], submitted_at=midnight - dt.timedelta(seconds=1))
    plant([IN_EAST], submitted_at=midnight)
    plant([IN_EAST], submitted_at=midnight + dt.timedelta(days=1, seconds=-1))
    plant([IN_EAST], submitted_at=midnight + dt.timedelta(days=1))
    heatmap = make_heatmap(AppealFilter(since=NOON.date(), until=NOON.date()), 50)
    assert heatmap.total == 2
    assert (heatmap.first_on, heatmap.last_on) == (NOON.date(), NOON.date())


def test_a_group_counts_its_categories(plant: Plant) -> None:
    plant([IN_EAST], category="lamp")
    plant([IN_EAST] * 2, category="pothole")
    assert make_heatmap(AppealFilter(category="street"), 50).total == 3
    assert make_heatmap(AppealFilter(category="pothole"), 50).total == 2


def test_a_cells_district_is_where_most_of_its_appeals_are(plant: Plant, city: GridCity) -> None:
    plant([IN_EAST] * 2)
    plant([IN_EAST], district=city.districts["west"])
    row = make_heatmap(EVERYTHING, 500).cells[0]
    assert row.count == 3
    assert row.district is not None
    assert row.district.code == "east"


def test_each_territory_has_a_row_even_at_zero(plant: Plant) -> None:
    plant([IN_WEST] * 3)
    plant([IN_EAST], district=None)
    rows = make_heatmap(EVERYTHING, 500).districts
    assert [(row.district.code if row.district else None, row.count) for row in rows] == [
        ("west", 3),
        (None, 1),
        ("east", 0),
    ]
    assert [row.share for row in rows] == [0.75, 0.25, 0.0]
    assert rows[0].per_km2 == pytest.approx(3 / (3.39 * 4.44), rel=0.01)  # 0.04 by 0.04 degrees at 40.5 N


def test_the_selected_district_is_the_area(plant: Plant) -> None:
    plant([IN_WEST] * 5)
    whole, half = make_heatmap(EVERYTHING), make_heatmap(AppealFilter(district="west"))
    assert [row.district.code for row in half.districts if row.district] == ["west"]
    same_cell = make_heatmap(AppealFilter(district="west"), whole.size.cell_m)
    assert same_cell.size.expected == pytest.approx(2 * whole.size.expected, rel=0.01)


def test_classes_cover_every_count(plant: Plant) -> None:
    plant(scattered(300))
    heatmap = make_heatmap(EVERYTHING, 250)
    assert len(heatmap.classes) <= 6
    for row in heatmap.cells:
        low, high = heatmap.classes[row.level]
        assert low <= row.count <= high


def test_cells_under_the_threshold_are_withheld_but_counted(plant: Plant, settings: Settings) -> None:
    settings.REPORT_MIN_COUNT = 3
    plant([IN_EAST] * 3 + [IN_WEST] * 2 + [IN_PARK])
    heatmap = make_heatmap(EVERYTHING, 50)
    assert [row.count for row in heatmap.cells] == [3]
    assert (heatmap.total, heatmap.withheld) == (6, 3)
    x, y = TO_METRES.transform(*IN_WEST)
    in_west = Cell(math.floor(x / 50), math.floor(y / 50))
    assert not appeals_in_cell(EVERYTHING, heatmap.grid, in_west).exists()
    assert appeals_in_cell(EVERYTHING, heatmap.grid, heatmap.cells[0].cell).count() == 3


def test_nothing_gives_an_empty_report(city: GridCity) -> None:
    heatmap = make_heatmap(EVERYTHING)
    assert (heatmap.total, heatmap.cells, heatmap.classes, heatmap.first_on) == (0, (), (), None)
    assert [row.count for row in heatmap.districts] == [0, 0]


@pytest.mark.parametrize("count", [3, 400, 4000])
def test_the_automatic_size_is_the_smallest_that_can_be_drawn(
    plant: Plant,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    plant(scattered(count))
    unlimited = make_heatmap(EVERYTHING)
    for most in (4, 30, 200):
        monkeypatch.setattr(sizes, "MOST_DRAWN", most)
        # However many sizes are tried, the appeals are read once for them.
        with django_assert_num_queries(3):
            heatmap = make_heatmap(EVERYTHING)
        assert len(heatmap.cells) <= most
        assert sum(row.count for row in heatmap.cells) == count, most
        assert heatmap.size.crowded == (len(unlimited.cells) > most), most
        if heatmap.size.crowded:
            smaller = max(cell_m for cell_m in sizes.offered_sizes() if cell_m < heatmap.size.cell_m)
            assert len(make_heatmap(EVERYTHING, smaller).cells) > most
        else:
            assert heatmap.size == unlimited.size, most


@pytest.mark.parametrize("count", [1, 300])
def test_a_report_is_three_statements(
    plant: Plant, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    plant(scattered(count))
    with django_assert_num_queries(3):
        make_heatmap(EVERYTHING)
