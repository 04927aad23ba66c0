"""From degrees to the metres of a projected CRS."""

from __future__ import annotations

from functools import lru_cache

from pyproj import Transformer

from geo.bbox import Bbox
from geo.points import WGS84_SRID


def metric_bounds(bbox: Bbox, srid: int) -> tuple[float, float, float, float]:
    """West, south, east, north in metres of the smallest upright box in CRS ``srid`` that contains ``bbox``.

    Each side is sampled at 20 points, since a straight side in degrees is a curve in metres. The box must lie
    where the CRS is defined.
    """
    west, south, east, north = _to_metres(srid).transform_bounds(*bbox, densify_pts=20)
    return west, south, east, north


@lru_cache(maxsize=8)
def _to_metres(srid: int) -> Transformer:
    return Transformer.from_crs(WGS84_SRID, srid, always_xy=True)
