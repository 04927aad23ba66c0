"""What a GeoParquet file says of its geometry. Knows no Django."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
from pyproj import CRS

BOX: Final = pa.struct([(name, pa.float64()) for name in ("xmin", "ymin", "xmax", "ymax")])


def described_geometry(geometry_type: str, srid: int) -> dict[str, Any]:
    """The member ``geo`` of GeoParquet 1.1 for a column ``geometry`` of that type and its boxes in a column ``bbox``."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": [geometry_type],
        # As other files say it: who joins two of them is not told that their systems differ.
        "crs": CRS.from_epsg(srid).to_json_dict(),
        "covering": {"bbox": {field.name: ["bbox", field.name] for field in BOX}},
    }
    if geometry_type != "Point":
        column["orientation"] = "counterclockwise"
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
