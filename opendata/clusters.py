"""What a map draws of many appeals: the appeals themselves where they are few, else counts in square cells of the map.

However many appeals there are, a map's answer is small (at most ``PINS_MAX`` appeals or ``CELLS_MAX`` cells), and what
the public sees without a filter, or with one, is read from ``PyramidCell``, whose size is the city's and not its history's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, FloatField, Func, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import User
from appeals.filters import AppealFilter, Keys, condition_of, keys_of
from appeals.models import Appeal, PyramidCell, PyramidChange
from appeals.models.pyramid import (
    CELL_ZOOM,
    COORDINATE_UNIT,
    PYRAMID_ZOOMS,
    is_late,
    kept_under,
    late_before,
)
from appeals.querysets import AppealQuerySet
from appeals.vocabulary import OPEN_STATUSES, Status
from geo.bbox import Bbox
from geo.geojson import FeatureText, feature_sql, feature_texts, rows_of_statement
from geo.statements import statement_of
from geo.tiles import EQUATOR_M, TileColumn, TileRow, box_of, tile_at
from opendata.properties import CELL, PIN, values

PINS_MAX = 400
CELLS_MAX = 1_200

#: About the distance of two bubbles on the screen: each can be read and touched, and the ground shows between them.
_CELL_PX = 96
#: A tile on the screen (MapLibre's zoom).
_TILE_PX = 512

#: Column of each property of a cell in ``cells.sql``.
CELL_COLUMNS: Final = {
    declared.name: f'"{declared.value}"' if isinstance(declared.value, str) else "'cell'" for declared in CELL
}
CELLS_SQL: Final = (Path(__file__).parent / "sql" / "cells.sql").read_text(encoding="utf-8")
_OF_STATUS: Final = [f"of_{status}" for status in Status.values]


@dataclass(frozen=True)
class Clusters:
    """GeoJSON texts of the features and the number of appeals behind them. ``cell_m`` is None for single appeals."""

    features: list[bytes]
    matched: int
    cell_m: int | None


@dataclass(frozen=True)
class Frame:
    """A box of degrees and the cells that draw it, tiles of a zoom; none is finer than those that are counted."""

    bbox: Bbox
    cell_zoom: int
    # First and last counted cell, both included; whole drawn cells, so that none changes when the map is moved.
    x: tuple[int, int]
    y: tuple[int, int]

    @property
    def doublings(self) -> int:
        """How often the side of a counted cell is doubled."""
        return CELL_ZOOM - self.cell_zoom

    @property
    def cell_m(self) -> int:
        """Side of the cells in the middle of the frame, in metres: squares of the map shrink towards the poles."""
        _lon, lat = self.bbox.centre()
        return round(EQUATOR_M * math.cos(math.radians(lat)) / (1 << self.cell_zoom))


def clusters(user: User | AnonymousUser, wanted: AppealFilter, zoom: float) -> Clusters:
    """What the map draws of the filter's frame (the whole city without one) at a zoom of 512-pixel tiles.

    One to three statements. Cells without a filter count what the public sees, whoever reads; cells whose counts are kept,
    every appeal of each cell that the frame touches. Their place is the mean of their appeals.
    """
    city = Bbox(*settings.CITY_BOUNDS)
    bbox = _common(wanted.bbox or city, city)
    if bbox is None:
        return Clusters([], 0, None)
    frame = _frame(bbox, zoom)
    keys = keys_of([wanted])
    # Every appeal is in the city: a frame that holds all of it needs no look at a million points.
    narrowed = replace(wanted, bbox=None if bbox == city else bbox)
    appeals = Appeal.objects.visible_to(user).filtered(narrowed, keys)
    everywhere = replace(wanted, bbox=None)
    if kept := kept_cells(everywhere, keys, frame):
        if user.is_authenticated and replace(everywhere, status=()).narrows:
            hidden = Appeal.objects.visible_to(user).filtered(everywhere, keys).filter(hidden=True)
            kept += [cells_of(hidden, frame), late_cells(hidden, frame)]
        drawn = _drawn(frame, *kept)
        return drawn if drawn.matched > PINS_MAX else _pins(appeals) or drawn
    return _pins(appeals) or _drawn(frame, cells_of(appeals, frame), late_cells(appeals, frame))


def _common(one: Bbox, other: Bbox) -> Bbox | None:
    west, south = max(one.west, other.west), max(one.south, other.south)
    east, north = min(one.east, other.east), min(one.north, other.north)
    return Bbox(west, south, east, north) if west <= east and south <= north else None


def _frame(bbox: Bbox, zoom: float) -> Frame:
    doublings = _doublings(zoom)
    first, last = tile_at(bbox.west, bbox.north, CELL_ZOOM), tile_at(bbox.east, bbox.south, CELL_ZOOM)
    # A large screen, or a zoom that does not fit its frame: coarser cells until there cannot be too many.
    while _span(first.x, last.x, doublings) * _span(first.y, last.y, doublings) > CELLS_MAX:
        doublings += 1
    x, y = _whole(first.x, last.x, doublings), _whole(first.y, last.y, doublings)
    return Frame(bbox, CELL_ZOOM - doublings, x, y)


def _doublings(zoom: float) -> int:
    """How often the counted cell must be doubled to be about ``_CELL_PX`` wide on the screen."""
    return max(0, round(CELL_ZOOM - zoom - math.log2(_TILE_PX / _CELL_PX)))


def _span(first: int, last: int, doublings: int) -> int:
    return (last >> doublings) - (first >> doublings) + 1


def _whole(first: int, last: int, doublings: int) -> tuple[int, int]:
    return first >> doublings << doublings, (((last >> doublings) + 1) << doublings) - 1


def _pins(appeals: AppealQuerySet) -> Clusters | None:
    """The appeals themselves; None when they are more than ``PINS_MAX``."""
    few = appeals.order_by()[: PINS_MAX + 1]
    features = feature_texts(few, FeatureText(geometry="point", properties=values(PIN)))
    return Clusters(features, len(features), None) if len(features) <= PINS_MAX else None


def kept_cells(wanted: AppealFilter, keys: Keys, frame: Frame) -> list[QuerySet[Any, Any]]:
    """What the public sees in each cell of what the filter leaves, from what is kept of it; empty where it must be counted.

    Each of them has the cell's ``column`` and ``row`` among the tiles of its zoom, ``count``, ``of_`` each status, ``lon`` and
    ``lat`` summed over its appeals, and what is ``overdue``; they are to be added. Where statuses are chosen beside another
    filter, a cell's place is the mean of its appeals of any status.
    """
    under = kept_under(wanted, keys)
    zoom = next(zoom for zoom in PYRAMID_ZOOMS if zoom >= frame.cell_zoom)
    by_status_alone = not replace(wanted, status=()).narrows
    if under is None or (zoom == CELL_ZOOM and not by_status_alone):
        return []
    public = Appeal.objects.public().filtered(wanted, keys)
    cells = PyramidCell.objects.filter(key__in=under, zoom=zoom)
    changes = PyramidChange.objects.filter(condition_of(wanted, keys))
    late = set(wanted.status or OPEN_STATUSES) & set(OPEN_STATUSES)
    if by_status_alone or late in (set(OPEN_STATUSES), set()):
        # What was late already when it was folded is kept: the index has the few of the days since.
        late_here = late_cells(public.filter(due_on__gte=late_before()), frame) if late else None
        kept = [
            _summed(cells, zoom, frame, wanted.status, Sum("n_late") if late else Value(0)),
            _changed(changes, frame, Sum("sign", filter=is_late(), default=0) if late else Value(0)),
        ]
        return [*kept, late_here] if late_here is not None else kept
    return [
        _summed(cells, zoom, frame, wanted.status),
        _changed(changes, frame),
        late_cells(public, frame),
    ]


def _summed(
    cells: QuerySet[Any],
    zoom: int,
    frame: Frame,
    statuses: tuple[str, ...],
    overdue: Combinable | None = None,
) -> QuerySet[Any, Any]:
    """Of cells that are tiles of the zoom."""
    # The sum of the drawn statuses; with all of them the mean is exact, else within the summed cells' size.
    drawn = [F(f"n_{status}") for status in statuses or Status.values]
    every = [F(f"n_{status}") for status in Status.values]
    count = _total(drawn)
    weight = Cast(count, FloatField()) / Cast(_total(every), FloatField())
    finer = CELL_ZOOM - zoom
    x, y = ((first >> finer, last >> finer) for first, last in (frame.x, frame.y))
    cells = cells.annotate(drawn=count).filter(tile_x__range=x, tile_y__range=y, drawn__gt=0)
    grouped: QuerySet[Any, Any] = _grouped(cells, F("tile_x"), F("tile_y"), zoom - frame.cell_zoom).annotate(
        count=Sum("drawn"),
        **{
            f"of_{status}": Sum(f"n_{status}") if status in (statuses or Status.values) else Value(0)
            for status in Status.values
        },
        lon=Sum(F("lon_sum") * weight) * Value(COORDINATE_UNIT),
        lat=Sum(F("lat_sum") * weight) * Value(COORDINATE_UNIT),
        overdue=overdue or Value(0),
    )
    return grouped


def _changed(
    changes: QuerySet[PyramidChange], frame: Frame, overdue: Combinable | None = None
) -> QuerySet[Any, Any]:
    """Of what the cells do not hold yet."""
    column, row = (side("point", CELL_ZOOM) for side in (TileColumn, TileRow))
    grouped: QuerySet[Any, Any] = _grouped(changes, column, row, frame.doublings).annotate(
        count=Sum("sign"),
        **{f"of_{status}": Sum("sign", filter=Q(status=status), default=0) for status in Status.values},
        lon=Sum(F("sign") * _degrees("X")),
        lat=Sum(F("sign") * _degrees("Y")),
        overdue=overdue or Value(0),
    )
    return grouped


def cells_of(rows: AppealQuerySet, frame: Frame) -> QuerySet[Any, Any]:
    """What ``kept_cells`` says, of these appeals, counted now."""
    column, row = (side("point", CELL_ZOOM) for side in (TileColumn, TileRow))
    grouped: QuerySet[Any, Any] = _grouped(rows, column, row, frame.doublings).annotate(
        count=Count("*"),
        # Not of the keys, which the index that holds all else has not.
        **{f"of_{status}": Count("status", filter=Q(status=status)) for status in Status.values},
        lon=Sum(_degrees("X")),
        lat=Sum(_degrees("Y")),
        overdue=Value(0),
    )
    return grouped


def late_cells(rows: AppealQuerySet, frame: Frame) -> QuerySet[Any, Any]:
    """How many of these appeals are overdue today, to be added to where they are counted; the index ``appeal_late``."""
    # One cell more on each side, since what decides is the cell: it takes a microsecond.
    near = box_of(CELL_ZOOM, *((first - 1, last + 1) for first, last in (frame.x, frame.y)))
    late = rows.overdue(timezone.localdate()).filter(point__bboverlaps=near.polygon())
    column, row = (side("point", CELL_ZOOM) for side in (TileColumn, TileRow))
    grouped: QuerySet[Any, Any] = _grouped(late, column, row, frame.doublings).annotate(
        count=Value(0),
        **dict.fromkeys(_OF_STATUS, Value(0)),
        lon=Value(0.0),
        lat=Value(0.0),
        overdue=Count("*"),
    )
    return grouped


def added_cells(frame: Frame, *counted: QuerySet[Any, Any]) -> str:
    """Statement of the frame's cells, each with all that is counted in it; empty where there can be none."""
    statements = [f"({statement})" for rows in counted if (statement := statement_of(rows))]
    if not statements:
        return ""
    (west, east), (north, south) = (
        (first >> frame.doublings, last >> frame.doublings) for first, last in (frame.x, frame.y)
    )
    return CELLS_SQL.format(
        counted=" UNION ALL ".join(statements),
        sums=", ".join(f"sum({of_status})::bigint AS {of_status}" for of_status in _OF_STATUS),
        west=west,
        east=east,
        north=north,
        south=south,
    )


def _grouped(rows: QuerySet[Any], x: Combinable, y: Combinable, doublings: int) -> QuerySet[Any, Any]:
    column, row = (side.bitrightshift(doublings) for side in (x, y))
    return rows.order_by().values(column=column, row=row)


def _degrees(axis: str) -> Func:
    return Func("point", function=f"ST_{axis}", output_field=FloatField())


def _drawn(frame: Frame, *counted: QuerySet[Any, Any]) -> Clusters:
    feature = feature_sql("ST_MakePoint(lon, lat)", CELL_COLUMNS)
    cells = added_cells(frame, *counted)
    found = rows_of_statement(f'SELECT {feature}, "count" FROM ({cells}) AS cell') if cells else []  # noqa: S608
    return Clusters([text for text, _n in found], sum(int(n) for _text, n in found), frame.cell_m)


def _total(counts: list[F]) -> Combinable:
    total: Combinable = counts[0]
    for count in counts[1:]:
        total = total + count
    return total
