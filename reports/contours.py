"""Contours of the density of appeals, in appeals per square kilometre: for the eye and for maps of others, without significance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import shapely
from django.conf import settings
from django.utils import timezone
from pyproj import Transformer

from geo.contours import areas_above, round_levels
from geo.hotspots import density_surface
from geo.points import DECIMALS, WGS84_SRID
from reports.facts import question
from reports.ground import study_area
from reports.heatmap import MOST_CLASSES, Heatmap
from reports.hotspots import MOST_CELLS, Ground, grid_cells, hidden
from reports.sizes import CELL_SIZES_M, WIDE_SIZES_M
from reports.tallies import Borders, tallied

#: Standard deviation of the kernel in pixels; fewer would show them (``density_surface``).
_BANDWIDTH_PIXELS: Final = 4
#: Properties of an area in files.
_NAMES: Final = ("appeals_per_km2", "share", "area_km2")


@dataclass(frozen=True)
class Area:
    """Where there are at least ``per_km2`` appeals per km², in which ``share`` of the appeals lie; ``shape`` is in metres of the city's CRS."""

    per_km2: float
    shape: shapely.Geometry
    share: float

    @property
    def area_km2(self) -> float:
        """How large it is."""
        return float(self.shape.area) / 1e6


@dataclass(frozen=True)
class Contours:
    """``areas``, the lowest level first, each within the one before.

    The ``appeals`` were counted in cells of ``pixel_m`` and smoothed over ``bandwidth_m``, the standard deviation of the kernel.
    """

    areas: tuple[Area, ...]
    appeals: int
    pixel_m: int
    bandwidth_m: int


def contours_of(heatmap: Heatmap) -> Contours:
    """Those of the report's appeals, counted in stored cells of 50 m, or of the least larger size of which the city has not too many. Two statements."""
    area = study_area(timezone.localdate(), heatmap.wanted.district, past=heatmap.borders is Borders.TIME)
    pixel_m = next(side for side in (*CELL_SIZES_M, *WIDE_SIZES_M) if grid_cells(area, side) <= MOST_CELLS)
    counts = tallied(heatmap.wanted, heatmap.borders).coarser(pixel_m)
    # All of the ground, not the hull of the appeals: beside an edge the surface is raised by what would lie beyond.
    ground = Ground.whole(area, pixel_m)
    x = ground.array(counts)
    x = np.where(hidden(x), 0, x)
    bandwidth_m = _BANDWIDTH_PIXELS * pixel_m
    if not x.any():
        return Contours((), 0, pixel_m, bandwidth_m)
    surface = density_surface(x, ground.mask, pixel_m=pixel_m, bandwidth_m=bandwidth_m)
    # From what a single appeal comes to at its place, which would be a contour by itself; as many as there are colours.
    alone = 1e6 / (2 * math.pi * bandwidth_m**2)
    levels = round_levels(alone, float(np.nanmax(surface)), MOST_CLASSES)
    shapes = areas_above(
        surface, levels, west_m=ground.west * pixel_m, south_m=ground.south * pixel_m, pixel_m=pixel_m
    )
    areas = tuple(
        Area(level, shape, float(x[surface >= level].sum() / x.sum()))
        for level, shape in zip(levels, shapes, strict=True)
    )
    return Contours(areas, int(x.sum()), pixel_m, bandwidth_m)


def contours_as_geojson(heatmap: Heatmap) -> bytes:
    """FeatureCollection of the areas with at least so many appeals per km², the lowest level first (RFC 7946; EPSG:4326).

    ``share`` is that of the appeals which lie in the area. The foreign member ``contours`` has their ``levels``, the
    ``bandwidth_m`` and the CRS in which it was measured.
    """
    found = contours_of(heatmap)
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            **_about(heatmap, found),
            "features": [
                {"type": "Feature", "properties": _values(area), "geometry": outline_of(area.shape)}
                for area in found.areas
            ],
        },
    )


def contours_as_geopackage(heatmap: Heatmap) -> bytes:
    """The same as a GeoPackage with the layer ``contours``, whose description has the foreign members as JSON."""
    from geo.vector_files import as_geopackage

    found = contours_of(heatmap)
    rows = [_values(area) for area in found.areas]
    return as_geopackage(
        "contours",
        {name: [row[name] for row in rows] for name in _NAMES},
        [_in_degrees(area.shape) for area in found.areas],
        WGS84_SRID,
        orjson.dumps(_about(heatmap, found)).decode(),
    )


def _about(heatmap: Heatmap, found: Contours) -> dict[str, Any]:
    return {
        "contours": {
            "unit": "appeals per km²",
            "levels": [area.per_km2 for area in found.areas],
            "bandwidth_m": found.bandwidth_m,
            "pixel_m": found.pixel_m,
            "srid": settings.METRIC_SRID,
            "appeals": found.appeals,
        },
        "report": question(heatmap.wanted) | {"borders": heatmap.borders},
    }


def _values(area: Area) -> dict[str, float]:
    """The area's properties in files."""
    values = (round(area.per_km2, 6), round(area.share, 4), round(area.area_km2, 4))
    return dict(zip(_NAMES, values, strict=True))


def outline_of(shape: shapely.Geometry) -> dict[str, Any]:
    """The shape (metres of the city's CRS) as a GeoJSON MultiPolygon in EPSG:4326."""
    outline: dict[str, Any] = shapely.geometry.mapping(_in_degrees(shape))
    return outline


def _in_degrees(shape: shapely.Geometry) -> shapely.MultiPolygon:
    to_degrees = Transformer.from_crs(settings.METRIC_SRID, WGS84_SRID, always_xy=True)
    degrees = shapely.transform(
        shape, lambda metres: np.round(np.column_stack(to_degrees.transform(*metres.T)), DECIMALS)
    )
    return shapely.MultiPolygon([shapely.orient_polygons(part) for part in shapely.get_parts(degrees)])
