"""How many appeals the public sees of what a filter leaves, from the counts that are kept: however many they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.lookups import Range

from appeals.filters import AppealFilter, condition_of, keys_of
from appeals.models.appeal import Appeal
from appeals.models.pyramid import CELL_ZOOM, PyramidCell, PyramidChange, kept_under
from appeals.models.status_counts import n_of
from appeals.vocabulary import Status
from geo.bbox import Bbox
from geo.geojson import rows_of_statement
from geo.statements import literals, statement_of
from geo.tiles import Tile, TileColumn, TileRow, box_of, tile_at

_IN_BOX: Final = (Path(__file__).parent / "sql" / "kept_in_box.sql").read_text(encoding="utf-8")
#: So near to the edge of a box a tile is not taken to lie within: in degrees, far more than what rounding does.
_NEAR: Final = 1e-9


def kept_number(wanted: AppealFilter, most: int | None = None) -> int | None:
    """Of one filter, of a period, or of two of these, in a box or everywhere; None of more.

    The appeals of days that no kept block has, and those at the edge of the box, are counted one by one; None where some of
    them are more than ``most``. One statement, and one for codes whose keys are not known yet.
    """
    keys = keys_of([wanted])
    # Every appeal is in the city.
    city = Bbox(*settings.CITY_BOUNDS)
    box = (wanted.bbox or city).common(city)
    kept = kept_under(replace(wanted, bbox=None), keys)
    if kept is None:
        return None
    if box is None or not kept.keys:
        return 0
    if box == city:
        box = None
    changes = PyramidChange.objects.filter(condition_of(kept.whole, keys))
    public = Appeal.objects.public().order_by()
    ends: list[tuple[str, QuerySet[Any, Any]]] = [
        (f"{sign} * count(*)", public.filtered(replace(end, bbox=box), keys).values("pk"))
        for sign, end in kept.ends
    ]
    if box is None:
        cells = PyramidCell.objects.filter(key__in=kept.keys, zoom=kept.zooms[0])
        counted = [statement_of(cells.values_list(n_of(wanted.status)))]
    else:
        inner = _inner(box, kept.zooms)
        if not inner:
            return None
        tiles = inner[-1]
        counted = [_in_tiles(inner, kept.keys, wanted.status)]
        changes = changes.filter(tiles.holds())
        near = public.filtered(kept.whole, keys).filter(tiles.between(box))
        edge = near.values(in_box=_true(box.holds_exactly("point")), in_tiles=_true(tiles.holds()))
        ends.append(("count(*) FILTER (WHERE in_box) - count(*) FILTER (WHERE in_tiles)", edge))
    counted.append(statement_of(changes.values_list("sign")))
    for number, rows in ends:
        if found := statement_of(rows if most is None else rows[: most + 1]):
            told = number if most is None else f"CASE WHEN count(*) <= {most} THEN {number} END"
            counted.append(f"SELECT {told} FROM ({found}) AS appeal")  # noqa: S608 - of querysets
    all_of_them = " UNION ALL ".join(filter(None, counted)) or "SELECT 0"
    statement = f"SELECT CASE WHEN count(n) = count(*) THEN coalesce(sum(n), 0)::bigint END FROM ({all_of_them}) AS counted(n)"  # noqa: S608 - of querysets
    total = rows_of_statement(statement)[0][0]
    return None if total is None else int(total)


def _true(condition: Q) -> ExpressionWrapper[Any]:
    return ExpressionWrapper(condition, output_field=BooleanField())


@dataclass(frozen=True)
class _Tiles:
    """Tiles of a zoom in a rectangle."""

    zoom: int
    x: range
    y: range

    def but(self, inner: _Tiles) -> Iterator[_Tiles]:
        """These without what the coarser ones hold, as rectangles."""
        x, y = (
            range(side.start << self.zoom - inner.zoom, side.stop << self.zoom - inner.zoom)
            for side in (inner.x, inner.y)
        )
        for columns, rows in (
            (range(self.x.start, x.start), self.y),
            (range(x.stop, self.x.stop), self.y),
            (x, range(self.y.start, y.start)),
            (x, range(y.stop, self.y.stop)),
        ):
            if columns and rows:
                yield _Tiles(self.zoom, columns, rows)

    def holds(self) -> Q:
        """Condition that a point is in one of them."""
        finer = CELL_ZOOM - self.zoom
        (west, east), (north, south) = (
            (side.start << finer, (side.stop << finer) - 1) for side in (self.x, self.y)
        )
        return Q(Range(TileColumn("point", CELL_ZOOM), (west, east))) & Q(
            Range(TileRow("point", CELL_ZOOM), (north, south))
        )

    def between(self, box: Bbox) -> Q:
        """Condition that a point is near one of the sides, between those of the box and theirs; by the index."""
        west, south, east, north = box_of(
            self.zoom, (self.x.start, self.x.stop - 1), (self.y.start, self.y.stop - 1)
        )
        around = Bbox.around([box, Bbox(west, south, east, north)])
        near = Q()
        for side in (
            around._replace(west=min(box.west, west), east=max(box.west, west)),
            around._replace(west=min(box.east, east), east=max(box.east, east)),
            around._replace(south=min(box.south, south), north=max(box.south, south)),
            around._replace(south=min(box.north, north), north=max(box.north, north)),
        ):
            near |= Q(point__bboverlaps=side.polygon())
        return near


def _inner(box: Bbox, zooms: Sequence[int]) -> list[_Tiles]:
    """The tiles of each zoom that lie within the box, the coarsest first; none where there are none of the last zoom.

    Those of the last zoom end at the sides of tiles that are nearest to the sides of the box, within or beyond.
    """
    *coarse, finest = zooms
    found = []
    for zoom in coarse:
        first, last = _corners(box, zoom)
        found.append(_Tiles(zoom, range(first.x + 1, last.x), range(first.y + 1, last.y)))
    # By halves of tiles.
    first, last = _corners(box, finest + 1)
    x, y = (range((begin + 1) >> 1, (end + 1) >> 1) for begin, end in ((first.x, last.x), (first.y, last.y)))
    return [tiles for tiles in (*found, _Tiles(finest, x, y)) if tiles.x and tiles.y] if x and y else []


def _corners(box: Bbox, zoom: int) -> tuple[Tile, Tile]:
    return (
        tile_at(box.west + _NEAR, box.north - _NEAR, zoom),
        tile_at(box.east - _NEAR, box.south + _NEAR, zoom),
    )


def _in_tiles(inner: Sequence[_Tiles], keys: Sequence[str], statuses: Sequence[str]) -> str:
    """Statement of how many the tiles have: the coarsest, and of each finer zoom what is around those."""
    parts = [
        inner[0],
        *(part for tiles, coarser in zip(inner[1:], inner, strict=False) for part in tiles.but(coarser)),
    ]
    return _IN_BOX.format(
        parts=", ".join(
            f"({part.zoom}, {part.x.start}, {part.x.stop - 1}, {part.y.start}, {part.y.stop - 1})"
            for part in parts
        ),
        count=" + ".join(f"n_{status}" for status in statuses or Status.values),
        keys=literals(keys),
    )
