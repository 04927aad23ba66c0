"""Turns hand-placed points into lines that look natural, not ruled.

Drawing happens on a plane in metres around the city centre (an equirectangular projection: accurate to a few
metres over 25 km, better than the hand-placed points). Coordinates are converted back to degrees on writing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

Degrees = tuple[float, float]

ORIGIN_LON, ORIGIN_LAT = 72.80, 40.53
METRES_PER_LAT = 111_050.0
METRES_PER_LON = 111_320.0 * math.cos(math.radians(ORIGIN_LAT))
DECIMALS = 6


def metres(lon: float, lat: float) -> tuple[float, float]:
    """The place on the drawing plane: metres east and north of the origin."""
    return (lon - ORIGIN_LON) * METRES_PER_LON, (lat - ORIGIN_LAT) * METRES_PER_LAT


def spot(lon: float, lat: float) -> Point:
    """The place as a point of the drawing plane."""
    return Point(*metres(lon, lat))


def degrees(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry in EPSG:4326 (lon, lat), rounded to six decimals."""

    def back(xy: np.ndarray) -> np.ndarray:
        lon = ORIGIN_LON + xy[:, 0] / METRES_PER_LON
        lat = ORIGIN_LAT + xy[:, 1] / METRES_PER_LAT
        return np.round(np.column_stack([lon, lat]), DECIMALS)

    return shapely.transform(geometry, back)


def line(
    points: Sequence[Degrees], *, name: str, wobble_m: float, wave_m: float = 1600.0, step_m: float = 60.0
) -> LineString:
    """A smooth line through the points; seeded by its name.

    It strays at most about ``wobble_m`` to either side, in waves of up to about ``wave_m``.
    """
    xy = _catmull_rom([metres(*p) for p in points], step_m, closed=False)
    return LineString(_stray(xy, name, wobble_m, wave_m, closed=False)).simplify(wobble_m / 8 + 1.0)


def ring(
    points: Sequence[Degrees], *, name: str, wobble_m: float, wave_m: float = 1600.0, step_m: float = 80.0
) -> Polygon:
    """A smooth closed shape through the points, straying as ``line`` does; seeded by its name."""
    xy = _catmull_rom([metres(*p) for p in points], step_m, closed=True)
    return Polygon(_stray(xy, name, wobble_m, wave_m, closed=True)).simplify(wobble_m / 10 + 1.0).buffer(0)


def blob(
    lon: float, lat: float, *, name: str, width_m: float, height_m: float, turn_deg: float = 0.0
) -> Polygon:
    """A rounded, uneven patch of about the given size around a place; seeded by its name."""
    chance = random.Random(name)
    turn = math.radians(turn_deg)
    corners = []
    for i in range(11):
        angle = 2 * math.pi * i / 11
        reach = chance.uniform(0.82, 1.15)
        dx, dy = math.cos(angle) * width_m / 2 * reach, math.sin(angle) * height_m / 2 * reach
        x, y = metres(lon, lat)
        corners.append(
            (x + dx * math.cos(turn) - dy * math.sin(turn), y + dx * math.sin(turn) + dy * math.cos(turn))
        )
    return Polygon(_catmull_rom(corners, 40.0, closed=True)).simplify(3.0).buffer(0)


def _catmull_rom(points: Iterable[tuple[float, float]], step_m: float, *, closed: bool) -> np.ndarray:
    """Points every ``step_m`` along the centripetal Catmull-Rom curve through the given ones."""
    p = np.asarray(list(points), dtype=float)
    around = (p[-1], p, p[0], p[1]) if closed else (2 * p[0] - p[1], p, 2 * p[-1] - p[-2])
    p = np.vstack(around)
    pieces = []
    for p0, p1, p2, p3 in zip(p, p[1:], p[2:], p[3:], strict=False):
        t0 = 0.0
        t1 = t0 + math.sqrt(float(np.hypot(*(p1 - p0))) or 1e-9)
        t2 = t1 + math.sqrt(float(np.hypot(*(p2 - p1))) or 1e-9)
        t3 = t2 + math.sqrt(float(np.hypot(*(p3 - p2))) or 1e-9)
        count = max(2, int(np.hypot(*(p2 - p1)) / step_m))
        t = np.linspace(t1, t2, count, endpoint=False)[:, None]
        a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
        a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
        a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
        b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
        b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
        pieces.append((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)
    curve = np.vstack(pieces)
    return curve if closed else np.vstack([curve, p[-2]])


def _stray(xy: np.ndarray, name: str, wobble_m: float, wave_m: float, *, closed: bool) -> np.ndarray:
    """The line pushed sideways by a sum of four sine waves; the ends of an open line stay where they are."""
    chance = random.Random(name)
    steps = np.hypot(*np.diff(xy, axis=0, prepend=xy[-1:] if closed else xy[:1]).T)
    along = np.cumsum(steps)
    length = float(along[-1]) or 1.0
    push = np.zeros(len(xy))
    for i, share in enumerate((0.52, 0.28, 0.13, 0.07)):
        waves = max(1, round(length / (wave_m / 2.1**i) * chance.uniform(0.8, 1.2)))
        push += share * np.sin(2 * math.pi * (waves * along / length + chance.random()))
    if not closed:
        push *= np.clip(np.minimum(along, length - along) / 150.0, 0.0, 1.0)
    tangent = np.gradient(xy, axis=0)
    tangent /= np.maximum(np.hypot(*tangent.T), 1e-9)[:, None]
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    return np.asarray(xy + normal * (push * wobble_m)[:, None])
