"""Draws the map layers of this folder's city from hand-placed points.

``python -m data.osh.drawing`` writes districts.geojson, service_areas.geojson, base.geojson and
gazetteer.csv. The points were placed by eye around a few published coordinates (see data/README.md), so every
layer is approximate, but the layers agree exactly with each other: territories share borders vertex by
vertex, streets that are borders are the same lines, and every place lies in the territory named in the
gazetteer.

The result depends only on these files: running it again gives the same bytes.
"""
