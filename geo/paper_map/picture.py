"""The map itself: what a ``CellMap`` shows, laid into a box of the page in the metres of the city, so that squares are square."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import shapely
import shapely.geometry
from pyproj import Transformer

from geo.bbox import Bbox
from geo.folium_map import MOST_NAMES, NAMED_STREETS, CellMap, Units, name_of
from geo.metric import in_metres
from geo.paper_map.numbers import beside, draw_numbers, is_small
from geo.paper_map.palette import colour
from geo.paper_map.pens import Box, Pen, Points, Shape
from geo.paper_map.streets import along_streets

#: Part of the box left free on each side, and the least that a map is wide.
_MARGIN: Final = 0.04
_LEAST_M: Final = 1_500.0
#: A bar of the scale is at most this long.
_BAR_MM: Final = 45.0
_AREAS: Final = {"block": "built", "park": "green", "hill": "hill", "river": "water"}
#: Colour and width of lines by their layer or class.
_LINES: Final = {
    "canal": ("water", 0.3),
    "primary": ("road", 0.8),
    "secondary": ("road", 0.55),
    "street": ("road", 0.25),
}
#: What is neither more nor less than elsewhere, or not judged: a number may stand on it.
_PLAIN: Final = {"even", "blank"}
#: From a line of a name to the next.
_NAME_LEADING_MM: Final = 3.2
#: How far a district's name is moved down or up, in this order, where its place is taken.
_MOVES_MM: Final = (0.0, 5.0, -5.0, 10.0, -10.0)
#: Points of the letters of many names, the larger first, and of a number in place of one; millimetres a point from line to line.
_SMALL_SIZES: Final = (6.5, 5.5, 4.5)
_NUMBER_SIZE: Final = 6.0
_SMALL_LEADING: Final = 0.37
#: A small name reaches so far over the border of its district; places for it are sought on so many lines both ways.
_SPILL_MM: Final = 0.4
_STEPS: Final = 9
#: Points of the names of streets, and millimetres a metre from which each further class of them has its name.
_STREET_SIZE: Final = 5.5
_NAMED_FROM: Final = 0.008
#: Outlines by the beginning of a level's colour: what began lately is firm, what fades is broken.
_FIRM: Final = {"pattern-new", "pattern-consecutive", "pattern-new-cold", "pattern-consecutive-cold"}
_BROKEN: Final = {
    "pattern-diminishing",
    "pattern-historical",
    "pattern-diminishing-cold",
    "pattern-historical-cold",
}


#: Left, top, right and bottom of a part of the page.
_Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Border:
    """A district in metres with its name. Where that has no room its ``number`` stands, if it has one; what is ``first`` has its name before others."""

    name: str
    shape: shapely.Geometry
    number: str = ""
    first: bool = False

    @classmethod
    def of(cls, feature: Mapping[str, Any], srid: int) -> _Border:
        told = feature["properties"]
        number, first = str(told.get("number", "")), bool(told.get("first"))
        return cls(str(told["name"]), _projected(feature["geometry"], srid), number, first)


@dataclass(frozen=True)
class View:
    """Which metres lie in which box: ``west`` and ``north`` are its corner, ``scale`` millimetres a metre."""

    box: Box
    west: float
    north: float
    scale: float

    @classmethod
    def of(cls, drawn: CellMap, srid: int, box: Box) -> View:
        """All of the map's frame in the middle of the box."""
        west, south, east, north = in_metres(shapely.box(*drawn.frame), srid).bounds
        wide, high = max(east - west, _LEAST_M), max(north - south, _LEAST_M)
        scale = min(box.width / wide, box.height / high) * (1 - 2 * _MARGIN)
        centre_x, centre_y = (west + east) / 2, (south + north) / 2
        return cls(box, centre_x - box.width / 2 / scale, centre_y + box.height / 2 / scale, scale)

    def place(self, metres: Points) -> Points:
        """The points (metres) on the page."""
        return np.column_stack(
            [
                self.box.x + (metres[:, 0] - self.west) * self.scale,
                self.box.y + (self.north - metres[:, 1]) * self.scale,
            ]
        )

    @property
    def window(self) -> shapely.Polygon:
        """The box in metres."""
        return shapely.box(
            self.west,
            self.north - self.box.height / self.scale,
            self.west + self.box.width / self.scale,
            self.north,
        )


def draw_map(
    pen: Pen,
    drawn: CellMap,
    srid: int,
    box: Box,
    north: str,
    marks: Sequence[Bbox] = (),
) -> None:
    """The ground, the cells, the borders with their names, a scale, and an arrow to the true ``north``, in a frame.

    Beside each of the places of ``marks`` is its number, from 1, and a small place has a ring.
    """
    view = View.of(drawn, srid, box)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) * (box.width, box.height) + (box.x, box.y)
    pen.shapes([Shape([corners], fill=colour("paper"))], box)
    pen.shapes(_ground(drawn.ground, view, srid), box)
    cells = _cells(drawn, view, srid)
    pen.shapes([_filled(rings, name) for name, rings in cells], box)
    borders = [_Border.of(one, srid) for one in drawn.borders["features"]]
    pen.shapes(
        [
            Shape([view.place(ring)], line=colour("border"), line_mm=0.35, dashed=True)
            for border in borders
            for ring in _rings(border.shape)
        ],
        box,
    )
    taken: list[_Corners] = []
    places = [_on_page(place, view, srid) for place in marks]
    numbers = beside(
        places,
        [rings[0] for name, rings in cells if name not in _PLAIN] if marks else [],
        box,
        _kept_free(box),
    )
    own = _cells_of(places, cells)
    taken += [rectangle for number in numbers for rectangle in number.rectangles]
    # Of many districts the names stand back, so that they do not hide the map.
    if len(borders) > MOST_NAMES:
        _small_names(pen, borders, view, taken)
    elif len(borders) > 1:
        _names(pen, [(border.name, border.shape) for border in borders], view, taken, bold=True)
    _names(pen, _places(drawn, srid), view, taken, bold=False)
    for name, begins, rising in along_streets(_streets(drawn, view, srid), box, _street_width(pen), taken):
        pen.text(*begins, name, _STREET_SIZE, colour=colour("ink-soft"), halo="#ffffff", rising=rising)
    # No border lies over the few cells of a small place, nor an outline that takes half of them.
    small = [one for place, cells in zip(places, own, strict=True) if is_small(place) for one in cells]
    pen.shapes([Shape(rings, fill=colour(name)) for name, rings in small], box)
    draw_numbers(pen, numbers, [colour(cells[-1][0] if cells else "even") for cells in own], box)
    _bar(pen, view, drawn.units)
    _arrow(pen, view, srid, north)
    pen.shapes(
        [Shape([corners], line=colour("border"), line_mm=0.3)],
        Box(box.x - 1, box.y - 1, box.width + 2, box.height + 2),
    )


def has_small(drawn: CellMap, srid: int, box: Box, marks: Sequence[Bbox]) -> bool:
    """True where one of the places would have a ring, if the map were laid into that box."""
    view = View.of(drawn, srid, box)
    return any(is_small(_on_page(place, view, srid)) for place in marks)


def _on_page(place: Bbox, view: View, srid: int) -> Box:
    """The rectangle of the place on the page."""
    corners = view.place(shapely.get_coordinates(in_metres(shapely.box(*place), srid)))
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return Box(left, top, right - left, bottom - top)


def _cells_of(
    places: Sequence[Box], cells: list[tuple[str, list[Points]]]
) -> list[list[tuple[str, list[Points]]]]:
    """The cells that have a colour and their middle in each place's rectangle, the surest last."""
    coloured = [one for one in cells if one[0] not in _PLAIN]
    middles = np.array([rings[0][:-1].mean(axis=0) for _name, rings in coloured]).reshape(-1, 2)
    found = []
    for place in places:
        off = np.abs(middles - (place.x + place.width / 2, place.y + place.height / 2))
        inside = (off <= (place.width / 2, place.height / 2)).all(axis=1)
        found.append([coloured[n] for n in np.flatnonzero(inside)])
    return found


def _kept_free(box: Box) -> list[Box]:
    """Where the bar of the scale and the arrow stand."""
    bottom, right = box.y + box.height, box.x + box.width
    return [Box(box.x, bottom - 11, _BAR_MM + 8, 11), Box(right - 14, box.y, 14, 18)]


def swatch(pen: Pen, x: float, y: float, name: str) -> None:
    """A piece of a level's colour, as it stands on the map, for the legend."""
    ring = np.array([(x, y), (x + 7, y), (x + 7, y + 3.6), (x, y + 3.6), (x, y)])
    pen.shapes([Shape([ring], fill=colour("paper")), _filled([ring], name)], Box(x - 1, y - 1, 9, 6))


def _filled(rings: list[Points], name: str) -> Shape:
    """Cells of a level's colour, through which the ground is seen."""
    outlined = name in _FIRM or name in _BROKEN
    return Shape(
        rings,
        fill=colour(name),
        opacity=0.6 if name == "even" else 0.85,
        line=colour("ink") if outlined else "#ffffff",
        line_mm=0.3 if outlined else 0.06,
        dashed=name in _BROKEN,
    )


def _projected(geometry: Mapping[str, Any], srid: int) -> shapely.Geometry:
    return in_metres(shapely.geometry.shape(geometry), srid)


def _rings(shape: shapely.Geometry) -> Iterator[Points]:
    for part in shapely.get_parts(shape):
        lines = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for line in lines:
            yield shapely.get_coordinates(line)


def _ground(ground: Mapping[str, Any], view: View, srid: int) -> list[Shape]:
    areas, lines = [], []
    window = view.window
    for feature in ground["features"]:
        kind, layer = feature["geometry"]["type"], feature["properties"].get("layer")
        if kind.endswith("Polygon") and layer in _AREAS:
            shape = _projected(feature["geometry"], srid)
            if shape.intersects(window):
                areas += [
                    Shape([view.place(ring) for ring in _rings(part)], fill=colour(_AREAS[layer]))
                    for part in shapely.get_parts(shape)
                ]
        elif kind.endswith("LineString"):
            drawn = _LINES.get(str(feature["properties"].get("class"))) or _LINES.get(str(layer))
            shape = _projected(feature["geometry"], srid)
            if drawn and shape.intersects(window):
                name, width = drawn
                lines.append(
                    (
                        width,
                        Shape([view.place(ring) for ring in _rings(shape)], line=colour(name), line_mm=width),
                    )
                )
    return [*areas, *(shape for _width, shape in sorted(lines, key=lambda one: one[0]))]


def _cells(drawn: CellMap, view: View, srid: int) -> list[tuple[str, list[Points]]]:
    """Colour and rings of each part of the cells, those without a difference first, so that what is hot lies over them."""
    if not drawn.cells:
        return []
    # All at once: a single one takes as long as a hundred.
    outlines = in_metres(shapely.from_geojson([orjson.dumps(cell.outline) for cell in drawn.cells]), srid)
    parts, cell_of = shapely.get_parts(outlines, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    corners, ring_of = shapely.get_coordinates(rings, return_index=True)
    placed = np.split(view.place(corners), np.flatnonzero(np.diff(ring_of)) + 1)
    rings_of: list[list[Points]] = [[] for _part in parts]
    for part, ring in zip(part_of.tolist(), placed, strict=True):
        rings_of[part].append(ring)
    shapes = []
    for part, number in enumerate(cell_of.tolist()):
        level = drawn.cells[number].level
        name = drawn.levels[level].colour
        shapes.append(((name != "even", -level), (name, rings_of[part])))
    return [shape for _order, shape in sorted(shapes, key=lambda one: one[0])]


def _places(drawn: CellMap, srid: int) -> list[tuple[str, shapely.Geometry]]:
    """Known places with a name in the reader's language, or in none."""
    named = []
    for feature in drawn.ground["features"]:
        properties = feature["properties"]
        name = name_of(properties, drawn.language)
        if feature["geometry"]["type"] == "Point" and name and properties.get("layer") == "place":
            named.append((name, _projected(feature["geometry"], srid)))
    return named


def _streets(drawn: CellMap, view: View, srid: int) -> list[tuple[str, list[Points]]]:
    """Names and lines on the page of the streets that have one, the larger first; as many as the scale has room for."""
    shown = NAMED_STREETS[: 1 + int(view.scale / _NAMED_FROM)]
    named = []
    for feature in drawn.ground["features"]:
        geometry, properties = feature["geometry"], feature["properties"]
        if (
            geometry["type"].endswith("LineString")
            and properties.get("layer") == "street"
            and properties.get("class") in shown
            and (name := name_of(properties, drawn.language))
        ):
            shape = _projected(geometry, srid)
            if shape.intersects(view.window):
                rank = shown.index(properties["class"])
                named.append((rank, name, [view.place(ring) for ring in _rings(shape)]))
    return [(name, lines) for _rank, name, lines in sorted(named, key=lambda one: one[:2])]


def _street_width(pen: Pen) -> Callable[[str], float]:
    return lambda words: pen.width(words, _STREET_SIZE)


def _names(
    pen: Pen,
    named: list[tuple[str, shapely.Geometry]],
    view: View,
    taken: list[_Corners],
    *,
    bold: bool,
) -> None:
    """Each name in the middle of what is seen of it or, where something stands there, near by if it is ``bold``.

    One that is wider than its district is in two lines.
    """
    size = 8.0 if bold else 6.5
    box = view.box
    for name, shape in named:
        seen = shapely.intersection(shape, view.window)
        if seen.is_empty:
            continue
        at = view.place(shapely.get_coordinates(seen.representative_point()))[0]
        lines = [name]
        if bold and pen.width(name, size, bold=True) > (seen.bounds[2] - seen.bounds[0]) * view.scale:
            lines = _in_two(name)
        half = max(pen.width(line, size, bold=bold) for line in lines) / 2
        x = min(max(at[0], box.x + half + 1), box.x + box.width - half - 1)
        y = min(max(at[1], box.y + 4), box.y + box.height - 12)
        # A district's name gives way to what stands there; that of a place is left out.
        for moved in _MOVES_MM if bold else (0.0,):
            at_y = y + moved
            here = (x - half - 0.5, at_y - 3, x + half + 0.5, at_y + 1 + (len(lines) - 1) * _NAME_LEADING_MM)
            if not any(_overlap(here, other) for other in taken):
                break
        else:
            continue
        taken.append(here)
        for number, line in enumerate(lines):
            pen.text(
                x - pen.width(line, size, bold=bold) / 2,
                at_y + number * _NAME_LEADING_MM,
                line,
                size,
                bold=bold,
                colour=colour("ink" if bold else "ink-soft"),
                halo="#ffffff",
            )


def _small_names(pen: Pen, borders: Sequence[_Border], view: View, taken: list[_Corners]) -> None:
    """Many names, each within its district, in small letters and several lines if need be; else the number, else the name where nothing stands."""
    seen = [(one, shapely.intersection(one.shape, view.window)) for one in borders]
    seen = [(one, shape) for one, shape in seen if not shape.is_empty]
    seen.sort(key=lambda pair: (not pair[0].first, -pair[1].area))
    left = []
    for border, shape in seen:
        within = shapely.buffer(shape, _SPILL_MM / view.scale)
        places = _places_within(shape, view)
        if _place_name(pen, _layouts(border.name, _SMALL_SIZES), places, view, taken, within):
            continue
        # What a sentence names is read on the map, over a border if need be.
        over = _layouts(border.name, _SMALL_SIZES[1:2])[::-1]
        if not (border.first and _place_name(pen, over, places, view, taken)):
            left.append((border, places))
    for border, places in left:
        words = [border.number] if border.number else []
        layouts = [(words, _NUMBER_SIZE)] if words else _layouts(border.name, _SMALL_SIZES[:1])
        _place_name(pen, layouts, places, view, taken, bold=bool(words))


def _layouts(name: str, sizes: Sequence[float]) -> list[tuple[list[str], float]]:
    """The name in one to three lines, the larger letters first."""
    lines = [[name], _in_two(name), _in_three(name)]
    return [(one, size) for size in sizes for n, one in enumerate(lines) if one not in lines[:n]]


def _places_within(shape: shapely.Geometry, view: View) -> list[Points]:
    """Points on the page in the district, from its middle outwards."""
    widest = max(shapely.get_parts(shape), key=lambda part: part.area)
    middle = shapely.get_coordinates(widest.representative_point())[0]
    west, south, east, north = widest.bounds
    steps = np.linspace(0.1, 0.9, _STEPS)
    grid = np.array([(west + (east - west) * x, south + (north - south) * y) for y in steps for x in steps])
    inside = grid[shapely.contains_xy(widest, grid)]
    centre = shapely.get_coordinates(widest.centroid)[0]
    near = np.argsort(np.hypot(*(inside - centre).T), kind="stable")
    return [*view.place(np.vstack([middle, inside[near]]))]


def _place_name(
    pen: Pen,
    layouts: Sequence[tuple[list[str], float]],
    places: Sequence[Points],
    view: View,
    taken: list[_Corners],
    within: shapely.Geometry | None = None,
    *,
    bold: bool = False,
) -> bool:
    """Writes the first of the layouts that has room around one of the places, wholly ``within`` those metres if they are given; False where none has."""
    for lines, size in layouts:
        leading = size * _SMALL_LEADING
        half = max(pen.width(line, size, bold=bold) for line in lines) / 2
        # Capitals are some 0.26 mm a point high.
        high = leading * (len(lines) - 1) + 0.26 * size
        for x, y in places:
            here = (x - half - 0.3, y - high / 2 - 0.3, x + half + 0.3, y + high / 2 + 0.3)
            if any(_overlap(here, other) for other in taken) or not _inside(here, view.box):
                continue
            if within is not None and not shapely.contains(within, _in_metres_of(here, view)):
                continue
            taken.append(here)
            for n, line in enumerate(lines):
                begins = x - pen.width(line, size, bold=bold) / 2
                at = y + high / 2 - (len(lines) - 1 - n) * leading
                pen.text(begins, at, line, size, bold=bold, colour=colour("ink"), halo="#ffffff")
            return True
    return False


def _in_metres_of(corners: _Corners, view: View) -> shapely.Polygon:
    """That part of the page in metres."""
    left, top, right, bottom = corners
    xs = [view.west + (x - view.box.x) / view.scale for x in (left, right)]
    ys = [view.north - (y - view.box.y) / view.scale for y in (bottom, top)]
    return shapely.box(xs[0], ys[0], xs[1], ys[1])


def _overlap(one: _Corners, other: _Corners) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _inside(one: _Corners, box: Box) -> bool:
    return box.x < one[0] and box.y < one[1] and one[2] < box.x + box.width and one[3] < box.y + box.height


def _in_three(name: str) -> list[str]:
    """The name in three lines of much the same length; in two where it has two words."""
    words = name.split(" ")
    parts = [
        [" ".join(words[:n]), " ".join(words[n:m]), " ".join(words[m:])]
        for n in range(1, len(words) - 1)
        for m in range(n + 1, len(words))
    ]
    return min(parts, key=lambda lines: max(map(len, lines)), default=_in_two(name))


def _in_two(name: str) -> list[str]:
    """The name in two lines of much the same length; in one if it is one word."""
    # A space that does not break keeps a mark with its name.
    words = name.split(" ")
    halves = [[" ".join(words[:n]), " ".join(words[n:])] for n in range(1, len(words))]
    return min(halves, key=lambda lines: max(map(len, lines)), default=[name])


def _bar(pen: Pen, view: View, units: Units) -> None:
    """A bar of a round number of metres in the lower left corner."""
    most = _BAR_MM / view.scale
    power = 10 ** math.floor(math.log10(most))
    metres = max(step * power for step in (1, 2, 5) if step * power <= most)
    length = metres * view.scale
    words = f"{metres / 1000:g} {units.km}" if metres >= 1000 else f"{metres:g} {units.m}"
    x, y = view.box.x + 4, view.box.y + view.box.height - 4
    plate = Box(x - 2, y - 6.5, length + 4, 8.5)
    ring = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) * (plate.width, plate.height) + (
        plate.x,
        plate.y,
    )
    bar = np.array([(x, y - 1.5), (x, y), (x + length, y), (x + length, y - 1.5)])
    pen.shapes([Shape([ring], fill="#ffffff"), Shape([bar], line=colour("ink"), line_mm=0.4)], view.box)
    pen.text(x + length / 2 - pen.width(words, 7) / 2, y - 2.2, words, 7, colour=colour("ink"))


def _arrow(pen: Pen, view: View, srid: int, words: str) -> None:
    """An arrow in the upper right corner that points to true north, which is not the north of the grid."""
    lon, lat = shapely.get_coordinates(
        _to_degrees(shapely.Point(view.window.centroid.x, view.window.centroid.y), srid)
    )[0]
    (x0, y0), (x1, y1) = shapely.get_coordinates(
        in_metres(shapely.MultiPoint([(lon, lat), (lon, lat + 0.01)]), srid)
    )
    turn = math.atan2(x1 - x0, y1 - y0)
    x, y = view.box.x + view.box.width - 8, view.box.y + 13
    about = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    needle = np.array([(0, -5), (1.8, 3), (0, 1.6), (-1.8, 3), (0, -5)]) @ about.T + (x, y)
    pen.shapes([Shape([needle], fill=colour("ink"), line="#ffffff", line_mm=0.3)], view.box)
    pen.text(
        x - pen.width(words, 8, bold=True) / 2,
        y - 6,
        words,
        8,
        bold=True,
        colour=colour("ink"),
        halo="#ffffff",
    )


def _to_degrees(shape: shapely.Geometry, srid: int) -> shapely.Geometry:
    back = Transformer.from_crs(srid, 4326, always_xy=True)
    return shapely.transform(shape, lambda at: np.column_stack(back.transform(at[:, 0], at[:, 1])))
