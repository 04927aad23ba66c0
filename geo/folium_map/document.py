"""The document: Folium's map in our own page, which has no links to other servers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import folium
from branca.element import Element, Figure, MacroElement
from django.conf import settings
from folium.template import Template
from jinja2 import Environment
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import escape

from geo.bbox import Bbox
from geo.folium_map.leaflet import Leaflet, leaflet
from geo.folium_map.packed import packed
from geo.grid import Ring

#: Colours of the ramp in the style sheet; a map with fewer levels spreads them over all of it.
COLOURS = 6

#: A level of a step is one of these; the scripts read them back in base 36.
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "document.css").read_text(encoding="utf-8")
_ON_EACH_CELL = (_FOLDER / "cell.js").read_text(encoding="utf-8")
_ON_PAPER = (_FOLDER / "paper.js").read_text(encoding="utf-8")
_ON_KEYS = (_FOLDER / "keys.js").read_text(encoding="utf-8")
_ON_STEPS = (_FOLDER / "steps.js").read_text(encoding="utf-8")
_ON_EACH_BORDER = (_FOLDER / "border.js").read_text(encoding="utf-8")
_ON_EACH_STREET = (_FOLDER / "street.js").read_text(encoding="utf-8")
_UNPACK = (_FOLDER / "unpack.js").read_text(encoding="utf-8")
_NAMES = (_FOLDER / "names.js").read_text(encoding="utf-8")

#: Classes of streets whose names stand along them, the largest first.
NAMED_STREETS = ("primary", "secondary", "tertiary", "residential")

#: With more districts than this, their names would hide the map.
MOST_NAMES = 20


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


class MapTable(Protocol):
    """Rows of texts under their columns; what follows a line's end in a row's first text stands small below it, ``note`` below the table."""

    @property
    def title(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def rows(self) -> Sequence[tuple[str, ...]]: ...
    @property
    def note(self) -> str: ...


@dataclass(frozen=True)
class Units:
    """Metres and kilometres, as they are written after a number."""

    m: str
    km: str


@dataclass(frozen=True)
class CellMap:
    """Everything the document shows, in the reader's language.

    ``levels`` are the legend's, in its order; ``rows_url`` links to a cell's rows, with ``{cell}`` for
    its id. ``ground`` is a GeoJSON FeatureCollection drawn faintly below (properties ``layer``, ``class``, and
    ``name_<language>`` or ``name``, which stand along streets; points are skipped), ``borders`` one drawn as lines above (property ``name``). ``frame`` is the initial
    view. ``framed`` omits the heading and the ``tables``, for a page that already shows them beside the map.
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
    units: Units
    attribution: str
    ground: Mapping[str, Any]
    borders: Mapping[str, Any]
    frame: Bbox
    framed: bool = False
    steps: MapSteps | None = None
    tables: Sequence[MapTable] = ()


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
        self.unpack = _UNPACK
        self.on_paper = _ON_PAPER
        self.on_keys = _ON_KEYS
        self.on_steps = _steps_script(drawn.steps) if drawn.steps else ""


class _Controls(MacroElement):
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            L.control.zoom({
                zoomInTitle: {{ this.drawn.zoom_in|tojson }}, zoomOutTitle: {{ this.drawn.zoom_out|tojson }}
            }).addTo({{ this._parent.get_name() }});
            const scale = L.control.scale({imperial: false, position: innerWidth < 640 ? "topright" : "bottomright"});
            // Leaflet writes its units in English.
            scale._updateScale = (bar, words, ratio) => L.Control.Scale.prototype._updateScale.call(
                scale, bar, words.replace(/k?m$/, (unit) => ({{ {"m": this.drawn.units.m, "km": this.drawn.units.km}|tojson }})[unit]), ratio
            );
            scale.addTo({{ this._parent.get_name() }});
            // Outlines would be all that is seen of cells so small.
            {{ this._parent.get_name() }}.on("moveend", ({target}) => {
                const cell = document.querySelector("path.cell");
                target.getContainer().classList.toggle("fine", cell !== null && cell.getBBox().width < 4);
            });
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


class _Layer(MacroElement):
    """Features as Folium's ``GeoJson`` draws them, in a third of its bytes; ``options`` are those of ``L.geoJSON``, as script."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            L.geoJSON(unpacked({{ this.packed }}, {{ this.names }}), {
                style: {className: {{ this.css_class }}}, {{ this.options }}
            }).addTo({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        features: Iterable[tuple[Mapping[str, Any], Sequence[Any]]],
        css_class: str,
        options: str,
        names: Sequence[str] = (),
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Layer"
        self.packed = htmlsafe_json_dumps(packed(features), dumps=_tight)
        self.names = htmlsafe_json_dumps(names)
        self.css_class = htmlsafe_json_dumps(css_class)
        self.options = options


class _Names(MacroElement):
    _template = Template("{% macro script(this, kwargs) %}{{ this.names(this._parent) }}{% endmacro %}")

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Names"

    def names(self, canvas: folium.Map) -> str:
        return _NAMES.replace("MAP", canvas.get_name())


def _tight(value: Any, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), **options)


def _folium_map(drawn: CellMap) -> folium.Map:
    canvas = _Map(tiles=None, zoom_control=False, maxZoom=18, zoomSnap=0.25, wheelPxPerZoomLevel=120)
    for kind, rank, features in _ground_layers(drawn.ground, drawn.language):
        _Layer(
            features,
            f"ground {kind}",
            "interactive: false"
            if rank is None
            else f"interactive: false, onEachFeature: {_ON_EACH_STREET.replace('RANK', str(rank))}",
            () if rank is None else ("name",),
        ).add_to(canvas)
    on_each_cell = _ON_EACH_CELL.replace("ROWS_LABEL", htmlsafe_json_dumps(drawn.rows_label)).replace(
        "ROWS_URL", htmlsafe_json_dumps(drawn.rows_url)
    )
    for level, cells in groupby(
        sorted(drawn.cells, key=lambda cell: cell.level), key=lambda cell: cell.level
    ):
        # Said once for all cells of the level that it is said of.
        said: dict[str, int] = {}
        squares = [(cell.outline, _values(cell, said)) for cell in cells]
        _Layer(
            squares,
            f"cell {drawn.levels[level].colour}",
            # Otherwise Leaflet drops corners that neighbours share, leaving gaps between cells.
            f"smoothFactor: 0, onEachFeature: {on_each_cell.replace('SAID', htmlsafe_json_dumps([*said], dumps=_tight))}",
            ("id", "lines", "rows", "steps"),
        ).add_to(canvas)
    borders: list[tuple[Mapping[str, Any], Sequence[Any]]] = [
        (feature["geometry"], [str(feature["properties"]["name"])]) for feature in drawn.borders["features"]
    ]
    named = f", onEachFeature: {_ON_EACH_BORDER}" if len(borders) <= MOST_NAMES else ""
    _Layer(borders, "border", f"interactive: false{named}", ("name",)).add_to(canvas)
    _Controls(drawn).add_to(canvas)
    # The attribution lies on its lower edge.
    canvas.fit_bounds(_lat_lon_corners(drawn.frame), padding_top_left=(8, 8), padding_bottom_right=(8, 24))
    _Names().add_to(canvas)
    return canvas


def _steps_script(steps: MapSteps) -> str:
    told = {
        "names": [steps.overall, *steps.names],
        "colours": [level.colour for level in steps.levels],
        "play": steps.play,
        "pause": steps.pause,
    }
    return _ON_STEPS.replace("STEPS", htmlsafe_json_dumps(told))


def _values(cell: MapCell, said: dict[str, int]) -> tuple[Any, ...]:
    """The cell's properties; its lines as their places in what is ``said``."""
    values = (cell.id, [said.setdefault(line, len(said)) for line in cell.lines], int(cell.rows))
    return (*values, "".join(_DIGITS[step] for step in cell.steps)) if cell.steps else values


def _ground_layers(
    ground: Mapping[str, Any], language: str
) -> Iterator[tuple[str, int | None, list[tuple[Mapping[str, Any], list[str]]]]]:
    """CSS classes, rank among the named streets, and features of each kind of ground: areas before lines, in source order."""
    kinds: dict[tuple[str, int | None], list[tuple[Mapping[str, Any], list[str]]]] = {}
    for feature in ground["features"]:
        geometry, properties = feature["geometry"], feature["properties"]
        if geometry["type"] in _DRAWN_GROUND:
            layer, kind = properties.get("layer"), properties.get("class")
            rank = NAMED_STREETS.index(kind) if layer == "street" and kind in NAMED_STREETS else None
            name = name_of(properties, language) if rank is not None else ""
            names = f"ground-{_word(layer)} ground-{_word(kind)}"
            kinds.setdefault((names, rank), []).append((geometry, [name] if name else []))
    return iter(
        sorted(
            ((*kind, features) for kind, features in kinds.items()),
            key=lambda one: (
                _DRAWN_GROUND[one[2][0][0]["type"]],
                -len(NAMED_STREETS) if one[1] is None else -one[1],
            ),
        )
    )


def name_of(properties: Mapping[str, Any], language: str) -> str:
    """The name in that language, or in none; empty where there is none."""
    return str(properties.get(f"name_{language}") or properties.get("name") or "")


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
