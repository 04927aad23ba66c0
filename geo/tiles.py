"""Tiles of the web's maps and the cells that they are divided into: OGC's WebMercatorQuad, EPSG:3857.

At each zoom the world is a square of 2**zoom by 2**zoom tiles, column 0 in the west and row 0 in the north; a tile is
four of the next zoom. A point on a border belongs only to the tile east or south of it. Which tile holds a point is said
by one formula, for what the database keeps and for what is counted now, so that both agree to the last bit.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from django.db.models import Func, IntegerField
from django.utils.translation import gettext as _

from geo.bbox import Bbox
from geo.numbers import whole_number
from geo.refusals import Refusals, ValueRefused

#: The deepest zoom that tiles are made for; a map that is nearer enlarges these.
ZOOM_MAX: Final = 18
#: Metres of the equator, and so of the square.
EQUATOR_M: Final = 2 * math.pi * 6_378_137

#: Share of the square east of its western and south of its northern edge; constants, but for the point's column.
_EAST: Final = "(ST_X({0}) + 180) / 360"
_SOUTH: Final = "(1 - asinh(tan(radians(ST_Y({0})))) / pi()) / 2"


class Tile(NamedTuple):
    """Zoom, column and row of a tile; a cell is a tile of a deeper zoom."""

    z: int
    x: int
    y: int

    @property
    def bbox(self) -> Bbox:
        """Its edges in degrees."""
        return box_of(self.z, (self.x, self.x), (self.y, self.y))

    @property
    def children(self) -> tuple[Tile, Tile, Tile, Tile]:
        """The four tiles of the next zoom that it is made of."""
        z, x, y = self.z + 1, 2 * self.x, 2 * self.y
        return Tile(z, x, y), Tile(z, x + 1, y), Tile(z, x, y + 1), Tile(z, x + 1, y + 1)


def tile_in(z: str, x: str, y: str) -> Tile:
    """The tile of an address. Raises ``Refused`` for what is no tile of a zoom up to ``ZOOM_MAX``."""
    refusals = Refusals()
    zoom = refusals.read(lambda text: _number(text, ZOOM_MAX), z, ZOOM_MAX, name="z")
    side = 2**zoom - 1
    column = refusals.read(lambda text: _number(text, side), x, 0, name="x")
    row = refusals.read(lambda text: _number(text, side), y, 0, name="y")
    refusals.check()
    return Tile(zoom, column, row)


def _number(text: str, most: int) -> int:
    number = whole_number(text, digits=9)
    if number is None or number > most:
        raise ValueRefused(_("This must be a whole number from 0 to %(most)d.") % {"most": most})
    return number


def tile_at(lon: float, lat: float, zoom: int) -> Tile:
    """The tile that holds the point (degrees), as ``TileColumn`` and ``TileRow`` say it."""
    side = 2**zoom
    column = math.floor((lon + 180) / 360 * side)
    row = math.floor((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side)
    return Tile(zoom, column, row)


def box_of(zoom: int, columns: tuple[int, int], rows: tuple[int, int]) -> Bbox:
    """Edges in degrees of the tiles from the first to the last column and row, both included."""
    side = 2**zoom
    west, east = (column / side * 360 - 180 for column in (columns[0], columns[1] + 1))
    north, south = (
        math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / side)))) for row in (rows[0], rows[1] + 1)
    )
    return Bbox(west, south, east, north)


def column_sql(point: str, zoom: int) -> str:
    """SQL of the column of tiles that holds a point (EPSG:4326), for a trigger; ``point`` is a column's name."""
    return f"floor({_EAST.format(point)} * {2**zoom})::integer"


def row_sql(point: str, zoom: int) -> str:
    """SQL of the row of tiles that holds a point (EPSG:4326)."""
    return f"floor({_SOUTH.format(point)} * {2**zoom})::integer"


class TileColumn(Func):
    """The column of tiles of a zoom that holds a point."""

    output_field = IntegerField()

    def __init__(self, point: str, zoom: int) -> None:
        super().__init__(point, template=column_sql("%(expressions)s", zoom))


class TileRow(Func):
    """The row of tiles of a zoom that holds a point."""

    output_field = IntegerField()

    def __init__(self, point: str, zoom: int) -> None:
        super().__init__(point, template=row_sql("%(expressions)s", zoom))


def pixel_sql(lon: str, lat: str, tile: Tile, extent: int) -> tuple[str, str]:
    """SQL of the place of a point (degrees) in a tile of ``extent`` units a side, x to the east and y to the south.

    Rounded down: who is in the tile has 0 to ``extent`` - 1.
    """
    east, south = _EAST.replace("ST_X({0})", lon), _SOUTH.replace("ST_Y({0})", lat)
    side = 2**tile.z
    return (
        f"floor((({east}) * {side} - {tile.x}) * {extent})",
        f"floor((({south}) * {side} - {tile.y}) * {extent})",
    )
