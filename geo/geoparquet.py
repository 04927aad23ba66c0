"""What a GeoParquet file says of its geometry, and the boxes of its rows. Knows no Django."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyproj import CRS

_BOX: Final = pa.struct([(name, pa.float64()) for name in ("xmin", "ymin", "xmax", "ymax")])


def schema_of(
    fields: Iterable[pa.Field | tuple[str, pa.DataType]], geometry_type: str, srid: int, /, **about: str
) -> pa.Schema:
    """GeoParquet 1.1 of the fields, a ``geometry`` of that type among them, and after them ``bbox``; ``about`` is metadata."""
    geo = json.dumps(_described_geometry(geometry_type, srid))
    return pa.schema([*fields, ("bbox", _BOX)]).with_metadata({"geo": geo, **about})


def boxes(bounds: Iterable[NDArray[np.float64]]) -> pa.StructArray:
    """The column ``bbox``, of the rows' western, southern, eastern and northern ends."""
    return pa.StructArray.from_arrays([pa.array(ends) for ends in bounds], fields=list(_BOX))


def _described_geometry(geometry_type: str, srid: int) -> dict[str, Any]:
    """The member ``geo`` of GeoParquet 1.1 for a column ``geometry`` of that type and its boxes in a column ``bbox``."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": [geometry_type],
        # As other files say it: who joins two of them is not told that their systems differ.
        "crs": CRS.from_epsg(srid).to_json_dict(),
        "covering": {"bbox": {field.name: ["bbox", field.name] for field in _BOX}},
    }
    if geometry_type != "Point":
        column["orientation"] = "counterclockwise"
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
