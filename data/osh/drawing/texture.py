"""Built-up blocks and residential streets: the texture that makes the layer look like a city."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import cache

from shapely.affinity import rotate
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize, unary_union

from data.osh.drawing.curves import blob, spot
from data.osh.drawing.ground import RIVER_WIDTH_M, canals, city, faces, foothills, hill, parks, river
from data.osh.drawing.grounds import grounds
from data.osh.drawing.places import SETTLEMENTS, SMALL_STREETS
from data.osh.drawing.streets import STREETS

#: Faces of the street network larger than this are fields, not blocks.
_LARGEST_BLOCK_M2 = 1_900_000
_SMALLEST_BLOCK_M2 = 9_000


@dataclass(frozen=True)
class SmallStreet:
    """A named residential street on the drawing plane."""

    name_ky: str
    name_ru: str
    name_en: str
    line: LineString
    district: str


@cache
def main_street_lines() -> BaseGeometry:
    """Every main street, as one geometry."""
    return unary_union([street.line for street in STREETS.values()])


@cache
def _kept_free() -> BaseGeometry:
    """Ground without houses: water, hills, parks, sites."""
    return unary_union(
        [
            river().buffer(RIVER_WIDTH_M / 2 + 26),
            *(canal.buffer(11) for canal in canals().values()),
            hill().buffer(60),
            *foothills().values(),
            *(park.buffer(9) for park in parks().values()),
            *(ground.shape.buffer(12) for ground in grounds().values()),
        ]
    )


@cache
def blocks() -> tuple[Polygon, ...]:
    """Built-up patches: the meshes of the street network, and the villages around it."""
    net = unary_union([*(_overshot(street.line) for street in STREETS.values()), river()])
    meshes = [mesh for mesh in polygonize(net) if mesh.area < _LARGEST_BLOCK_M2]
    core = unary_union(meshes)
    patches: list[BaseGeometry] = list(meshes)
    for place in SETTLEMENTS:
        if place.width_m:
            patch = blob(
                place.lon, place.lat, name=place.name_en, width_m=place.width_m, height_m=place.height_m,
                turn_deg=place.turn_deg,
            )  # fmt: skip
            patches.append(patch.difference(core))
            core = core.union(patch)
    ribbon = main_street_lines().buffer(170, cap_style="flat", quad_segs=2).intersection(_suburbs())
    patches.append(ribbon.difference(core))
    streets = main_street_lines().buffer(15, quad_segs=2)
    inner = city().buffer(-70)
    result = []
    for patch in patches:
        rest = patch.intersection(inner).difference(streets).difference(_kept_free())
        rest = rest.buffer(-8).buffer(8, quad_segs=2).simplify(7.0)
        parts = getattr(rest, "geoms", [rest])
        result += [part for part in parts if isinstance(part, Polygon) and part.area > _SMALLEST_BLOCK_M2]
    return tuple(sorted(result, key=lambda part: (round(part.centroid.x), round(part.centroid.y))))


def _overshot(street: LineString) -> LineString:
    """The street extended a metre past its ends, so that junctions cross despite rounding."""
    xy = list(street.coords)
    for end, inner in ((0, 1), (-1, -2)):
        dx, dy = xy[end][0] - xy[inner][0], xy[end][1] - xy[inner][1]
        reach = math.hypot(dx, dy) or 1.0
        xy[end] = (xy[end][0] + dx / reach, xy[end][1] + dy / reach)
    return LineString(xy)


def _suburbs() -> Polygon:
    """Where houses line the main roads outside the network's meshes."""
    return spot(72.805, 40.530).buffer(5_200)


@cache
def small_street_lines() -> tuple[LineString, ...]:
    """Residential streets: a loose grid in every block, along its longer side."""
    result = []
    for i, block in enumerate(blocks()):
        chance = random.Random(f"grid {i}")
        inner = block.buffer(14)
        box = block.minimum_rotated_rectangle
        if not isinstance(box, Polygon):
            continue
        corners = list(box.exterior.coords)
        first, second = (math.dist(corners[0], corners[1]), math.dist(corners[1], corners[2]))
        a, b = (corners[0], corners[1]) if first >= second else (corners[1], corners[2])
        turn = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0])) + chance.uniform(-3, 3)
        level = rotate(inner, -turn, origin=block.centroid)
        west, south, east, north = level.bounds
        lines = []
        y = south + chance.uniform(60, 100)
        while y < north - 40:
            if chance.random() < 0.94:
                lines.append(LineString([(west, y), (east, y)]))
            y += chance.uniform(125, 185)
        x = west + chance.uniform(90, 160)
        while x < east - 60:
            if chance.random() < 0.9:
                lines.append(LineString([(x, south), (x, north)]))
            x += chance.uniform(230, 340)
        for grid_line in lines:
            cut = rotate(grid_line.intersection(level), turn, origin=block.centroid)
            parts = getattr(cut, "geoms", [cut])
            result += [part for part in parts if isinstance(part, LineString) and part.length > 110]
    return tuple(result)


@cache
def small_streets() -> tuple[SmallStreet, ...]:
    """The named residential streets, spread over the territories."""
    shares = {
        "kurmanjan-datka": 14, "alymbek-datka": 14, "jibek-jolu": 16, "manas-ata": 15, "sulaiman-too": 13,
        "kerme-too": 14, "kyzyl-kyshtak": 9, "japalak": 8, "toloikon": 5,
    }  # fmt: skip
    names = iter(SMALL_STREETS)
    result = []
    for district, share in shares.items():
        face = faces()[district]
        own = [part for part in small_street_lines() if part.length > 300 and face.contains(part)]
        own.sort(key=lambda part: (-part.length, part.centroid.x))
        chance = random.Random(district)
        for part in chance.sample(own[: share * 4], min(share, len(own))):
            name = next(names, None)
            if name is None:
                break
            result.append(SmallStreet(*name, part, district))
    left = next(names, None)
    if left is not None:
        raise ValueError(f"no street was found for {left[1]}")
    return tuple(result)
