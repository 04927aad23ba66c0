"""Points as WKB (OGC 06-103r4, 8.2), little endian, in columns of Arrow. Knows no Django."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

WKB_POINT: Final = np.dtype([("order", "u1"), ("type", "<u4"), ("place", "<f8", 2)])


def wkb_points(places: NDArray[np.float64]) -> NDArray[Any]:
    """The points as ``WKB_POINT``; ``places`` are of the shape (rows, 2), longitude before latitude."""
    wkb = np.empty(len(places), WKB_POINT)
    wkb["order"], wkb["type"], wkb["place"] = 1, 1, places
    return wkb


def places_of(column: pa.Array) -> NDArray[np.float64]:
    """The places, of the shape (rows, 2), of a binary column of which every value is a ``WKB_POINT``."""
    size = WKB_POINT.itemsize
    wkb = np.frombuffer(column.buffers()[2] or b"", WKB_POINT, len(column), column.offset * size)
    places: NDArray[np.float64] = wkb["place"]
    return places
