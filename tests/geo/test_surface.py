"""Surfaces as files: read again by other readers, each pixel and square lies where its cell does."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import numpy as np
from django.contrib.gis.gdal import GDALRaster
from pyarrow import parquet

from geo.grid import Cell, Grid
from geo.surface import Band, Surface
from geo.surface_files import as_geoparquet, as_geotiff

#: In Osh, where grid north is 1.4 degrees from true north.
GRID = Grid(100, 32643)
WEST, SOUTH = 3115, 44870
NONE = np.nan
COUNTS = np.array([[1.0, NONE, 3.0], [4.0, 0.0, NONE]])
SURFACE = Surface(
    GRID,
    WEST,
    SOUTH,
    (
        Band("count", "Appeals = pins in the cell.", COUNTS, whole=True),
        Band(
            "class",
            "How sure.",
            np.array([[0.0, NONE, 1.0], [1.0, 0.0, NONE]]),
            whole=True,
            codes={0: "even", 1: "more"},
        ),
        Band("p", "Chance.", np.array([[0.5, NONE, 1e-12], [0.25, 1.0, NONE]])),
    ),
)


def test_a_geotiff_has_each_value_at_its_place_and_says_what_it_is() -> None:
    written = as_geotiff(SURFACE, {"TITLE": "?a=b&c=d"})
    assert written == as_geotiff(SURFACE, {"TITLE": "?a=b&c=d"})
    raster = GDALRaster(written)
    assert (raster.srs.srid, raster.width, raster.height) == (32643, 3, 2)
    # Pixels from the north-western corner: two rows above the southern edge.
    assert (list(raster.origin), list(raster.scale)) == ([311500.0, 4487200.0], [100.0, -100.0])
    for band, drawn in zip(SURFACE.bands, raster.bands, strict=True):
        np.testing.assert_array_equal(drawn.data(), band.values[::-1].astype("f4"))
        assert np.isnan(drawn.nodata_value)
    # As GIS read it; GeoDjango itself cannot read a text with this sign.
    assert "meaning=Appeals = pins in the cell." in raster.info
    assert "Codes: 0 even; 1 more." in raster.info
    assert "Description = class" in raster.info
    assert "TITLE=?a=b&c=d" in raster.info


def test_geoparquet_has_the_cells_that_have_a_value() -> None:
    written = as_geoparquet(SURFACE, {"n": 1})
    assert written == as_geoparquet(SURFACE, {"n": 1})
    assert json.loads(parquet.read_metadata(io.BytesIO(written)).metadata[b"report"]) == {"n": 1}
    cells = gpd.read_parquet(io.BytesIO(written))
    assert cells.crs.to_epsg() == 32643
    assert cells["id"].tolist() == ["x3115_y44870", "x3117_y44870", "x3115_y44871", "x3116_y44871"]
    assert cells["count"].tolist() == [1, 3, 4, 0]
    assert cells["class"].tolist() == ["even", "more", "more", "even"]
    assert cells["p"].tolist() == [0.5, 1e-12, 0.25, 1.0]
    assert cells.geometry[1].bounds == (311700, 4487000, 311800, 4487100)
    assert cells.geometry[1].exterior.is_ccw and cells.geometry.is_valid.all()
    part = gpd.read_parquet(io.BytesIO(written), bbox=(311710, 4487010, 311720, 4487020))
    assert part["id"].tolist() == ["x3117_y44870"]


def test_a_square_in_metres_is_that_of_the_web_map_within_five_metres() -> None:
    """Grid north is not true north: the same cell in degrees, as the map draws it, is the turned square."""
    cells = gpd.read_parquet(io.BytesIO(as_geoparquet(SURFACE, {})))
    ring = np.array(GRID.rings([Cell(3117, 44870)])[0])
    drawn = gpd.GeoSeries.from_xy(ring[:, 0], ring[:, 1], crs=4326).to_crs(3857)
    square = cells.set_crs(32643, allow_override=True).to_crs(3857).geometry[1]
    corners = gpd.GeoSeries.from_xy(*np.array(square.exterior.coords).T, crs=3857)
    assert drawn.distance(corners).max() < 5
    # An upright overlay of the same box would be off by more than that over the width of a city.
    wide = GRID.rings([Cell(3115, 44870), Cell(3115 + 136, 44870)])
    (_west, south), (_east, south_far) = wide[0][0], wide[1][0]
    assert abs(south_far - south) * 111_000 > 300


def test_without_a_value_a_surface_is_empty_between_the_corners() -> None:
    empty = Surface.of_cells(GRID, {}, (Cell(1, 2), Cell(3, 3)), "count", "Appeals.")
    assert GDALRaster(as_geotiff(empty, {})).bands[0].data().shape == (2, 3)
    assert len(gpd.read_parquet(io.BytesIO(as_geoparquet(empty, {})))) == 0
    one = Surface.of_cells(GRID, {Cell(-1, -1): 4}, (Cell(1, 2), Cell(3, 3)), "count", "Appeals.")
    assert GDALRaster(as_geotiff(one, {})).origin.x == -100
