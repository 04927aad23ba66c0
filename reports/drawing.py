"""The reports as maps: cells, legend and texts for ``geo.folium_map``.

Folium imports pandas, so this module is only imported by the first request that draws.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geo.bbox import Bbox
from geo.folium_map import CellMap, MapCell, MapLevel, ramp, render
from geo.grid import Cell, Grid, Ring
from reports.forms import ReportQuery
from reports.ground import base_layer, district_borders
from reports.heatmap import Heatmap
from reports.hot_sentences import (
    LEVELS_SHOWN,
    caution_words,
    cell_words,
    compared_words,
    hot_question_words,
    level_words,
    summary_words,
)
from reports.hotspots import Hotspots
from reports.sentences import appeals_words, borders_words, class_words, question_words, size_words


def draw(heatmap: Heatmap, selection: ReportQuery, filters: list[tuple[str, str]], *, framed: bool) -> str:
    """The counts as one HTML document that works offline; ``framed`` for a page that shows the texts."""
    colours = _("Colours are natural breaks (Jenks) of the counts; the map shows counts, not significance.")
    return _document(
        title=_("Where appeals gather: %(city)s") % {"city": _city()},
        notes=(
            question_words(heatmap, filters),
            size_words(heatmap.size),
            borders_words(heatmap.borders),
            f"{colours} {_created()}",
        ),
        grid=heatmap.grid,
        selection=selection,
        cells=[
            (
                row.cell,
                row.level,
                (appeals_words(row.count), *([row.district.name] if row.district else [])),
                True,
            )
            for row in heatmap.cells
        ],
        levels=ramp([class_words(bounds) for bounds in heatmap.classes]),
        legend=_("Appeals per %(n)d m cell") % {"n": heatmap.size.cell_m},
        framed=framed,
    )


def draw_hotspots(
    hotspots: Hotspots, selection: ReportQuery, filters: list[tuple[str, str]], *, framed: bool
) -> str:
    """The tested cells as one HTML document that works offline; ``framed`` for a page that shows the texts."""
    shown = [
        level for level in LEVELS_SHOWN if level == 0 or any(cell.level == level for cell in hotspots.cells)
    ]
    return _document(
        title=_("Hotspots: %(city)s") % {"city": _city()},
        notes=(
            hot_question_words(hotspots, filters),
            summary_words(hotspots),
            compared_words(hotspots),
            f"{caution_words(hotspots)} {_created()}",
        ),
        grid=hotspots.grid,
        selection=selection,
        cells=[
            (row.cell, shown.index(row.level), cell_words(hotspots, row), row.count > 0)
            for row in hotspots.cells
        ],
        levels=[MapLevel(level_words(level), _HOT_COLOURS[level]) for level in shown],
        legend=_("Compared with what was expected"),
        framed=framed,
    )


#: Colours of the style sheet by level.
_HOT_COLOURS = {
    level: f"hot-{level}" if level > 0 else f"cold-{-level}" if level else "even" for level in LEVELS_SHOWN
}


def _document(
    *,
    title: str,
    notes: tuple[str, ...],
    grid: Grid,
    selection: ReportQuery,
    cells: list[tuple[Cell, int, tuple[str, ...], bool]],
    levels: Sequence[MapLevel],
    legend: str,
    framed: bool,
) -> str:
    rings = grid.rings([cell for cell, *_ in cells])
    return render(
        CellMap(
            language=get_language() or settings.LANGUAGE_CODE,
            title=title,
            notes=notes,
            cells=[
                MapCell(cell.id, ring, level, lines, rows)
                for (cell, level, lines, rows), ring in zip(cells, rings, strict=True)
            ],
            levels=levels,
            legend=legend,
            rows_label=_("Show these appeals"),
            rows_url=_rows_url(grid, selection),
            empty_label=_("No appeals match these filters."),
            zoom_in=_("Zoom in"),
            zoom_out=_("Zoom out"),
            attribution=settings.CITY_ATTRIBUTION.get(get_language() or "", ""),
            ground=base_layer(),
            borders=district_borders(timezone.localdate()),
            frame=_frame(rings),
            framed=framed,
        )
    )


def _city() -> str:
    name: str = settings.CITY_NAME.get(get_language() or "", settings.CITY_NAME[settings.LANGUAGE_CODE])
    return name


def _created() -> str:
    return _("Created on %(day)s from %(address)s.") % {
        "day": date_format(timezone.localdate(), "DATE_FORMAT"),
        "address": settings.PUBLIC_URL,
    }


def _rows_url(grid: Grid, selection: ReportQuery) -> str:
    # The file is read outside the site: the URL must be absolute.
    sample = Cell(0, 0).id
    path = reverse("reports:heatmap-rows", args=[grid.cell_m, sample]).replace(sample, "{cell}")
    query = selection.rows_query()
    return f"{settings.PUBLIC_URL}{path}{'?' if query else ''}{query}"


def _frame(rings: list[Ring]) -> Bbox:
    """The initial view: all cells, or the city if there are none."""
    if not rings:
        return Bbox(*settings.CITY_BOUNDS)
    lons = [lon for ring in rings for lon, _lat in ring]
    lats = [lat for ring in rings for _lon, lat in ring]
    return Bbox(min(lons), min(lats), max(lons), max(lats))
