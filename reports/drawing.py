"""The reports as maps: cells, legend and texts, for the screen (``geo.folium_map``) and for paper (``geo.paper_map``).

Folium imports pandas, so this module is only imported by the first request that draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import shapely
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from appeals.filters import AppealFilter
from geo.bbox import Bbox
from geo.classes import CountClass, natural_breaks
from geo.folium_map import CellMap, MapCell, MapLevel, MapSteps, Units, ramp, square
from geo.grid import Cell, Grid
from geo.hotspots import Pattern
from reports.alert_sentences import alert_cell_words, alert_notes, alert_summary_words
from reports.alerts import AlertCell, Alerts
from reports.answer_sentences import LEVEL_COLOURS, answers_notes, district_answer_words, kept_level_words
from reports.answers import AnswersReport
from reports.by_district import ByDistrict
from reports.change_sentences import ROLE_COLOURS, change_notes, change_summary_words, role_words
from reports.contour_sentences import contours_notes, density_words
from reports.contours import contours_of, outline_of
from reports.count_sentences import counts_notes
from reports.district_sentences import (
    district_level_words,
    district_notes,
    district_words,
    legend_words,
)
from reports.figures import direction_mark
from reports.forms import ReportQuery
from reports.ground import base_layer, district_borders, outlines_of
from reports.heatmap import MOST_CLASSES, Heatmap, class_of
from reports.hot_sentences import (
    LEVELS_SHOWN,
    cell_words,
    hot_notes,
    level_words,
)
from reports.hotspots import Compared, HotCell, Hotspots
from reports.intervention import BeforeAfterReport
from reports.season_sentences import season_notes
from reports.seasons import Seasons
from reports.sentences import (
    MOST_NAMED,
    appeals_words,
    class_words,
)
from reports.sizes import CellSize
from reports.tallies import Borders, showable
from reports.trend_sentences import (
    month_words,
    pattern_words,
    trend_cell_words,
    trend_notes,
    trend_summary_words,
)
from reports.trends import Trends

#: Cells in less than this part of the city's box are shown by themselves: those of a district, of an area that was drawn.
_SMALL_PART = 0.35


def counts_map(heatmap: Heatmap, selection: ReportQuery, filters: list[tuple[str, str]]) -> CellMap:
    """The counts as a map."""
    return _map(
        title=_("Where appeals gather: %(city)s") % {"city": _city()},
        notes=counts_notes(heatmap, filters),
        rows_url=_rows_url(heatmap.grid, selection),
        cells=_squares(
            heatmap.grid,
            [
                (
                    row.cell,
                    row.level,
                    (appeals_words(row.count), *([row.district.name] if row.district else [])),
                    True,
                )
                for row in heatmap.cells
            ],
        ),
        levels=_ramp(heatmap.classes),
        legend=_counts_legend(heatmap.size),
    )


def contours_map(heatmap: Heatmap, filters: list[tuple[str, str]]) -> CellMap:
    """Where appeals are so and so dense, as areas between contours."""
    found = contours_of(heatmap)
    # Each without what is denser, so that no colour lies on another.
    inner = [area.shape for area in found.areas[1:]] + [shapely.Polygon()]
    highs = [area.per_km2 for area in found.areas[1:]] + [None]
    words = [density_words(area.per_km2, high) for area, high in zip(found.areas, highs, strict=True)]
    return _map(
        title=_("How densely appeals come in: %(city)s") % {"city": _city()},
        notes=contours_notes(heatmap, found, filters),
        rows_url="",
        cells=[
            MapCell(
                str(level),
                outline_of(shapely.difference(area.shape, denser)),
                level,
                (words[level],),
                rows=False,
            )
            for level, (area, denser) in enumerate(zip(found.areas, inner, strict=True))
        ],
        levels=ramp(words),
        legend=_("Appeals per km²"),
    )


def hotspots_map(hotspots: Hotspots, selection: ReportQuery, filters: list[tuple[str, str]]) -> CellMap:
    """The tested cells as a map; without a test, their counts."""
    classes = natural_breaks((row.count or 0 for row in hotspots.cells if hotspots.refusal), MOST_CLASSES)
    shown = _levels_of(hotspots.cells)
    return _map(
        title=_("Hotspots: %(city)s") % {"city": _city()},
        notes=hot_notes(hotspots, filters),
        rows_url=_rows_url(hotspots.grid, selection),
        cells=_squares(
            hotspots.grid,
            [
                (
                    row.cell,
                    class_of(row.count or 0, classes) if hotspots.refusal else shown.index(row.level),
                    cell_words(hotspots, row),
                    bool(row.count),
                )
                for row in hotspots.cells
            ],
        ),
        levels=_ramp(classes) if hotspots.refusal else _drawn(shown, fewer=hotspots.compared is Compared.ALL),
        legend=_counts_legend(hotspots.size) if hotspots.refusal else _("Compared with what was expected"),
    )


def trends_map(trends: Trends, selection: ReportQuery, filters: list[tuple[str, str]]) -> CellMap:
    """The patterns, and each month of them, as a map."""
    shown = [row.pattern for row in trends.patterns]
    return _map(
        title=_("Trends: %(city)s") % {"city": _city()},
        notes=trend_notes(trends, filters),
        rows_url=_rows_url(trends.grid, replace(selection, wanted=trends.counted)),
        cells=[
            replace(drawn, steps=tuple(LEVELS_SHOWN.index(level) for level in row.levels))
            for drawn, row in zip(
                _squares(
                    trends.grid,
                    [
                        (row.cell, shown.index(row.pattern), trend_cell_words(trends, row), bool(row.count))
                        for row in trends.cells
                    ],
                ),
                trends.cells,
                strict=True,
            )
        ],
        levels=[MapLevel(pattern_words(pattern), pattern_colour(pattern)) for pattern in shown],
        legend=_("What became of the place"),
        steps=MapSteps(
            names=tuple(month_words(month) for month in trends.months),
            overall=_("All months"),
            levels=_drawn(LEVELS_SHOWN),
            legend=_("Compared with what was expected"),
            play=pgettext("verb, on the button of a map", "Play"),
            pause=pgettext("verb, on the button of a map", "Pause"),
            slider=_("Month"),
        ),
        empty=trend_summary_words(trends) if trends.refusal and trends.total else "",
    )


def alerts_map(found: Alerts, selection: ReportQuery, filters: list[tuple[str, str]]) -> CellMap:
    """The cells of the recent weeks, those of an alert by how sure it is."""
    shown = _levels_of(found.cells)
    return _map(
        title=_("Weekly alerts: %(city)s") % {"city": _city()},
        notes=alert_notes(found, filters),
        rows_url=_rows_url(found.grid, replace(selection, wanted=found.lately)),
        cells=_squares(
            found.grid,
            [
                (row.cell, shown.index(row.level), alert_cell_words(found, row), bool(row.count))
                for row in found.cells
            ],
        ),
        levels=_drawn(shown),
        legend=_("The last weeks, compared with those before"),
        empty=alert_summary_words(found) if found.refusal and found.total else "",
    )


def districts_map(found: ByDistrict, filters: list[tuple[str, str]]) -> CellMap:
    """The districts by class as a map."""
    borders = district_borders(timezone.localdate())
    outlines = outlines_of(borders)
    shown = [level for level in (*LEVELS_SHOWN, None) if level in {row.level for row in found.rows}]
    return _map(
        title=_("Districts: %(city)s") % {"city": _city()},
        notes=district_notes(found, filters),
        rows_url=_district_rows_url(found.wanted),
        cells=[
            MapCell(
                row.district.code,
                outlines[row.district.code],
                shown.index(row.level),
                (row.district.name, *district_words(found, row)),
                bool(row.count) and found.borders is Borders.TODAY,
            )
            for row in found.rows
            if row.district.code in outlines
        ],
        levels=[MapLevel(district_level_words(level), _district_colour(level)) for level in shown],
        legend=legend_words(found),
        borders=_marked(borders, found),
    )


def _district_colour(level: int | None) -> str:
    return "blank" if level is None else hot_colour(level)


def _marked(borders: Mapping[str, Any], found: ByDistrict) -> dict[str, Any]:
    """The borders with the marks of the table before their names, by which more and fewer are told in grey print too, and with its numbers.

    ``first`` are those that the sentences name.
    """
    rows = {row.district.code: (number, row) for number, row in enumerate(found.rows, start=1)}
    named = {row.district.code for side in (1, -1) for row in found.clear(side)[:MOST_NAMED]}

    def marked(feature: dict[str, Any]) -> dict[str, Any]:
        told = feature["properties"]
        if told["code"] not in rows:
            return feature
        number, row = rows[told["code"]]
        mark = direction_mark(row.direction)
        own = {"name": f"{mark}\N{NO-BREAK SPACE}{told['name']}".strip(), "number": f"{mark}{number}"}
        return {**feature, "properties": {**told, **own, "first": told["code"] in named}}

    return {**borders, "features": [marked(one) for one in borders["features"]]}


def answers_map(found: AnswersReport, filters: list[tuple[str, str]]) -> CellMap:
    """The districts as a map, by whether clearly fewer or more terms are kept there than elsewhere."""
    borders = district_borders(timezone.localdate())
    outlines = outlines_of(borders)
    levels = [one.compared.level if one.compared else None for one in found.answers]
    shown = [level for level in LEVEL_COLOURS if level in levels]
    return _map(
        title=_("Answers: %(city)s") % {"city": _city()},
        notes=answers_notes(found, filters),
        rows_url=_district_rows_url(found.wanted),
        cells=[
            MapCell(
                district.code,
                outlines[district.code],
                shown.index(level),
                (district.name, appeals_words(one.n), *district_answer_words(one))
                if showable(one.n) is not None
                else (district.name, *district_answer_words(one)),
                bool(one.n) and found.borders is Borders.TODAY,
            )
            for district, one, level in zip(found.districts, found.answers, levels, strict=True)
            if district.code in outlines
        ],
        levels=[MapLevel(kept_level_words(level), LEVEL_COLOURS[level]) for level in shown],
        legend=_("Terms kept, compared with elsewhere"),
        borders=borders,
    )


def change_map(found: BeforeAfterReport, filters: list[tuple[str, str]]) -> CellMap:
    """The cells of the area, of its surroundings and of its control."""
    roles = [role for role in ROLE_COLOURS if role in {role for _cell, role in found.cells}]
    return _map(
        title=_("Before and after: %(city)s") % {"city": _city()},
        notes=change_notes(found, filters),
        rows_url=_rows_url(found.grid, ReportQuery(replace(found.counted, district=""), None)),
        cells=_squares(
            found.grid, [(cell, roles.index(role), (role_words(role),), True) for cell, role in found.cells]
        ),
        levels=[MapLevel(role_words(role), ROLE_COLOURS[role]) for role in roles],
        legend=_("What is compared"),
        empty=change_summary_words(found),
    )


def season_sheet(found: Seasons, filters: list[tuple[str, str]]) -> CellMap:
    """What stands around the tables on paper: seasons have no place on a map."""
    return _map(
        title=_("Seasons: %(city)s") % {"city": _city()},
        notes=season_notes(found, filters),
        rows_url="",
        cells=[],
        levels=[],
        legend="",
    )


def _district_rows_url(wanted: AppealFilter) -> str:
    """The address of a district's appeals on the map, outside the site, with ``{cell}`` for its code."""
    query = wanted.of_every_status.as_query(district="{cell}").replace("%7Bcell%7D", "{cell}")
    return f"{settings.PUBLIC_URL}{reverse('public:map')}?{query}"


def pattern_colour(pattern: Pattern) -> str:
    """Name of its colour in the style sheet."""
    return f"pattern-{pattern.name.lower().replace('_', '-')}" if pattern else "even"


def _levels_of(cells: Sequence[HotCell | AlertCell]) -> list[int]:
    """The levels that the map shows of the cells: those that occur, and what is neither more nor fewer."""
    occurring = {0, *(cell.level for cell in cells)}
    return [level for level in LEVELS_SHOWN if level in occurring]


def _drawn(levels: Iterable[int], *, fewer: bool = True) -> list[MapLevel]:
    return [MapLevel(level_words(level, fewer=fewer), hot_colour(level)) for level in levels]


def hot_colour(level: int) -> str:
    """Name of the level's colour in the style sheet."""
    return f"hot-{level}" if level > 0 else f"cold-{-level}" if level else "even"


def _ramp(classes: Iterable[CountClass]) -> list[MapLevel]:
    return ramp([class_words(bounds) for bounds in classes])


def _counts_legend(size: CellSize) -> str:
    return _("Appeals per %(n)d m cell") % {"n": size.cell_m}


def _squares(grid: Grid, cells: Sequence[tuple[Cell, int, tuple[str, ...], bool]]) -> list[MapCell]:
    rings = grid.rings([cell for cell, *_ in cells])
    return [
        MapCell(cell.id, square(ring), level, lines, rows)
        for (cell, level, lines, rows), ring in zip(cells, rings, strict=True)
    ]


def _map(
    *,
    title: str,
    notes: tuple[str, ...],
    rows_url: str,
    cells: list[MapCell],
    levels: Sequence[MapLevel],
    legend: str,
    steps: MapSteps | None = None,
    empty: str = "",
    borders: Mapping[str, Any] | None = None,
) -> CellMap:
    borders = borders or district_borders(timezone.localdate())
    return CellMap(
        language=get_language() or settings.LANGUAGE_CODE,
        title=title,
        notes=notes,
        cells=cells,
        levels=levels,
        legend=legend,
        rows_label=_("Show these appeals"),
        rows_url=rows_url,
        empty_label=empty or _("No appeals match these filters."),
        zoom_in=_("Zoom in"),
        zoom_out=_("Zoom out"),
        units=Units(
            m=pgettext("metres, after a number", "m"), km=pgettext("kilometres, after a number", "km")
        ),
        attribution=settings.CITY_ATTRIBUTION.get(get_language() or "", ""),
        ground=base_layer(),
        borders=borders,
        frame=_frame(cells, borders),
        steps=steps,
    )


def _city() -> str:
    name: str = settings.CITY_NAME.get(get_language() or "", settings.CITY_NAME[settings.LANGUAGE_CODE])
    return name


def _rows_url(grid: Grid, selection: ReportQuery) -> str:
    # The file is read outside the site: the URL must be absolute.
    sample = Cell(0, 0).id
    path = reverse("reports:heatmap-rows", args=[grid.cell_m, sample]).replace(sample, "{cell}")
    query = selection.rows_query()
    return f"{settings.PUBLIC_URL}{path}{'?' if query else ''}{query}"


def _frame(cells: list[MapCell], borders: Mapping[str, Any]) -> Bbox:
    """The initial view: the whole city within its borders, or the cells alone where they are a small part of it."""
    outlines = [feature["geometry"] for feature in borders["features"]]
    city = _around(outlines) if outlines else Bbox(*settings.CITY_BOUNDS)
    if not cells:
        return city
    drawn = _around([cell.outline for cell in cells])
    return drawn if _degrees2(drawn) < _SMALL_PART * _degrees2(city) else Bbox.around([drawn, city])


def _around(outlines: Sequence[Mapping[str, Any]]) -> Bbox:
    # All at once: a single one takes as long as a hundred.
    return Bbox(*shapely.total_bounds(shapely.from_geojson([orjson.dumps(one) for one in outlines])).tolist())


def _degrees2(box: Bbox) -> float:
    return (box.east - box.west) * (box.north - box.south)
