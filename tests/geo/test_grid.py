"""Cells of a metric grid: where they lie in degrees, and how rows are counted in them."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
import shapely
from django.db.models import QuerySet
from pyproj import Transformer
from pytest_django import DjangoAssertNumQueries

from appeals.models import PyramidCell
from geo.bbox import Bbox
from geo.grid import NO_VALUE, Cell, Grid, Tally, parse_cell
from geo.grid import GridCount as Counted

UTM = 32643
TO_METRES = Transformer.from_crs(4326, UTM, always_xy=True)
NEAR_THE_CENTRE = Cell(1255, 17950)


@pytest.mark.parametrize("cell_m", [50, 100, 250, 500])
def test_a_ring_measures_the_cell_in_the_metric_crs(cell_m: int) -> None:
    ring = Grid(cell_m, UTM).rings([NEAR_THE_CENTRE])[0]
    x, y = TO_METRES.transform(*np.array(ring).T)
    sides = np.hypot(np.diff(x), np.diff(y))
    assert ring[0] == ring[-1]
    assert np.allclose(sides, cell_m, atol=0.2)  # six decimals of a degree
    assert np.allclose((x.min(), y.min()), (1255 * cell_m, 17950 * cell_m), atol=0.1)
    assert shapely.LinearRing(ring).is_ccw


def test_neighbours_share_their_corners_exactly() -> None:
    left, right = Grid(100, UTM).rings([Cell(3000, 44000), Cell(3001, 44000)])
    assert (left[1], left[2]) == (right[0], right[3])


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 1), (1, 3)])
def test_a_box_inside_of_some_cells_counts_these_alone(columns: int, rows: int) -> None:
    grid = Grid(500, UTM)
    x, y = NEAR_THE_CENTRE
    middle = [
        TO_METRES.transform((x + dx + 0.5) * 500, (y + dy + 0.5) * 500, direction="INVERSE")
        for dx, dy in ((0, 0), (columns - 1, rows - 1))
    ]
    (west, south), (east, north) = middle
    assert (
        grid.cells_at_most(Bbox(west, south, max(east, west + 1e-5), max(north, south + 1e-5)))
        == columns * rows
    )


@pytest.mark.parametrize("cell_m", [50, 500, 25_000])
def test_no_points_of_a_box_lie_in_more_cells(cell_m: int) -> None:
    box = Bbox(72.70, 40.50, 72.78, 40.54)
    chance = np.random.default_rng(5)
    lon, lat = chance.uniform(box.west, box.east, 60_000), chance.uniform(box.south, box.north, 60_000)
    x, y = TO_METRES.transform(lon, lat)
    held = len(set(zip(np.floor(x / cell_m), np.floor(y / cell_m), strict=True)))
    most = Grid(cell_m, UTM).cells_at_most(box)
    assert held <= most
    assert most <= held * 1.2 + 3


def test_no_cells_no_rings() -> None:
    assert Grid(100, UTM).rings([]) == []


def test_the_box_holds_every_point_of_the_cell() -> None:
    grid = Grid(250, UTM)
    back = Transformer.from_crs(UTM, 4326, always_xy=True)
    chance = random.Random(7)
    corners = [(0.0, 0.0), (0.0, 249.999), (249.999, 0.0), (249.999, 249.999)]
    for _ in range(50):
        cell = Cell(1255 + chance.randrange(50), 17950 + chance.randrange(50))
        box = grid.bbox(cell)
        for dx, dy in [*corners, (chance.uniform(0, 250), chance.uniform(0, 250))]:
            lon, lat = back.transform(cell.i * 250 + dx, cell.j * 250 + dy)
            assert box.west <= lon <= box.east
            assert box.south <= lat <= box.north


def test_the_box_is_hardly_larger_than_the_cell() -> None:
    grid = Grid(250, UTM)
    lons, lats = zip(*grid.rings([NEAR_THE_CENTRE])[0], strict=True)
    sides = (min(lons), min(lats), max(lons), max(lats))
    # One unit of the sixth decimal: a box of ten would read the rows of the neighbours.
    assert np.abs(np.subtract(grid.bbox(NEAR_THE_CENTRE), sides)) == pytest.approx(1e-6, rel=1e-3)


def test_a_grid_is_a_value() -> None:
    assert len({Grid(250, UTM), Grid(250, UTM), Grid(100, UTM)}) == 2


def test_ids_are_read_back() -> None:
    assert parse_cell(NEAR_THE_CENTRE.id) == NEAR_THE_CENTRE
    assert parse_cell(Cell(-3, 0).id) == Cell(-3, 0)


@pytest.mark.parametrize(
    "text", ["", "x1y2", "x1_y2 ", "x1_y2\n", "x１_y2", "x1.5_y2", "x99999999_y1", "../x1_y2"]
)
def test_invalid_id_is_no_cell(text: str) -> None:
    assert parse_cell(text) is None


def test_a_side_must_be_a_multiple_of_the_stored_cell() -> None:
    with pytest.raises(ValueError, match="75 m"):
        Grid(75, UTM).holding(NEAR_THE_CENTRE, 50)
    with pytest.raises(ValueError, match="25 m"):
        Grid(25, UTM).holding(NEAR_THE_CENTRE, 50)


@pytest.mark.parametrize("cell_m", [0, -50])
def test_a_side_has_a_length(cell_m: int) -> None:
    with pytest.raises(ValueError, match=f"{cell_m} m"):
        Grid(cell_m, UTM).holding(NEAR_THE_CENTRE, 50)


#: The columns that stand for the storage cell's.
XY = {"x": "tile_x", "y": "tile_y"}


def _row(x: int, y: int, value: int) -> PyramidCell:
    return PyramidCell(
        key="",
        zoom=0,
        tile_x=x,
        tile_y=y,
        lon_sum=0,
        lat_sum=0,
        n_new=value,
        n_accepted=0,
        n_planned=0,
        n_waiting=0,
        n_answered=0,
        n_closed=0,
        n_late=0,
    )


@pytest.fixture
def rows(db: None) -> QuerySet[PyramidCell]:
    """Rows in storage cells on both sides of the origin, with a value each."""
    places = {
        (0, 0): 7,
        (1, 0): 7,
        (0, 1): 3,
        (1, 1): 3,
        (2, 0): 1,
        (3, 1): 2,
        (3, 0): 2,
        (-1, -1): 5,
        (0, 2): 1,
        (0, -1): 1,
    }
    PyramidCell.objects.bulk_create(_row(*place, value) for place, value in places.items())
    return PyramidCell.objects.all()


def test_the_fullest_cells_come_first_then_those_to_the_west_and_south(rows: QuerySet[PyramidCell]) -> None:
    expected = [
        # Of equally frequent values the smallest.
        Counted(Cell(0, 0), 4, 3),
        Counted(Cell(1, 0), 3, 2),
        # Floors: a division that truncates would put these into the cells of the origin.
        Counted(Cell(-1, -1), 1, 5),
        Counted(Cell(0, -1), 1, 1),
        Counted(Cell(0, 1), 1, 1),
    ]
    grid = Grid(100, UTM)
    counted = grid.count(rows, 50, "n_new", **XY)
    assert counted.fullest() == expected
    assert grid.count(rows.order_by("n_new"), 50, "n_new", **XY).counts == counted.counts
    assert counted.fullest(3) == expected[:2]
    assert counted.fullest(4) == expected[:1]
    whole = {(row.cell, None): row.n for row in expected}
    assert counted.whole().counts == whole == grid.count(rows, 50, **XY).counts
    assert counted.by_value() == {1: 3, 2: 2, 3: 2, 5: 1, 7: 2}
    assert (counted.total, len(counted)) == (10, 7)


def test_larger_cells_are_summed_without_asking_again(
    rows: QuerySet[PyramidCell], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fine = Grid(100, UTM).count(rows, 50, "n_new", **XY)
    asked = {cell_m: Grid(cell_m, UTM).count(rows, 50, "n_new", **XY).counts for cell_m in (200, 500)}
    with django_assert_num_queries(0):
        assert {cell_m: fine.coarser(cell_m).counts for cell_m in asked} == asked
    for cell_m in (150, 50, 0):
        with pytest.raises(ValueError, match=f"{cell_m} m"):
            fine.coarser(cell_m)


def test_counts_are_summed_in_any_order_and_far_apart() -> None:
    places = [(5, -3, 2), (-40_000, 80_000, 2), (5, -3, 2), (5, -3, NO_VALUE)]
    for far in (places, places[2:]):
        i, j, value = zip(*far, strict=True)
        counted = Tally.summed(50, i, j, value, [1] * len(far))
        assert counted.counts == Counter(
            (Cell(i, j), None if value == NO_VALUE else value) for i, j, value in far
        )
        rest = counted.without(Tally.summed(50, i[:1], j[:1], value[:1], [1]))
        assert Counter(rest.counts) + Counter([(Cell(i[0], j[0]), value[0])]) == Counter(counted.counts)
    # What came and went again is not there.
    assert Tally.summed(50, [1, 1], [2, 2], None, [1, -1]).counts == {}
    assert Tally.summed(50, [], [], None, []).fullest() == []


def test_a_cell_is_called_after_nothing_only_where_it_has_no_value() -> None:
    here, there = (0, 0), (-1, 3)
    counts = {(*here, NO_VALUE): 9, (*here, 7): 2, (*here, 5): 2, (*here, 4): 1, (*there, NO_VALUE): 1}
    tally = Tally.summed(50, *zip(*counts, strict=True), [*counts.values()])
    assert tally.fullest() == [Counted(Cell(*here), 14, 5), Counted(Cell(*there), 1, None)]


def test_cells_as_they_are_stored(rows: QuerySet[PyramidCell]) -> None:
    counted = Grid(50, UTM).count(rows, 50, "n_new", **XY)
    assert [(found.cell, found.mode) for found in counted.fullest()] == sorted(
        (Cell(row.tile_x, row.tile_y), row.n_new) for row in rows
    )


def test_columns_can_have_other_names(rows: QuerySet[PyramidCell]) -> None:
    grid = Grid(100, UTM)
    mirrored = grid.count(rows, 50, "n_new", x="tile_y", y="tile_x").fullest()
    assert {(found.cell.j, found.cell.i, found.n) for found in mirrored} == {
        (*found.cell, found.n) for found in grid.count(rows, 50, "n_new", **XY).fullest()
    }
    assert grid.holding(Cell(3, -2), 50, x="column", y="row") == {
        "column__gte": 6,
        "column__lt": 8,
        "row__gte": -4,
        "row__lt": -2,
    }


@pytest.mark.parametrize("cell_m", [50, 100, 150])
def test_a_cell_holds_the_rows_that_were_counted_in_it(rows: QuerySet[PyramidCell], cell_m: int) -> None:
    grid = Grid(cell_m, UTM)
    for found in grid.count(rows, 50, "n_new", **XY).fullest():
        assert rows.filter(**grid.holding(found.cell, 50, **XY)).count() == found.n
