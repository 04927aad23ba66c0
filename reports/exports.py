"""The heat report as data: GeoJSON for a GIS, CSV for a spreadsheet. Same report, same bytes."""

from __future__ import annotations

import csv
import io

import orjson

from reports.heatmap import Heatmap

CSV_COLUMNS = (
    "cell",
    "i",
    "j",
    "cell_m",
    "count",
    "district",
    "district_name",
    "west_m",
    "south_m",
    "lon",
    "lat",
)


def as_geojson(heatmap: Heatmap) -> bytes:
    """FeatureCollection of the cells (RFC 7946; polygons in EPSG:4326), fullest first.

    The foreign members ``grid`` and ``report`` document the counting: a cell is floor(metres in EPSG:srid /
    cell_m).
    """
    rings = heatmap.grid.rings([row.cell for row in heatmap.cells])
    wanted = heatmap.wanted
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "grid": {"cell_m": heatmap.grid.cell_m, "srid": heatmap.grid.srid, "origin_m": [0, 0]},
            "report": {
                "total": heatmap.total,
                "withheld": heatmap.withheld,
                "borders": heatmap.borders,
                "from": wanted.since,
                "to": wanted.until,
                "category": wanted.category or None,
                "kind": wanted.kind or None,
                "district": wanted.district or None,
                "service": wanted.service or None,
                "status": list(wanted.status) or None,
                "classes": [list(bounds) for bounds in heatmap.classes],
            },
            "features": [
                {
                    "type": "Feature",
                    "id": row.cell.id,
                    "properties": {
                        "id": row.cell.id,
                        "i": row.cell.i,
                        "j": row.cell.j,
                        "count": row.count,
                        "class": row.level + 1,
                        "district": row.district.code if row.district else None,
                        "district_name": row.district.name if row.district else None,
                    },
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
                for row, ring in zip(heatmap.cells, rings, strict=True)
            ],
        }
    )


def as_csv(heatmap: Heatmap) -> bytes:
    """The cells as a table, fullest first; ``lon``, ``lat``: the centre, ``west_m``, ``south_m``: the corner.

    UTF-8 with a byte order mark: without it, spreadsheets garble Cyrillic names.
    """
    rings = heatmap.grid.rings([row.cell for row in heatmap.cells])
    side = heatmap.grid.cell_m
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(CSV_COLUMNS)
    for row, ring in zip(heatmap.cells, rings, strict=True):
        (west, south), _, (east, north), *_ = ring
        district = (row.district.code, row.district.name) if row.district else ("", "")
        corner = (row.cell.i * side, row.cell.j * side)
        centre = (f"{(west + east) / 2:.6f}", f"{(south + north) / 2:.6f}")
        table.writerow([row.cell.id, row.cell.i, row.cell.j, side, row.count, *district, *corner, *centre])
    return text.getvalue().encode("utf-8-sig")
