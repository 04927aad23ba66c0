"""The report by district as GeoParquet."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import orjson
import pyarrow as pa
import shapely
from django.utils import timezone
from pyarrow import parquet

from geo.geoparquet import boxes, schema_of
from geo.points import WGS84_SRID
from reports.by_district import ByDistrict
from reports.exports import DISTRICT_COLUMNS, district_values
from reports.ground import district_borders, outlines_of

_KINDS = {"district": pa.string(), "name": pa.string(), "count": pa.int64(), "residents": pa.int64()}


def as_geoparquet(found: ByDistrict, about: Mapping[str, Any]) -> bytes:
    """GeoParquet 1.1 of the districts of today's borders, MultiPolygons in EPSG:4326, the highest smoothed ratio first.

    The columns are those of the table; ``about`` is in the file's metadata as JSON under ``report``.
    """
    outlines = outlines_of(district_borders(timezone.localdate()))
    rows = [row for row in found.rows if row.district.code in outlines]
    shapes = [
        shapely.orient_polygons(_many(shapely.from_geojson(orjson.dumps(outlines[row.district.code]))))
        for row in rows
    ]
    columns = [*zip(*map(district_values, rows), strict=True)] or [()] * len(DISTRICT_COLUMNS)
    fields = [(name, _KINDS.get(name, pa.float64())) for name in DISTRICT_COLUMNS]
    schema = schema_of(
        [*fields, ("geometry", pa.binary())], "MultiPolygon", WGS84_SRID, report=json.dumps(about)
    )
    arrays = [
        *(pa.array(list(values), kind) for values, (_name, kind) in zip(columns, fields, strict=True)),
        pa.array([shapely.to_wkb(shape) for shape in shapes], pa.binary()),
        boxes(shapely.bounds(shapes).reshape(-1, 4).T),
    ]
    made = io.BytesIO()
    with parquet.ParquetWriter(made, schema, compression="zstd") as writer:
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return made.getvalue()


def _many(shape: shapely.Geometry) -> shapely.MultiPolygon:
    return shape if isinstance(shape, shapely.MultiPolygon) else shapely.MultiPolygon([shape])
