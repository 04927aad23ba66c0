"""Contours of the density of appeals, in appeals per square kilometre: for the eye and for maps of others, without significance."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import orjson
import shapely
from django.conf import settings
from django.utils import timezone
from pyproj import Transformer

from appeals.models.appeal import CELL_M
from geo.contours import areas_above, interval_of
from geo.grid import Grid
from geo.hotspots import density_surface
from geo.points import DECIMALS, WGS84_SRID
from reports.facts import question
from reports.ground import study_area
from reports.heatmap import Borders, Heatmap, counted_appeals
from reports.hotspots import MOST_CELLS, Ground, grid_cells, hidden
from reports.sizes import CELL_SIZES_M, WIDE_SIZES_M

#: Standard deviation of the kernel in pixels; fewer would show them (``density_surface``).
_BANDWIDTH_PIXELS: Final = 4
#: Levels of a map, at most; more lines than this cannot be told apart.
_MOST_LEVELS: Final = 8


def contours_as_geojson(heatmap: Heatmap) -> bytes:
    """FeatureCollection of the areas with at least so many appeals per km², the lowest level first (RFC 7946; EPSG:4326).

    Appeals are those of the report, counted in stored cells of 50 m, or of the least larger size of which the city has not too many,
    and smoothed over four of them. ``share`` is that of the appeals which lie in the area. The foreign member ``contours`` has the
    ``interval`` between levels, the ``bandwidth_m`` and the CRS in which it was measured.
    """
    area = study_area(timezone.localdate(), heatmap.wanted.district, past=heatmap.borders is Borders.TIME)
    pixel_m = next(side for side in (*CELL_SIZES_M, *WIDE_SIZES_M) if grid_cells(area, side) <= MOST_CELLS)
    grid = Grid(pixel_m, settings.METRIC_SRID)
    counts = grid.count(counted_appeals(heatmap.wanted, heatmap.borders), CELL_M).cells()
    ground = Ground.of(area, counts, pixel_m)
    x = ground.array(counts)
    x = np.where(hidden(x), 0, x)
    bandwidth_m = _BANDWIDTH_PIXELS * pixel_m
    features, interval = [], None
    if x.any():
        surface = density_surface(x, ground.mask, pixel_m=pixel_m, bandwidth_m=bandwidth_m)
        highest = float(np.nanmax(surface))
        interval = interval_of(highest, _MOST_LEVELS)
        levels = np.arange(1, int(highest / interval) + 1) * interval
        areas = areas_above(
            surface,
            levels.tolist(),
            west_m=ground.west * pixel_m,
            south_m=ground.south * pixel_m,
            pixel_m=pixel_m,
        )
        features = [
            _feature(float(level), shape, float(x[surface >= level].sum() / x.sum()))
            for level, shape in zip(levels, areas, strict=True)
        ]
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "contours": {
                "unit": "appeals per km²",
                "interval": interval,
                "bandwidth_m": bandwidth_m,
                "pixel_m": pixel_m,
                "srid": settings.METRIC_SRID,
                "appeals": int(x.sum()),
            },
            "report": question(heatmap.wanted) | {"borders": heatmap.borders},
            "features": features,
        },
    )


def _feature(level: float, shape: shapely.Geometry, share: float) -> dict[str, Any]:
    to_degrees = Transformer.from_crs(settings.METRIC_SRID, WGS84_SRID, always_xy=True)
    degrees = shapely.transform(
        shape, lambda metres: np.round(np.column_stack(to_degrees.transform(*metres.T)), DECIMALS)
    )
    parts = [shapely.orient_polygons(part) for part in shapely.get_parts(degrees)]
    return {
        "type": "Feature",
        "properties": {
            "appeals_per_km2": round(level, 6),
            "share": round(share, 4),
            "area_km2": round(shape.area / 1e6, 4),
        },
        "geometry": shapely.geometry.mapping(shapely.MultiPolygon(parts)),
    }
