"""The document: Folium's map in our own page, which has no links to other servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, Figure, MacroElement
from django.conf import settings
from folium.template import Template
from folium.utilities import JsCode
from jinja2 import Environment
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import escape

from geo.bbox import Bbox
from geo.folium_map.leaflet import Leaflet, leaflet
from geo.grid import Ring

#: Colours of the ramp in the style sheet; a map with fewer levels spreads them over all of it.
COLOURS = 6

#: A level of a step is one of these; the scripts read them back in base 36.
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "document.css").read_text(encoding="utf-8")
_ON_EACH_CELL = (_FOLDER / "cell.js").read_text(encoding="utf-8")
_ON_PAPER = (_FOLDER / "paper.js").read_text(encoding="utf-8")
_ON_STEPS = (_FOLDER / "steps.js").read_text(encoding="utf-8")
_ON_EACH_BORDER = (_FOLDER / "border.js").read_text(encoding="utf-8")

#: With more districts than this, their names would hide the map.
_MOST_NAMES = 20


@dataclass(frozen=True)
class MapLevel:
    """An entry of the legend: its words, and the name of a colour of the style sheet."""

    words: str
    colour: str


def ramp(words: Sequence[str]) -> list[MapLevel]:
    """Levels from pale to deep, the lowest first; a single one is deep."""
    steps = max(len(words) - 1, 1)
    first = COLOURS - 1 if len(words) == 1 else 0
    return [
        MapLevel(label, f"colour-{first + round(level * (COLOURS - 1) / steps)}")
        for level, label in enumerate(words)
    ]


@dataclass(frozen=True)
class MapCell:
    """A cell to draw: its id, outline, the index of its level, its description, and whether it has rows to show.

    ``outline`` is a GeoJSON Polygon or MultiPolygon. ``steps`` are the indices of its levels at the steps of a map that has them.
    """

    id: str
    outline: Mapping[str, Any]
    level: int
    lines: tuple[str, ...]
    rows: bool = True
    steps: tuple[int, ...] = ()


def square(ring: Ring) -> dict[str, Any]:
    """The outline of a cell of the grid."""
    return {"type": "Polygon", "coordinates": [ring]}


@dataclass(frozen=True)
class MapSteps:
    """The steps of time that a slider goes through, after the whole of it, which ``overall`` names.

    ``levels`` and ``legend`` are those of a single step; at most 36 levels. ``play``, ``pause`` and ``slider`` are the
    words of the controls.
    """

    names: tuple[str, ...]
    overall: str
    levels: Sequence[MapLevel]
    legend: str
    play: str
    pause: str
    slider: str


@dataclass(frozen=True)
class CellMap:
    """Everything the document shows, in the reader's language.

    ``levels`` are the legend's, in its order; ``rows_url`` links to a cell's rows, with ``{cell}`` for
    its id. ``ground`` is a GeoJSON FeatureCollection drawn faintly below (properties ``layer``, ``class``;
    points are skipped), ``borders`` one drawn as lines above (property ``name``). ``frame`` is the initial
    view. ``framed`` omits the heading, for a page that already shows it beside the map.
    """

    language: str
    title: str
    notes: tuple[str, ...]
    cells: Sequence[MapCell]
    levels: Sequence[MapLevel]
    legend: str
    rows_label: str
    rows_url: str
    empty_label: str
    zoom_in: str
    zoom_out: str
    attribution: str
    ground: Mapping[str, Any]
    borders: Mapping[str, Any]
    frame: Bbox
    framed: bool = False
    steps: MapSteps | None = None


def render(drawn: CellMap) -> str:
    """The map as one HTML document.

    It loads nothing: script, styles and data are inline, and its Content-Security-Policy forbids everything
    else. The same map gives the same text.
    """
    document = _Document(drawn, leaflet(settings.LEAFLET_DIST))
    _folium_map(drawn).add_to(document)
    _number(document)
    return document.render()


class _Map(folium.Map):
    # Folium would link jQuery, Bootstrap and two icon fonts from other servers; a map of polygons needs none.
    default_js: list[tuple[str, str]] = []
    default_css: list[tuple[str, str]] = []


class _Document(Figure):
    _template = Environment(autoescape=True).from_string(
        (_FOLDER / "document.html").read_text(encoding="utf-8")
    )

    def __init__(self, drawn: CellMap, library: Leaflet) -> None:
        super().__init__(title=drawn.title)
        self.drawn = drawn
        self.leaflet = library
        self.style = _STYLE
        self.on_paper = _ON_PAPER
        self.on_steps = _steps_script(drawn.steps) if drawn.steps else ""


class _Controls(MacroElement):
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            L.control.zoom({
                zoomInTitle: {{ this.drawn.zoom_in|tojson }}, zoomOutTitle: {{ this.drawn.zoom_out|tojson }}
            }).addTo({{ this._parent.get_name() }});
            L.control.scale({imperial: false, position: innerWidth < 640 ? "topright" : "bottomright"}).addTo({{ this._parent.get_name() }});
            {{ this._parent.get_name() }}.attributionControl.setPrefix("Leaflet")
                .addAttribution({{ this.attribution|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, drawn: CellMap) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Controls"
        self.drawn = drawn
        # Leaflet treats the attribution as markup.
        self.attribution = str(escape(drawn.attribution))


def _folium_map(drawn: CellMap) -> folium.Map:
    canvas = _Map(tiles=None, zoom_control=False, maxZoom=18, zoomSnap=0.25, wheelPxPerZoomLevel=120)
    for kind, features in _ground_layers(drawn.ground):
        _layer(features, f"ground {kind}", interactive=False).add_to(canvas)
    on_each_cell = _ON_EACH_CELL.replace("ROWS_LABEL", htmlsafe_json_dumps(drawn.rows_label)).replace(
        "ROWS_URL", htmlsafe_json_dumps(drawn.rows_url)
    )
    for level, cells in groupby(
        sorted(drawn.cells, key=lambda cell: cell.level), key=lambda cell: cell.level
    ):
        _layer(
            [_cell_feature(cell) for cell in cells],
            f"cell {drawn.levels[level].colour}",
            on_each_feature=JsCode(on_each_cell),
        ).add_to(canvas)
    borders = [
        {
            "type": "Feature",
            "properties": {"name": str(feature["properties"]["name"])},
            "geometry": feature["geometry"],
        }
        for feature in drawn.borders["features"]
    ]
    named = {"on_each_feature": JsCode(_ON_EACH_BORDER)} if len(borders) <= _MOST_NAMES else {}
    _layer(borders, "border", interactive=False, fill=False, **named).add_to(canvas)
    _Controls(drawn).add_to(canvas)
    canvas.fit_bounds(_lat_lon_corners(drawn.frame), padding=(8, 8))
    return canvas


def _steps_script(steps: MapSteps) -> str:
    told = {
        "names": [steps.overall, *steps.names],
        "colours": [level.colour for level in steps.levels],
        "play": steps.play,
        "pause": steps.pause,
    }
    return _ON_STEPS.replace("STEPS", htmlsafe_json_dumps(told))


def _layer(features: list[dict[str, Any]], css_class: str, **options: Any) -> folium.GeoJson:
    # smooth_factor 0: otherwise Leaflet drops corners that neighbours share, leaving gaps between cells.
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        smooth_factor=0 if css_class.startswith("cell") else 1,
        className=css_class,
        **options,
    )


def _cell_feature(cell: MapCell) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"id": cell.id, "lines": cell.lines, "rows": cell.rows}
        | ({"steps": "".join(_DIGITS[step] for step in cell.steps)} if cell.steps else {}),
        "geometry": cell.outline,
    }


def _ground_layers(ground: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """CSS classes and bare features of each kind of ground, areas before lines, in source order."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for feature in ground["features"]:
        geometry, properties = feature["geometry"], feature["properties"]
        if geometry["type"] in _DRAWN_GROUND:
            name = f"ground-{_word(properties.get('layer'))} ground-{_word(properties.get('class'))}"
            kinds.setdefault(name, []).append({"type": "Feature", "properties": {}, "geometry": geometry})
    return iter(sorted(kinds.items(), key=lambda item: _DRAWN_GROUND[item[1][0]["geometry"]["type"]]))


_DRAWN_GROUND = {"Polygon": 0, "MultiPolygon": 0, "LineString": 1, "MultiLineString": 1}


def _word(value: object) -> str:
    return "".join(
        letter for letter in str(value) if letter.isascii() and (letter.isalnum() or letter in "-_")
    )


def _lat_lon_corners(box: Bbox) -> list[list[float]]:
    """South-west and north-east corners in Leaflet's order: latitude first."""
    return [[box.south, box.west], [box.north, box.east]]


def _number(document: _Document) -> None:
    """Numbers the elements in sequence: Folium's ids are random, so the same map would differ each time."""
    for number, element in enumerate(_tree([document])):
        element._id = str(number)


def _tree(elements: Iterable[Element]) -> Iterator[Element]:
    for element in elements:
        yield element
        yield from _tree(element._children.values())
