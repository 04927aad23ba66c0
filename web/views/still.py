"""A still picture of the city that stands for the map until somebody touches it: a hundredth of the map's weight."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from config.city import CITY
from web.api.answers import public_answer
from web.modules import module_source

MAX_AGE_S = 86_400
#: Pixels; larger than any frame that the map of the form has.
WIDTH, HEIGHT = 1280, 1024
#: Pixels of the world at zoom 0, as the map library counts.
_WORLD_PX = 512
#: Points nearer to the one before are left out: nobody sees them.
_NEAR_PX = 1.5

#: What is drawn, from the bottom to the top: layer, class (any if empty), colour of the palette, width of the line (0: an area).
_DRAWN = (
    ("park", "", "park", 0.0),
    ("hill", "", "hill", 0.0),
    ("river", "", "water", 0.0),
    ("canal", "", "canal", 1.5),
    ("street", "residential", "casing", 1.0),
    ("street", "tertiary", "casing", 2.2),
    ("street", "secondary", "casing", 3.4),
    ("street", "primary", "casingMain", 4.4),
    ("street", "tertiary", "street", 1.2),
    ("street", "secondary", "street", 2.0),
    ("street", "primary", "streetMain", 3.0),
)


@require_safe
def still_map(request: HttpRequest) -> HttpResponseBase:
    """SVG of the city's centre at the zoom at which its map begins, pixel for pixel, by day and by night."""
    path = Path(settings.CITY_FOLDER) / "base.geojson"
    drawing = _drawing(path, path.stat().st_mtime_ns if path.exists() else 0)
    return public_answer(request, drawing, "image/svg+xml", max_age_s=MAX_AGE_S)


@lru_cache(maxsize=2)
def _drawing(path: Path, changed_ns: int) -> bytes:
    """The picture, drawn once for each state of the file; ``changed_ns`` 0 means no file, and the ground alone."""
    features = json.loads(path.read_bytes())["features"] if changed_ns else []
    day, night = _palette("DAY"), _palette("NIGHT")
    used = {"city", *(colour for _layer, _class, colour, _width in _DRAWN)}
    parts = []
    for layer, kind, colour, width in _DRAWN:
        lines = " ".join(_lines(features, layer, kind, closed=not width))
        if lines:
            look = f'class="{colour} line" stroke-width="{width}"' if width else f'class="{colour}"'
            parts.append(f'<path {look} d="{lines}"/>')
    style = "".join(
        [
            ".line{fill:none;stroke:var(--c);stroke-linecap:round;stroke-linejoin:round}",
            "rect,path:not(.line){fill:var(--c)}",
            *(f".{name}{{--c:{day[name]}}}" for name in sorted(used)),
            "@media(prefers-color-scheme:dark){",
            *(f".{name}{{--c:{night[name]}}}" for name in sorted(used)),
            "}",
        ]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<style>{style}</style><rect class="city" width="100%" height="100%"/>{"".join(parts)}</svg>'
    ).encode()


def _palette(name: str) -> dict[str, str]:
    """The map's colours by day or by night, which stand in the script that draws it."""
    block = re.search(
        rf"^const {name} = \{{(.*?)^\}};", module_source("map/palette.js"), re.MULTILINE | re.DOTALL
    )
    return dict(re.findall(r'(\w+): "([^"]+)"', block[1] if block else ""))


def _lines(features: list[dict[str, Any]], layer: str, kind: str, *, closed: bool) -> Iterator[str]:
    """Each line or ring within the picture, as the data of an SVG path."""
    for feature in features:
        properties = feature["properties"]
        if properties.get("layer") != layer or (kind and properties.get("class") != kind):
            continue
        for line in _flat(feature["geometry"]["coordinates"]):
            points = _thinned([_pixel(lon, lat) for lon, lat in line])
            if any(-9 < x < WIDTH + 9 and -9 < y < HEIGHT + 9 for x, y in points):
                yield _path(points) + ("z" if closed else "")


def _flat(coordinates: Any) -> Iterator[list[list[float]]]:
    """The lists of positions in the coordinates of a line or an area, at any depth."""
    if coordinates and isinstance(coordinates[0][0], (int, float)):
        yield coordinates
    else:
        for part in coordinates:
            yield from _flat(part)


def _pixel(lon: float, lat: float) -> tuple[float, float]:
    """Where the place (EPSG:4326) is in the picture: Mercator, with the city's centre in the middle."""
    world = _WORLD_PX * 2**CITY.zoom
    middle_lon, middle_lat = CITY.center
    return (
        WIDTH / 2 + (lon - middle_lon) / 360 * world,
        HEIGHT / 2 - (_northing(lat) - _northing(middle_lat)) / math.tau * world,
    )


def _northing(lat: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))


def _thinned(points: list[tuple[float, float]]) -> list[tuple[int, int]]:
    kept = [points[0]]
    for point in points[1:]:
        if math.dist(point, kept[-1]) >= _NEAR_PX:
            kept.append(point)
    if len(kept) == 1:
        kept.append(points[-1])
    return [(round(x), round(y)) for x, y in kept]


def _path(points: list[tuple[int, int]]) -> str:
    """Path data with steps from point to point, which are short numbers."""
    steps = [f"M{points[0][0]} {points[0][1]}l"]
    for (x, y), (to_x, to_y) in pairwise(points):
        steps.append(f"{to_x - x} {to_y - y}")
    return steps[0] + " ".join(steps[1:])
