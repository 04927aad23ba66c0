"""From degrees to the metres of a projected CRS."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from geo.points import WGS84_SRID

#: Sides that are straight in degrees are curves in metres; pieces of this length bend by less than a millimetre.
_PIECE_DEGREES = 0.002


def in_metres(shape: Any, srid: int) -> Any:
    """The shape, or array of shapes (EPSG:4326, lon/lat), in metres of CRS ``srid``, its sides as straight as they are in degrees."""

    def transformed(degrees: np.ndarray) -> np.ndarray:
        return np.column_stack(_to_metres(srid).transform(degrees[:, 0], degrees[:, 1]))

    pieces = shapely.segmentize(shape, _PIECE_DEGREES)
    return shapely.transform(pieces, transformed)


@lru_cache(maxsize=8)
def _to_metres(srid: int) -> Transformer:
    return Transformer.from_crs(WGS84_SRID, srid, always_xy=True)
