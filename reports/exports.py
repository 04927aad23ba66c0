"""The reports as data: GeoJSON for a GIS, CSV for a spreadsheet. Same report, same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from appeals.filters import AppealFilter
from geo.grid import Cell, Grid
from reports.heatmap import Heatmap
from reports.sizes import WINDOW_CELLS
from web.spreadsheets import plain

if TYPE_CHECKING:
    from reports.hotspots import HotCell, Hotspots

_CELL = ("cell", "i", "j", "cell_m")
_PLACE = ("west_m", "south_m", "lon", "lat")

CSV_COLUMNS = (*_CELL, "count", "district", "district_name", *_PLACE)

#: Properties of a tested cell, columns of its table.
_HOT_VALUES = ("count", "observed", "expected", "ratio", "p", "q", "class")
HOTSPOT_COLUMNS = (*_CELL, *_HOT_VALUES, *_PLACE)


def as_geojson(heatmap: Heatmap) -> bytes:
    """FeatureCollection of the cells (RFC 7946; polygons in EPSG:4326), fullest first.

    The foreign members ``grid`` and ``report`` document the counting: a cell is floor(metres in EPSG:srid /
    cell_m).
    """
    return _feature_collection(
        heatmap.grid,
        {
            "total": heatmap.total,
            "withheld": heatmap.withheld,
            "borders": heatmap.borders,
            **_question(heatmap.wanted),
            "classes": [list(bounds) for bounds in heatmap.classes],
        },
        [
            (
                row.cell,
                {
                    "count": row.count,
                    "class": row.level + 1,
                    "district": row.district.code if row.district else None,
                    "district_name": row.district.name if row.district else None,
                },
            )
            for row in heatmap.cells
        ],
    )


def hotspots_as_geojson(hotspots: Hotspots) -> bytes:
    """FeatureCollection of the tested cells that have appeals or differ (RFC 7946; polygons in EPSG:4326), the surest first.

    ``observed`` and ``expected`` are of the cell and its neighbours, ``class`` is -3 to 3. The foreign member ``report`` holds the
    question and the method.
    """
    return _feature_collection(
        hotspots.grid,
        {
            "total": hotspots.total,
            "outside": hotspots.outside,
            "borders": hotspots.borders,
            **_question(hotspots.wanted),
            "compared_with": hotspots.compared,
            "compared_total": hotspots.others,
            "cells_tested": hotspots.tested,
            "neighbours": {"cells": WINDOW_CELLS, "radius_m": hotspots.radius_m},
            "not_tested_because": hotspots.refusal,
        },
        [(row.cell, dict(zip(_HOT_VALUES, _hot_values(row), strict=True))) for row in hotspots.cells],
    )


def _feature_collection(
    grid: Grid, report: dict[str, Any], cells: list[tuple[Cell, dict[str, Any]]]
) -> bytes:
    rings = grid.rings([cell for cell, _properties in cells])
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "grid": {"cell_m": grid.cell_m, "srid": grid.srid, "origin_m": [0, 0]},
            "report": report,
            "features": [
                {
                    "type": "Feature",
                    "id": cell.id,
                    "properties": {"id": cell.id, "i": cell.i, "j": cell.j, **properties},
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
                for (cell, properties), ring in zip(cells, rings, strict=True)
            ],
        }
    )


def _question(wanted: AppealFilter) -> dict[str, Any]:
    return {
        "from": wanted.since,
        "to": wanted.until,
        "category": wanted.category or None,
        "kind": wanted.kind or None,
        "district": wanted.district or None,
        "service": wanted.service or None,
        "status": list(wanted.status) or None,
    }


def _hot_values(row: HotCell) -> tuple[int | float | None, ...]:
    return (
        row.count,
        row.observed,
        round(row.expected, 4),
        None if row.ratio is None else round(row.ratio, 4),
        None if row.p is None else float(f"{row.p:.6g}"),
        None if row.q is None else float(f"{row.q:.6g}"),
        row.level,
    )


def as_csv(heatmap: Heatmap) -> bytes:
    """The cells as a table, fullest first; ``lon``, ``lat``: the centre, ``west_m``, ``south_m``: the corner.

    UTF-8 with a byte order mark: without it, spreadsheets garble Cyrillic names.
    """
    return _table(
        CSV_COLUMNS,
        heatmap.grid,
        [
            (
                row.cell,
                (row.count, *((row.district.code, row.district.name) if row.district else ("", ""))),
            )
            for row in heatmap.cells
        ],
    )


def hotspots_as_csv(hotspots: Hotspots) -> bytes:
    """The tested cells as a table like that of ``as_csv``, the surest first; what was not tested is empty."""
    return _table(
        HOTSPOT_COLUMNS,
        hotspots.grid,
        [
            (row.cell, tuple("" if value is None else value for value in _hot_values(row)))
            for row in hotspots.cells
        ],
    )


def _table(columns: Sequence[str], grid: Grid, cells: list[tuple[Cell, tuple[Any, ...]]]) -> bytes:
    rings = grid.rings([cell for cell, _values in cells])
    side = grid.cell_m
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(columns)
    for (cell, values), ring in zip(cells, rings, strict=True):
        (west, south), _, (east, north), *_ = ring
        corner = (cell.i * side, cell.j * side)
        centre = (f"{(west + east) / 2:.6f}", f"{(south + north) / 2:.6f}")
        table.writerow([cell.id, cell.i, cell.j, side, *map(plain, values), *corner, *centre])
    return text.getvalue().encode("utf-8-sig")
