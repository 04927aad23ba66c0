from __future__ import annotations

import math
import random

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from geo.grid import Cell, Grid, parse_cell

UTM = 32643
TO_METRES = Transformer.from_crs(4326, UTM, always_xy=True)
NEAR_THE_CENTRE = Cell(1255, 17950)


def test_cells_are_half_open_to_the_west_and_south() -> None:
    grid = Grid(50, UTM)
    assert grid.cell_at(100.0, 200.0) == Cell(2, 4)
    assert grid.cell_at(math.nextafter(150.0, 0), math.nextafter(250.0, 0)) == Cell(2, 4)
    assert grid.cell_at(150.0, 200.0) == Cell(3, 4)
    assert grid.cell_at(100.0, 250.0) == Cell(2, 5)


def test_cells_west_and_south_of_the_origin_count_downwards() -> None:
    grid = Grid(50, UTM)
    assert grid.cell_at(-0.001, -50.0) == Cell(-1, -1)
    assert grid.cell_at(-50.001, -50.001) == Cell(-2, -2)


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


def test_ids_round_trip() -> None:
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
