"""A Folium map of cells as one HTML document that needs nothing but itself; it knows cells, not what is counted."""

from geo.folium_map.document import CellMap, MapCell, render

__all__ = ["CellMap", "MapCell", "render"]
