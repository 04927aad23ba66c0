"""A Folium map of cells as one self-contained HTML document; it knows cells, not what they count."""

from geo.folium_map.document import (
    MOST_NAMES,
    NAMED_STREETS,
    CellMap,
    MapCell,
    MapLevel,
    MapSteps,
    Units,
    name_of,
    ramp,
    render,
    square,
)

__all__ = [
    "MOST_NAMES",
    "NAMED_STREETS",
    "CellMap",
    "MapCell",
    "MapLevel",
    "MapSteps",
    "Units",
    "name_of",
    "ramp",
    "render",
    "square",
]
