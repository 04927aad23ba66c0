"""Vector tiles (Mapbox Vector Tile 2.1) whose bytes are made in PostGIS from querysets.

As for GeoJSON, the statement is the queryset's own, compiled by Django, so that whatever narrows it narrows the tile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import ExpressionWrapper, F, Func, QuerySet, TextField
from django.db.models.expressions import Combinable

from geo.bbox import Bbox
from geo.statements import statement_of
from geo.tiles import Tile

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
#: Units of a tile's side.
EXTENT: Final = 4096
#: So far beyond its edges a tile has what its neighbours have, so that no symbol is cut where two tiles meet: 32 of 512
#: pixels. Who counts leaves out what is not within 0 to ``EXTENT`` - 1: there each point is in one tile alone.
BUFFER: Final = 256


def moment(value: str | Combinable) -> Combinable:
    """The moment as GeoJSON has it: a tile knows no moments, and PostgreSQL's own text has a blank for the T."""
    return Func(value, template="to_json(%(expressions)s)#>>'{}'", output_field=TextField())


def column_of(name: str) -> str:
    """Name of the column that ``compiled`` gives a value, since an annotation may not be called as a field is."""
    return f"value_{name}"


def compiled(rows: QuerySet[Any, Any], values: Mapping[str, str | Combinable] | None = None) -> str:
    """The ``statement_of`` the rows; of these columns and expressions where any are named.

    A column is as it is stored: GeoDjango would wrap a geometry that is selected.
    """
    if values is not None:
        columns = {
            column_of(name): ExpressionWrapper(F(value), TextField()) if isinstance(value, str) else value
            for name, value in values.items()
        }
        rows = rows.annotate(**columns).values_list(*columns)
    return statement_of(rows)


def tile_bytes(statement: str, alias: str = DEFAULT_DB_ALIAS) -> bytes:
    """What a statement made of ``compiled`` ones answers: one value, the tile."""
    with connections[alias].cursor() as cursor:
        # The values are in it: a percent sign is one.
        cursor.execute(statement)
        (tile,) = cursor.fetchone()
    return bytes(tile)


def polygon_layer(
    tile: Tile,
    layer: str,
    rows: QuerySet[Any, Any],
    *,
    geometry: str,
    properties: Mapping[str, str | Combinable],
) -> bytes:
    """The rows' polygons, with no more corners than the tile can tell apart; neighbours still share theirs.

    Empty where none is in the tile. One statement; the index of the geometry.
    """
    west, south, east, north = tile.bbox
    # Twice the buffer, since degrees of latitude are not all alike.
    wide, high = ((last - first) * 2 * BUFFER / EXTENT for first, last in ((west, east), (south, north)))
    near = Bbox(west - wide, south - high, east + wide, north + high).polygon()
    found = compiled(rows.filter(**{f"{geometry}__bboverlaps": near}), {"geometry": geometry, **properties})
    if not found:
        return b""
    names = ", ".join(f'{column_of(name)} AS "{name}"' for name in properties)
    return tile_bytes(
        _POLYGONS.format(tile=tile, layer=layer, extent=EXTENT, buffer=BUFFER, names=names, found=found)
    )


_POLYGONS: Final = """
    SELECT ST_AsMVT(tile, '{layer}', {extent}, 'geom')
    FROM (
        SELECT ST_AsMVTGeom(
            ST_Transform(value_geometry, 3857), ST_TileEnvelope({tile.z}, {tile.x}, {tile.y}), {extent}, {buffer}
        ) AS geom, {names}
        FROM ({found}) AS found
    ) AS tile
    WHERE geom IS NOT NULL
"""
