"""What a map draws of many appeals: the appeals themselves where they are few, else counts in square cells of the map.

However many appeals there are, a map's answer is small (at most ``PINS_MAX`` appeals or ``CELLS_MAX`` cells), and what
the public sees without a filter, or with two at most, is read from ``PyramidCell``, whose size is the city's and not its history's.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, Count, ExpressionWrapper, FloatField, Func, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.utils import timezone

from accounts.models import User
from appeals.filters import AppealFilter, Keys, condition_of, keys_of
from appeals.models import Appeal, PyramidChange
from appeals.models.pyramid import (
    CELL_ZOOM,
    COORDINATE_UNIT,
    is_late,
    kept_under,
    late_before,
)
from appeals.querysets import AppealQuerySet
from appeals.vocabulary import OPEN_STATUSES, Status
from geo.bbox import Bbox
from geo.geojson import FeatureText, feature_sql, feature_texts, rows_of_statement
from geo.statements import literals, statement_of
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
CELLS_SQL: Final = {
    name: (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    for name in ("cells", "kept_cells", "changed_cells", "late_cells")
}
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
    def around(self) -> Bbox:
        """Box of its cells and of one counted cell more on each side, since what decides is the cell."""
        return box_of(CELL_ZOOM, *((first - 1, last + 1) for first, last in (self.x, self.y)))

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
    bbox = (wanted.bbox or city).common(city)
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
            kept += counted_now(hidden, frame)
        drawn = _drawn(frame, *kept)
        return drawn if drawn.matched > PINS_MAX else _pins(appeals) or drawn
    return _pins(appeals) or _drawn(frame, *counted_now(appeals, frame))


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


def kept_cells(wanted: AppealFilter, keys: Keys, frame: Frame) -> list[str]:
    """Statements of what the public sees in each cell of what the filter leaves, from what is kept of it; none where it must be counted.

    Each of them has the cell's ``column`` and ``row`` among the tiles of its zoom, ``count``, ``of_`` each status, ``lon`` and
    ``lat`` summed over its appeals, and what is ``overdue``; they are to be added. Where statuses are chosen beside another
    filter, a cell's place is the mean of its appeals of any status.
    """
    under = kept_under(wanted, keys)
    zoom = next((zoom for zoom in under.zooms if zoom >= frame.cell_zoom), None) if under else None
    if under is None or zoom is None or not under.keys:
        return []
    by_status_alone = not replace(wanted, status=()).narrows
    late = set(wanted.status or OPEN_STATUSES) & set(OPEN_STATUSES)
    # What was late already when it was folded is kept of all open ones together, or of each status alone.
    late_kept = bool(late) and (by_status_alone or late == set(OPEN_STATUSES))
    changes, late_since = _not_folded(
        under.whole, tuple((name, tuple(found)) for name, found in keys.items()), timezone.localdate()
    )
    kept = [
        _summed(under.keys, zoom, frame, wanted.status, overdue="sum(n_late)" if late_kept else "0"),
        _changed(changes, frame, overdue=_sum_of_signs("is_late") if late_kept else "0"),
    ]
    public = Appeal.objects.public()
    for sign, end in under.ends:
        rows = touching(public.filtered(end, keys), frame.around)
        counted = [cells_of(rows, frame), *([late_cells(rows, frame)] if late_kept else [])]
        kept += [_signed(sign, statement_of(cells)) for cells in counted]
    if late_kept:
        kept += [
            CELLS_SQL["late_cells"].format(
                late=late_since, of_statuses=_of_statuses(lambda _status: "0"), doublings=frame.doublings
            )
        ]
    elif late:
        kept += [statement_of(late_cells(public.filtered(wanted, keys), frame))]
    return kept


def _signed(sign: int, statement: str) -> str:
    """The statement of cells, whose numbers are to be added, or taken away."""
    numbers = ("count", *_OF_STATUS, "lon", "lat", "overdue")
    signed = ", ".join(f'{sign} * "{number}" AS "{number}"' for number in numbers)
    return f'SELECT "column", "row", {signed} FROM ({statement}) AS cell' if statement else ""  # noqa: S608


def touching(rows: AppealQuerySet, box: Bbox) -> AppealQuerySet:
    """Those that may be in the box; one that holds the whole city needs no look at a million points."""
    return rows if box.covers(Bbox(*settings.CITY_BOUNDS)) else rows.filter(point__bboverlaps=box.polygon())


@lru_cache(maxsize=256)
def _not_folded(
    wanted: AppealFilter, keys: tuple[tuple[tuple[str, str], tuple[int, ...]], ...], today: dt.date
) -> tuple[str, str]:
    """Statements of what the filter leaves of the changes that are not folded, and of what is late since the last folding.

    Composed once for a day: that takes longer than the database has with a tile.
    """
    of_rows = {name: list(found) for name, found in keys}
    place = {"column": TileColumn("point", CELL_ZOOM), "row": TileRow("point", CELL_ZOOM)}
    changes = PyramidChange.objects.filter(condition_of(wanted, of_rows)).values(
        "sign",
        "status",
        **place,
        lon=_degrees("X"),
        lat=_degrees("Y"),
        is_late=ExpressionWrapper(is_late(), BooleanField()),
    )
    public = Appeal.objects.public().filtered(wanted, of_rows).order_by()
    late = public.overdue(today).filter(due_on__gte=late_before()).values(**place)
    return statement_of(changes), statement_of(late)


def _summed(keys: Sequence[str], zoom: int, frame: Frame, statuses: tuple[str, ...], *, overdue: str) -> str:
    """Of cells that are tiles of the zoom."""
    drawn = statuses or tuple(Status.values)
    finer = CELL_ZOOM - zoom
    (west, east), (north, south) = ((first >> finer, last >> finer) for first, last in (frame.x, frame.y))
    return CELLS_SQL["kept_cells"].format(
        doublings=zoom - frame.cell_zoom,
        count=_total(drawn),
        every=_total(Status.values),
        of_statuses=_of_statuses(lambda status: f"sum(n_{status})" if status in drawn else "0"),
        unit=COORDINATE_UNIT,
        overdue=overdue,
        keys=literals(keys),
        zoom=zoom,
        west=west,
        east=east,
        north=north,
        south=south,
    )


def _changed(changes: str, frame: Frame, *, overdue: str) -> str:
    """Of what the cells do not hold yet."""
    return CELLS_SQL["changed_cells"].format(
        doublings=frame.doublings,
        of_statuses=_of_statuses(lambda status: _sum_of_signs(f"status = '{status}'")),
        overdue=overdue,
        changes=changes,
    )


def _sum_of_signs(condition: str) -> str:
    return f"coalesce(sum(sign) FILTER (WHERE {condition}), 0)"


def _of_statuses(counted: Callable[[str], str]) -> str:
    return ", ".join(f"{counted(status)} AS of_{status}" for status in Status.values)


def counted_now(rows: AppealQuerySet, frame: Frame) -> list[str]:
    """Statements of what ``kept_cells`` says, of these appeals, counted from the rows."""
    return [statement_of(cells_of(rows, frame)), statement_of(late_cells(rows, frame))]


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
    late = rows.overdue(timezone.localdate()).filter(point__bboverlaps=frame.around.polygon())
    column, row = (side("point", CELL_ZOOM) for side in (TileColumn, TileRow))
    grouped: QuerySet[Any, Any] = _grouped(late, column, row, frame.doublings).annotate(
        count=Value(0),
        **dict.fromkeys(_OF_STATUS, Value(0)),
        lon=Value(0.0),
        lat=Value(0.0),
        overdue=Count("*"),
    )
    return grouped


def added_cells(frame: Frame, *counted: str) -> str:
    """Statement of the frame's cells, each with all that the statements count in it; empty where there can be none."""
    statements = [f"({statement})" for statement in counted if statement]
    if not statements:
        return ""
    (west, east), (north, south) = (
        (first >> frame.doublings, last >> frame.doublings) for first, last in (frame.x, frame.y)
    )
    return CELLS_SQL["cells"].format(
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


def _drawn(frame: Frame, *counted: str) -> Clusters:
    feature = feature_sql("ST_MakePoint(lon, lat)", CELL_COLUMNS)
    cells = added_cells(frame, *counted)
    found = rows_of_statement(f'SELECT {feature}, "count" FROM ({cells}) AS cell') if cells else []  # noqa: S608
    return Clusters([text for text, _n in found], sum(int(n) for _text, n in found), frame.cell_m)


def _total(statuses: Iterable[str]) -> str:
    return "(" + " + ".join(f"n_{status}" for status in statuses) + ")"
