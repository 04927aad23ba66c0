"""A Folium map of cells as one self-contained HTML document; it knows cells, not what they count."""

from geo.folium_map.document import CellMap, MapCell, MapLevel, MapSteps, ramp, render, square

__all__ = ["CellMap", "MapCell", "MapLevel", "MapSteps", "ramp", "render", "square"]
