"""The reports as data: GeoJSON for a GIS, CSV for a spreadsheet. Same report, same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from geo.grid import Cell, Grid
from reports.facts import other_period, question
from reports.ground import nearest_place_of_each
from reports.heatmap import Heatmap
from reports.sizes import WINDOW_CELLS, WINDOW_RADIUS_CELLS
from web.spreadsheets import plain

if TYPE_CHECKING:
    from reports.alerts import AlertCell, Alerts
    from reports.answers import Answers, AnswersReport
    from reports.by_district import ByDistrict, DistrictRate
    from reports.hotspots import HotCell, Hotspots
    from reports.intervention import BeforeAfterReport
    from reports.seasons import Seasons
    from reports.trends import TrendCell, Trends

_CELL = ("cell", "i", "j", "cell_m")
_PLACE = ("west_m", "south_m", "lon", "lat")

CSV_COLUMNS = (*_CELL, "count", "district", "district_name", *_PLACE)

#: Properties of a tested cell, columns of its table.
_HOT_VALUES = ("count", "observed", "expected", "ratio", "p", "q", "class")
HOTSPOT_COLUMNS = (*_CELL, *_HOT_VALUES, "place", *_PLACE)

#: Properties of a cell with a pattern, columns of its table. ``months`` has one letter a month: h more, c fewer, a point neither.
_TREND_VALUES = ("count", "pattern", "hot_months", "cold_months", "trend_z", "trend_q", "months")
TREND_COLUMNS = (*_CELL, *_TREND_VALUES, *_PLACE)

#: Properties of a cell of the recent weeks, columns of its table; what begins with ``alert`` is of the alert it belongs to, if any.
_ALERT_VALUES = ("count", "expected", "alert", "alert_weeks", "alert_count", "alert_expected", "alert_p")
ALERT_COLUMNS = (*_CELL, *_ALERT_VALUES, *_PLACE)

#: Properties of a district, columns of its table.
DISTRICT_COLUMNS = (
    "district",
    "name",
    "count",
    "area_km2",
    "per_km2",
    "residents",
    "per_1000_residents",
    "expected",
    "ratio",
    "ratio_low",
    "ratio_high",
    "q",
    "smoothed_ratio",
    "class",
    "year_before",
    "year_before_ratio",
    "year_before_q",
    "second_period",
    "second_period_ratio",
    "second_period_q",
)

#: Columns of a group of appeals in the report of answers, before which its service and district stand.
_ANSWER_VALUES = (
    "count",
    "waiting",
    "half_days",
    "most_days",
    "watched_days",
    "terms_over",
    "terms_kept",
    "share_kept",
    "share_low",
    "share_high",
    "difference",
    "difference_low",
    "difference_high",
    "q",
    "level",
)
ANSWER_COLUMNS = ("service", "service_name", "district", "district_name", *_ANSWER_VALUES)
#: The same of a district with all its services.
ANSWERED_DISTRICT_COLUMNS = ("district", "name", *_ANSWER_VALUES)


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
            **question(heatmap.wanted),
            **other_period(heatmap.year_before),
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

    ``observed`` and ``expected`` are of the cell and its neighbours, ``class`` is -3 to 3 (0 to 3 where chance is compared with); without a test nothing is expected; ``place`` the nearest known one. The foreign member ``report`` holds the
    question and the method.
    """
    return _feature_collection(
        hotspots.grid,
        {
            "total": hotspots.total,
            "outside": hotspots.outside,
            "borders": hotspots.borders,
            **question(hotspots.wanted),
            **other_period(hotspots.year_before),
            "compared_with": hotspots.compared,
            "compared_total": hotspots.others,
            "cells_tested": hotspots.tested,
            "neighbours": {"cells": WINDOW_CELLS, "radius_m": hotspots.radius_m},
            "not_tested_because": hotspots.refusal,
        },
        [
            (row.cell, {**hot_values(row), "place": place})
            for row, place in zip(hotspots.cells, _places_of(hotspots), strict=True)
        ],
    )


def trends_as_geojson(trends: Trends) -> bytes:
    """FeatureCollection of the cells that have appeals or a pattern (RFC 7946; polygons in EPSG:4326), the most urgent first.

    ``months`` has a letter for each of the report's months: ``h`` clearly more than expected, ``c`` clearly fewer, ``.`` neither.
    """
    return _feature_collection(
        trends.grid,
        {
            "total": trends.total,
            "unfinished": trends.unfinished,
            "outside": trends.outside,
            "borders": trends.borders,
            **question(trends.wanted),
            "months": [f"{month:%Y-%m}" for month in trends.months],
            "appeals_by_month": [row.count for row in trends.by_month],
            "cells_tested": trends.tested,
            "neighbours": {"cells": WINDOW_CELLS, "radius_m": WINDOW_RADIUS_CELLS * trends.size.cell_m},
            "city_trend": {"direction": trends.direction, "p": _digits(trends.p)},
            "not_tested_because": trends.refusal,
        },
        [(row.cell, dict(zip(_TREND_VALUES, _trend_values(row), strict=True))) for row in trends.cells],
    )


def alerts_as_geojson(found: Alerts) -> bytes:
    """FeatureCollection of the cells with appeals in the recent weeks, or in an alert (RFC 7946; polygons in EPSG:4326).

    ``count`` and ``expected`` are of all recent weeks, ``alert_count`` and ``alert_expected`` of the whole alert in its own weeks. The first
    alert is the strongest; the foreign member ``report`` has them all.
    """
    return _feature_collection(
        found.grid,
        {
            "total": found.total,
            "unfinished": found.unfinished,
            "borders": found.borders,
            **question(found.wanted),
            "weeks": [f"{week:%G-W%V}" for week in found.weeks],
            "appeals_by_recent_week": [row.count for row in found.recent],
            "usual_in_a_week": round(found.usual, 4),
            "cells_searched": found.tested,
            "radius_m": WINDOW_RADIUS_CELLS * found.size.cell_m,
            "alerts": [
                {
                    "cells": [cell.id for cell in alert.cells],
                    "weeks": alert.weeks,
                    "count": alert.count,
                    "expected": round(alert.expected, 4),
                    "p": _digits(alert.p),
                }
                for alert in found.alerts
            ],
            "not_searched_because": found.refusal,
        },
        [(row.cell, dict(zip(_ALERT_VALUES, _alert_values(found, row), strict=True))) for row in found.cells],
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


def districts_as_geojson(found: ByDistrict, outlines: Mapping[str, Any]) -> bytes:
    """FeatureCollection of the districts (RFC 7946; EPSG:4326), the highest smoothed ratio first.

    ``outlines`` are their geometries by code; a district of former borders has none. ``per_km2``
    is by area in the city's metric CRS; a count under the threshold and all that is made of it are null, and so are the 95 % interval of the
    ratio and ``q``, its false discovery rate, where the appeals are too few to be judged. ``class`` is that of the map: -3 to -1 for clearly fewer than expected,
    1 to 3 for clearly more, by how far; 0 where neither is clear.
    """
    return _district_collection(
        outlines,
        {
            "total": found.total,
            "in_no_district": found.elsewhere,
            "borders": found.borders,
            **question(found.wanted),
            **other_period(found.year_before),
            "compared_with": found.measure,
            "compared_total": found.others,
        },
        district_rows(found),
    )


def _district_collection(
    outlines: Mapping[str, Any], report: dict[str, Any], districts: list[dict[str, Any]]
) -> bytes:
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "report": report,
            "features": [
                {
                    "type": "Feature",
                    "id": properties["district"],
                    "properties": properties,
                    "geometry": outlines.get(properties["district"]),
                }
                for properties in districts
            ],
        }
    )


def districts_as_csv(found: ByDistrict) -> bytes:
    """The districts as a table, the highest smoothed ratio first; what may not be shown is empty."""
    return _written(
        DISTRICT_COLUMNS,
        [district_values(row) for row in found.rows],
    )


def district_rows(found: ByDistrict) -> list[dict[str, int | float | str | None]]:
    """Each district's values by the names of ``DISTRICT_COLUMNS``."""
    return [dict(zip(DISTRICT_COLUMNS, district_values(row), strict=True)) for row in found.rows]


def district_values(row: DistrictRate) -> tuple[int | float | str | None, ...]:
    """The row's values of ``DISTRICT_COLUMNS``; None for what may not be shown."""
    return (
        row.district.code,
        row.district.name,
        row.count,
        round(row.district.area_m2 / 1e6, 4),
        _rounded(row.per_km2),
        row.district.residents,
        _rounded(row.per_1000),
        _rounded(row.expected),
        _rounded(row.ratio),
        _rounded(row.low),
        _rounded(row.high),
        _rounded(row.q),
        _rounded(row.smoothed),
        row.level,
        *((None,) * 3 if row.chosen else _compared(row)),
        *(_compared(row) if row.chosen else (None,) * 3),
    )


def _compared(row: DistrictRate) -> tuple[int | float | None, ...]:
    return row.before, _rounded(row.change), _rounded(row.change_q)


def answers_as_geojson(found: AnswersReport, outlines: Mapping[str, Any]) -> bytes:
    """FeatureCollection of the districts (RFC 7946; EPSG:4326) with the answers of all services of the question together.

    Properties are as the columns of ``answers_as_csv``; ``outlines`` are the districts' geometries by code, of which one of former borders has none.
    """
    return _district_collection(
        outlines,
        {
            "total": found.total,
            "answered_elsewhere": found.elsewhere,
            "borders": found.borders,
            **question(found.wanted),
            "whole": dict(zip(_ANSWER_VALUES, _answer_values(found.whole), strict=True)),
        },
        [dict(zip(ANSWERED_DISTRICT_COLUMNS, row, strict=True)) for row in answered_district_values(found)],
    )


def answered_district_values(found: AnswersReport) -> list[tuple[int | float | str | None, ...]]:
    """Each district's values of ``ANSWERED_DISTRICT_COLUMNS``; None for what may not be shown."""
    return [
        (district.code, district.name, *_answer_values(one))
        for district, one in zip(found.districts, found.answers, strict=True)
    ]


def answers_as_csv(found: AnswersReport) -> bytes:
    """A row for the city, each district, each service, and each service in each district; empty codes mean all of them.

    Days are whole ones; shares and differences are parts of one. What is told of too few appeals, or cannot be told yet, is empty;
    ``level`` is -1 for clearly fewer terms kept than elsewhere, 1 for clearly more.
    """
    rows = [("", "", "", "", found.whole)]
    rows += [
        ("", "", one.code, one.name, answers)
        for one, answers in zip(found.districts, found.answers, strict=True)
    ]
    for service in found.services:
        rows.append((service.code, service.name, "", "", service.whole))
        rows += [
            (service.code, service.name, one.code, one.name, answers)
            for one, answers in zip(found.districts, service.districts, strict=True)
            if answers
        ]
    return _written(
        ANSWER_COLUMNS,
        [[*names, *_answer_values(answers)] for *names, answers in rows],
    )


#: Columns of a month in the report of before and after.
MONTH_COLUMNS = ("from", "to", "after", "area", "expected", "ring")


def change_as_geojson(found: BeforeAfterReport) -> bytes:
    """FeatureCollection of the cells of the area, of the ring around it and of the control, as ``role`` says (RFC 7946; polygons in EPSG:4326)."""
    return _feature_collection(
        found.grid,
        {
            "total": found.total,
            **question(found.wanted),
            "on": found.done.on,
            "lacks": list(found.asks) or None,
        },
        [(cell, {"role": role}) for cell, role in found.cells],
    )


def change_as_csv(found: BeforeAfterReport) -> bytes:
    """The months as a table: their days, both included, whether ``after`` is 1, the appeals of the area, what the control lets expect there, and those of the ring."""
    return _written(
        MONTH_COLUMNS,
        [
            (
                row.first.isoformat(),
                row.last.isoformat(),
                int(not row.before),
                row.count,
                _rounded(row.expected),
                row.ring,
            )
            for row in found.months
        ],
    )


#: Columns of a category's month of the year in the report of seasons.
SEASON_COLUMNS = ("category", "category_name", "month", "years", "count", "expected", "index", "q")


def seasons_as_csv(found: Seasons) -> bytes:
    """A row for each category and month of the year (1 to 12), seen in so many ``years``: its appeals, what its trend lets expect without a season, the one by the other."""
    return _written(
        SEASON_COLUMNS,
        [
            (
                row.code,
                row.name,
                n,
                years,
                month.count,
                None if month.index is None else _rounded(month.expected),
                _rounded(month.index),
                _digits(row.q),
            )
            for row in found.rows
            for n, (month, years) in enumerate(zip(row.months, found.years, strict=True), start=1)
        ],
    )


def _answer_values(one: Answers) -> tuple[int | float | None, ...]:
    from reports.tallies import showable

    if not one.enough:
        return (showable(one.n), *[None] * (len(_ANSWER_VALUES) - 1))
    low, high = one.interval or (None, None)
    compared = one.compared
    return (
        one.n,
        showable(one.waiting),
        one.half_days,
        one.most_days,
        one.watched_days,
        *((one.over, one.kept) if one.judged else (None, None)),
        _rounded(one.share),
        _rounded(low),
        _rounded(high),
        *(
            (
                _rounded(compared.value),
                _rounded(compared.low),
                _rounded(compared.high),
                _digits(compared.q),
                compared.level,
            )
            if compared
            else [None] * 5
        ),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def hot_values(row: HotCell) -> dict[str, Any]:
    """What is told of a tested cell, by name."""
    values = (
        row.count,
        row.observed,
        _rounded(row.expected),
        _rounded(row.ratio),
        _digits(row.p),
        _digits(row.q),
        row.level,
    )
    return dict(zip(_HOT_VALUES, values, strict=True))


def _trend_values(row: TrendCell) -> tuple[int | float | str | None, ...]:
    return (
        row.count,
        row.pattern.name.lower(),
        row.hot_months,
        row.cold_months,
        round(row.z, 4),
        _digits(row.q),
        "".join("h" if hot else "c" if cold else "." for hot, cold in row.sure),
    )


def _alert_values(found: Alerts, row: AlertCell) -> tuple[int | float | None, ...]:
    if not row.alert:
        return (row.count, _rounded(row.expected), None, None, None, None, None)
    alert = found.alerts[row.alert - 1]
    return (
        row.count,
        _rounded(row.expected),
        row.alert,
        alert.weeks,
        alert.count,
        round(alert.expected, 4),
        _digits(alert.p),
    )


def _digits(p: float | None) -> float | None:
    return None if p is None else float(f"{p:.6g}")


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
            (row.cell, (*hot_values(row).values(), place))
            for row, place in zip(hotspots.cells, _places_of(hotspots), strict=True)
        ],
    )


def _places_of(hotspots: Hotspots) -> list[str]:
    """The known place nearest to each cell, in the reader's language, by which people know it."""
    rings = hotspots.grid.rings([row.cell for row in hotspots.cells])
    return nearest_place_of_each(
        [((ring[0][0] + ring[2][0]) / 2, (ring[0][1] + ring[2][1]) / 2) for ring in rings]
    )


def trends_as_csv(trends: Trends) -> bytes:
    """The cells with their patterns as a table like that of ``as_csv``, the most urgent first; a count that may not be shown is empty."""
    return _table(
        TREND_COLUMNS,
        trends.grid,
        [(row.cell, _trend_values(row)) for row in trends.cells],
    )


def alerts_as_csv(found: Alerts) -> bytes:
    """The cells of the recent weeks as a table like that of ``as_csv``, the alerts first; what is in none has empty columns of it."""
    return _table(
        ALERT_COLUMNS,
        found.grid,
        [(row.cell, _alert_values(found, row)) for row in found.cells],
    )


def _table(columns: Sequence[str], grid: Grid, cells: list[tuple[Cell, tuple[Any, ...]]]) -> bytes:
    rings = grid.rings([cell for cell, _values in cells])
    side = grid.cell_m
    rows = []
    for (cell, values), ring in zip(cells, rings, strict=True):
        (west, south), _, (east, north), *_ = ring
        corner = (cell.i * side, cell.j * side)
        centre = (f"{(west + east) / 2:.6f}", f"{(south + north) / 2:.6f}")
        rows.append([cell.id, cell.i, cell.j, side, *values, *corner, *centre])
    return _written(columns, rows)


def _written(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """The table; None is an empty cell."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(columns)
    table.writerows([plain(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
