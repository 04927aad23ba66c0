"""Vector tiles of appeals and of districts.

A tile of appeals costs the same however many there are: what the public sees is read from what is kept of it. Four tiles of
the next zoom add up to theirs, with a filter or without, and those of a zoom to all appeals that the reader may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from appeals.filters import AppealFilter, Keys, keys_of
from appeals.models import Appeal
from appeals.models.pyramid import CELL_ZOOM
from appeals.querysets import AppealQuerySet
from districts.models import BoundaryRevision, DistrictBoundary
from geo.tiles import Tile, box_of, column_sql, pixel_sql, row_sql
from geo.vector_tiles import BUFFER, EXTENT, column_of, compiled, moment, polygon_layer, tile_bytes
from opendata.clusters import (
    CELL_COLUMNS,
    CELLS_SQL,
    Frame,
    added_cells,
    counted_now,
    kept_cells,
    touching,
)
from opendata.properties import CELL, DISTRICT, PIN, Properties, values
from web.api.openapi import MOMENT

#: How many zooms deeper the cells of a tile are: eight by eight of them, 64 of 512 pixels wide, until they are as small as those
#: that are counted. Four by four where so small ones of a filter are not kept, and those are.
_CELLS_DEEPER: Final = (3, 2)
#: From this zoom on the appeals of a cell are drawn one by one, unless they are more than so many.
SINGLES_ZOOM: Final = 15
SINGLES_MAX: Final = 16

#: What a feature may have: all of a cell, or all of an appeal.
_OF_BOTH: Final = {declared.name for declared in CELL} & {declared.name for declared in PIN}
APPEALS: Final[Properties] = (*CELL, *(declared for declared in PIN if declared.name not in _OF_BOTH))


@dataclass(frozen=True)
class _Cells:
    """The cells of a tile, ``side`` by ``side``, and what is asked of them: the tile's and one around them."""

    tile: Tile
    zoom: int

    @property
    def side(self) -> int:
        return 1 << (self.zoom - self.tile.z)

    @property
    def first(self) -> tuple[int, int]:
        return self.tile.x * self.side, self.tile.y * self.side

    @property
    def frame(self) -> Frame:
        x, y = ((first - 1, first + self.side) for first in self.first)
        finer = CELL_ZOOM - self.zoom
        counted = [(first << finer, ((last + 1) << finer) - 1) for first, last in (x, y)]
        return Frame(box_of(self.zoom, x, y), self.zoom, *counted)


def appeals_tile(user: User | AnonymousUser, wanted: AppealFilter, tile: Tile) -> bytes:
    """The tile with what the filter leaves of what the user may see; empty where that is nothing.

    One statement, and one for the codes where there are any.
    """
    keys = keys_of([wanted])
    appeals = Appeal.objects.visible_to(user).filtered(wanted, keys).order_by()
    cells, counted = _counted(user, wanted, keys, appeals, tile)
    if not counted:
        return b""
    (first_x, first_y), (cell_x, cell_y) = cells.first, pixel_sql("lon", "lat", tile, EXTENT)
    near = tile.z >= SINGLES_ZOOM
    statement = _sql("appeals_tile").format(
        cells=counted,
        near=_one_by_one(appeals, cells) if near else "",
        singles_max=SINGLES_MAX if near else 0,
        names=", ".join(f'"{declared.name}"' for declared in APPEALS),
        of_cell=_OF_CELL,
        first_x=first_x,
        first_y=first_y,
        side=cells.side,
        size=EXTENT // cells.side,
        cell_x=cell_x,
        cell_y=cell_y,
        extent=EXTENT,
        buffer=BUFFER,
    )
    return tile_bytes(statement)


def _one_by_one(appeals: AppealQuerySet, cells: _Cells) -> str:
    """The part of the statement that draws single appeals; empty where none can be."""
    drawn = {name: moment(value) if name in _MOMENTS else value for name, value in values(PIN).items()}
    singles = compiled(appeals, {"feature_id": "number", "point": "point", **drawn})
    if not singles:
        return ""
    appeal_x, appeal_y = pixel_sql("ST_X(value_point)", "ST_Y(value_point)", cells.tile, EXTENT)
    return _sql("appeals_one_by_one").format(
        singles=singles,
        singles_max=SINGLES_MAX,
        of_appeal=_OF_APPEAL,
        column_of_point=column_sql("value_point", cells.zoom),
        row_of_point=row_sql("value_point", cells.zoom),
        cells=1 << cells.zoom,
        appeal_x=appeal_x,
        appeal_y=appeal_y,
    )


def _counted(
    user: User | AnonymousUser, wanted: AppealFilter, keys: Keys, appeals: AppealQuerySet, tile: Tile
) -> tuple[_Cells, str]:
    """The tile's cells, which the filter and the zoom alone decide, and the statement of what is counted in them; empty where there can be none."""
    fine, *coarser = (_Cells(tile, min(tile.z + deeper, CELL_ZOOM)) for deeper in _CELLS_DEEPER)
    for cells in (fine, *coarser):
        if kept := kept_cells(wanted, keys, cells.frame):
            # What is kept is the public's; what is hidden is little, and counted now.
            hidden = counted_now(appeals.filter(hidden=True), cells.frame) if user.is_authenticated else []
            return cells, added_cells(cells.frame, *hidden, *kept)
    return fine, added_cells(fine.frame, *counted_now(touching(appeals, fine.frame.bbox), fine.frame))


@cache
def shape() -> str:
    """What tells tiles of appeals that are made in another way apart, though no data have changed."""
    made_by = (*CELLS_SQL.values(), _sql("appeals_tile"), _sql("appeals_one_by_one"), _OF_CELL, _OF_APPEAL)
    return repr((*made_by, _CELLS_DEEPER, SINGLES_ZOOM, SINGLES_MAX, EXTENT, BUFFER))


def districts_tile(revision: BoundaryRevision, tile: Tile) -> bytes:
    """The tile with the districts of the city in the revision; empty where there are none. One statement."""
    rows = DistrictBoundary.objects.of(revision).territories()
    rows = rows.order_by("district__code")
    return polygon_layer(tile, "districts", rows, geometry="geom", properties=values(DISTRICT))


_MOMENTS: Final = {declared.name for declared in PIN if declared.schema == MOMENT}
#: Columns of a cell and of an appeal in the order of ``APPEALS``; a tile leaves out what is NULL.
_OF_CELL: Final = ", ".join(
    f'{CELL_COLUMNS.get(declared.name, "NULL")} AS "{declared.name}"' for declared in APPEALS
)
_OF_APPEAL: Final = ", ".join(
    column_of(declared.name) if declared in PIN or declared.name in _OF_BOTH else "NULL"
    for declared in APPEALS
)


@cache
def _sql(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
