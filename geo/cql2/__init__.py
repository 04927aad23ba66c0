"""CQL2 (OGC 21-065r2): the text and the JSON of a filter become one tree, strictly and within limits.

Ours, and small: nothing that a reader wrote reaches a parser of GDAL or GEOS, and nothing is looked up by its name.
"""
