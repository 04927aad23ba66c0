"""A surface as a raster and as a table of squares. Same surface, same bytes."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Mapping
from ctypes import c_char_p, c_void_p
from typing import Any, Final

import numpy as np
import pyarrow as pa
from django.contrib.gis.gdal import GDALRaster
from django.contrib.gis.gdal.libgdal import lgdal
from numpy.typing import NDArray
from pyarrow import parquet

from geo.geoparquet import boxes, schema_of
from geo.grid import Cell
from geo.surface import Band, Surface

#: Rows of a table that are made at once.
_BATCH_ROWS: Final = 65_536

#: WKB of a square, little endian: one ring of five points.
_WKB_SQUARE: Final = np.dtype(
    [("order", "u1"), ("type", "<u4"), ("rings", "<u4"), ("points", "<u4"), ("ring", "<f8", (5, 2))]
)
_CORNERS: Final = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], dtype=float)


def as_geotiff(surface: Surface, about: Mapping[str, str]) -> bytes:
    """A GeoTIFF of 32-bit floats in the CRS of the grid, a pixel a cell; NaN is "no data". Bands have names and meanings.

    ``about`` are texts on the whole of it. Written by GDAL in memory.
    """
    describe = lgdal.GDALSetDescription
    describe.argtypes, describe.restype = [c_void_p, c_char_p], None
    rows, columns = surface.bands[0].values.shape
    side = surface.grid.cell_m
    raster = GDALRaster(
        {
            "driver": "GTiff",
            "name": f"/vsimem/{uuid.uuid4().hex}.tif",
            "width": columns,
            "height": rows,
            "srid": surface.grid.srid,
            "origin": surface.corner,
            "scale": (side, -side),
            "datatype": 6,
            "bands": [
                {"data": np.ascontiguousarray(band.values[::-1], dtype="<f4"), "nodata_value": float("nan")}
                for band in surface.bands
            ],
            "papsz_options": {"compress": "deflate", "predictor": 3, "interleave": "band"},
        }
    )
    raster.metadata = {"DEFAULT": dict(about)}
    for band, drawn in zip(surface.bands, raster.bands, strict=True):
        codes = "; ".join(f"{value} {name}" for value, name in band.codes.items())
        drawn.metadata = {
            "DEFAULT": {"meaning": f"{band.meaning} Codes: {codes}." if codes else band.meaning}
        }
        # GeoDjango has no name for it: what GIS show as the band's name.
        describe(drawn._ptr, band.name.encode())  # type: ignore[attr-defined]
    raster._flush()  # type: ignore[attr-defined]
    return raster.vsi_buffer or b""


def as_geoparquet(surface: Surface, about: Mapping[str, Any]) -> bytes:
    """GeoParquet 1.1 of the cells that have any value: ``id``, ``i``, ``j``, the bands, and the square in the CRS of the grid.

    Bands of codes are texts. ``about`` is in the file's metadata as JSON under ``report``.
    """
    fields: list[tuple[str, pa.DataType]] = [("id", pa.string()), ("i", pa.int32()), ("j", pa.int32())]
    for band in surface.bands:
        kind = pa.string() if band.codes else pa.int64() if band.whole else pa.float64()
        fields.append((band.name, kind))
    fields.append(("geometry", pa.binary()))
    schema = schema_of(fields, "Polygon", surface.grid.srid, report=json.dumps(about))
    made = io.BytesIO()
    with parquet.ParquetWriter(made, schema, compression="zstd") as writer:
        for batch in _batches(surface, schema):
            writer.write_batch(batch)
    return made.getvalue()


def _batches(surface: Surface, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    known = np.argwhere(np.any([~np.isnan(band.values) for band in surface.bands], axis=0))
    side = surface.grid.cell_m
    for start in range(0, len(known), _BATCH_ROWS):
        rows, columns = known[start : start + _BATCH_ROWS].T
        i, j = columns + surface.west, rows + surface.south
        squares = np.empty(len(rows), _WKB_SQUARE)
        squares["order"], squares["type"], squares["rings"], squares["points"] = 1, 3, 1, 5
        squares["ring"] = (np.column_stack([i, j])[:, None, :] + _CORNERS[None]) * side
        offsets = np.arange(len(rows) + 1, dtype=np.int32) * squares.itemsize
        shapes = pa.Array.from_buffers(
            pa.binary(), len(rows), [None, pa.py_buffer(offsets), pa.py_buffer(squares.tobytes())]
        )
        yield pa.RecordBatch.from_arrays(
            [
                pa.array([Cell(*cell).id for cell in zip(i.tolist(), j.tolist(), strict=True)]),
                pa.array(i, pa.int32()),
                pa.array(j, pa.int32()),
                *(_column(band, band.values[rows, columns]) for band in surface.bands),
                shapes,
                boxes((at * side).astype(float) for at in (i, j, i + 1, j + 1)),
            ],
            schema=schema,
        )


def _column(band: Band, values: NDArray[np.float64]) -> pa.Array:
    missing = np.isnan(values)
    if band.codes:
        return pa.array(
            [None if np.isnan(value) else band.codes[int(value)] for value in values], pa.string()
        )
    if band.whole:
        return pa.array(np.where(missing, 0, values).astype(np.int64), pa.int64(), mask=missing)
    return pa.array(values, pa.float64(), mask=missing)
