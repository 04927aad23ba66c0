"""Reports by district as GeoParquet."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
import shapely
from django.utils import timezone
from pyarrow import parquet

from geo.geoparquet import boxes, schema_of
from geo.points import WGS84_SRID
from reports.ground import district_borders, outlines_of

_KINDS = {
    **dict.fromkeys(("district", "name"), pa.string()),
    **dict.fromkeys(
        (
            "count",
            "residents",
            "class",
            "year_before",
            "second_period",
            "waiting",
            "half_days",
            "most_days",
            "watched_days",
            "terms_over",
            "terms_kept",
            "level",
        ),
        pa.int64(),
    ),
}


def as_geoparquet(names: Sequence[str], values: Sequence[tuple[Any, ...]], about: Mapping[str, Any]) -> bytes:
    """GeoParquet 1.1 of the districts of today's borders, MultiPolygons in EPSG:4326, in the order of their ``values``.

    These have the columns of those ``names``, the code of the district first; None is an empty cell. ``about`` is in the file's metadata as
    JSON under ``report``.
    """
    outlines = outlines_of(district_borders(timezone.localdate()))
    rows = [row for row in values if row[0] in outlines]
    shapes = [
        shapely.orient_polygons(_many(shapely.from_geojson(orjson.dumps(outlines[row[0]])))) for row in rows
    ]
    columns = [*zip(*rows, strict=True)] or [()] * len(names)
    fields = [(name, _KINDS.get(name, pa.float64())) for name in names]
    schema = schema_of(
        [*fields, ("geometry", pa.binary())], "MultiPolygon", WGS84_SRID, report=json.dumps(about)
    )
    arrays = [
        *(pa.array(list(column), kind) for column, (_name, kind) in zip(columns, fields, strict=True)),
        pa.array([shapely.to_wkb(shape) for shape in shapes], pa.binary()),
        boxes(shapely.bounds(shapes).reshape(-1, 4).T),
    ]
    made = io.BytesIO()
    with parquet.ParquetWriter(made, schema, compression="zstd") as writer:
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return made.getvalue()


def _many(shape: shapely.Geometry) -> shapely.MultiPolygon:
    return shape if isinstance(shape, shapely.MultiPolygon) else shapely.MultiPolygon([shape])
