"""What a map must know to ask for tiles: a TileJSON document of each layer, and a MapLibre style of both."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from appeals.vocabulary import Status
from geo.bbox import Bbox
from geo.tiles import ZOOM_MAX
from opendata.properties import DISTRICT, Properties
from opendata.tiles import APPEALS, SINGLES_ZOOM
from web.links import public_link

#: What TileJSON calls the types of properties.
_TYPES: Final = {"integer": "Number", "number": "Number", "boolean": "Boolean"}
#: The colours of the statuses, as on the pages by day (``tokens.css``).
STATUS_COLOURS: Final = {
    Status.NEW: "#2142c4",
    Status.ACCEPTED: "#935300",
    Status.PLANNED: "#6a3aa8",
    Status.WAITING: "#0a617a",
    Status.ANSWERED: "#0b6b55",
    Status.CLOSED: "#55606f",
}
OVERDUE_COLOUR: Final = "#b0123b"
_BORDER: Final = "#5b4f9a"
_FONT: Final = ["Semibold", "system-ui", "Noto Sans", "Roboto", "DejaVu Sans"]


def appeals_tilejson(query: str) -> dict[str, Any]:
    """TileJSON 3.0.0 of the appeals that a filter leaves, which is given as the query of an address."""
    return _tilejson(
        "appeals",
        "Appeals: counts by status in cells; from zoom "
        f"{SINGLES_ZOOM} on the appeals of a cell one by one where they are few.",
        APPEALS,
        query,
    )


def districts_tilejson(query: str) -> dict[str, Any]:
    """TileJSON 3.0.0 of the districts in the borders that the query of an address names."""
    return _tilejson("districts", "The city's districts, which do not overlap.", DISTRICT, query)


def _tilejson(layer: str, description: str, properties: Properties, query: str) -> dict[str, Any]:
    path = reverse(f"{layer}-tile", args=["z", "x", "y"]).replace("z/x/y", "{z}/{x}/{y}")
    city = Bbox(*settings.CITY_BOUNDS)
    return {
        "tilejson": "3.0.0",
        "name": layer,
        "description": description,
        "scheme": "xyz",
        "tiles": [public_link(_with(path, query))],
        "minzoom": 0,
        "maxzoom": ZOOM_MAX,
        "bounds": list(city),
        "center": [*city.centre(), 11],
        "vector_layers": [
            {
                "id": layer,
                "minzoom": 0,
                "maxzoom": ZOOM_MAX,
                "fields": {
                    declared.name: _TYPES.get(declared.schema["type"], "String") for declared in properties
                },
            }
        ],
    }


def style(query: str) -> dict[str, Any]:
    """A MapLibre style of districts and of the appeals that a filter leaves; its text takes the reader's own fonts."""
    city = Bbox(*settings.CITY_BOUNDS)
    is_cell, is_appeal = (["==", ["get", "kind"], kind] for kind in ("cell", "appeal"))
    is_overdue: list[Any] = [">", ["get", "overdue"], 0]
    colour: list[Any] = ["match", ["get", "status"]]
    for status, of_status in STATUS_COLOURS.items():
        colour += [status.value, of_status]
    return {
        "version": 8,
        "name": "appeals",
        "center": list(city.centre()),
        "zoom": 11,
        "sources": {
            "districts": {"type": "vector", "url": public_link(reverse("districts-tilejson"))},
            "appeals": {"type": "vector", "url": public_link(_with(reverse("appeals-tilejson"), query))},
        },
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": "#f8f7f3"}},
            {
                "id": "districts",
                "type": "line",
                "source": "districts",
                "source-layer": "districts",
                "paint": {"line-color": _BORDER, "line-width": 1.5},
            },
            {
                "id": "cells",
                "type": "circle",
                "source": "appeals",
                "source-layer": "appeals",
                "filter": is_cell,
                "paint": {
                    "circle-color": "#ffffff",
                    "circle-stroke-color": STATUS_COLOURS[Status.NEW],
                    "circle-stroke-width": 2,
                    "circle-radius": [
                        "interpolate",
                        ["linear"],
                        ["log10", ["get", "count"]],
                        0,
                        7,
                        3,
                        20,
                        5,
                        28,
                    ],
                },
            },
            {
                "id": "counts",
                "type": "symbol",
                "source": "appeals",
                "source-layer": "appeals",
                "filter": is_cell,
                "layout": {
                    "text-field": ["to-string", ["get", "count"]],
                    "text-font": _FONT,
                    "text-size": 11,
                    "text-allow-overlap": True,
                },
                "paint": {"text-color": "#141a24"},
            },
            {
                "id": "overdue",
                "type": "symbol",
                "source": "appeals",
                "source-layer": "appeals",
                "filter": ["all", is_cell, is_overdue],
                "layout": {
                    "text-field": ["concat", "! ", ["to-string", ["get", "overdue"]]],
                    "text-font": _FONT,
                    "text-size": 11,
                    "text-offset": [1.4, -1.2],
                    "text-anchor": "left",
                    "text-allow-overlap": True,
                },
                "paint": {
                    "text-color": OVERDUE_COLOUR,
                    "text-halo-color": "#ffffff",
                    "text-halo-width": 1.5,
                },
            },
            {
                "id": "appeals",
                "type": "circle",
                "source": "appeals",
                "source-layer": "appeals",
                "filter": is_appeal,
                "paint": {
                    "circle-color": [
                        "case",
                        is_overdue,
                        OVERDUE_COLOUR,
                        [*colour, STATUS_COLOURS[Status.CLOSED]],
                    ],
                    "circle-radius": 6,
                    "circle-stroke-color": "#ffffff",
                    "circle-stroke-width": 1.5,
                },
            },
        ],
    }


def _with(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path
