"""Vectors as files for a GIS, beside what PostGIS and Arrow write."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyogrio
import shapely
from pyogrio import raw

#: GDAL would write the moment into the file.
_ALWAYS: Final = "2000-01-01T00:00:00.000Z"


def as_geopackage(
    layer: str,
    columns: Mapping[str, Sequence[Any]],
    shapes: Sequence[shapely.MultiPolygon],
    srid: int,
    description: str,
) -> bytes:
    """A GeoPackage with one layer of MultiPolygons in CRS ``srid``; a column has a value a shape. The same is the same bytes. Written by GDAL in memory."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _ALWAYS})
    made = io.BytesIO()
    raw.write(
        made,
        np.array([shapely.to_wkb(shape) for shape in shapes], dtype=object),
        [np.asarray(values) for values in columns.values()],
        list(columns),
        layer=layer,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs=f"EPSG:{srid}",
        encoding="UTF-8",
        layer_options={"DESCRIPTION": description},
    )
    return made.getvalue()
