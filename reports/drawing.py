"""The heat report as a map: cells, legend and texts for ``geo.folium_map``.

Folium imports pandas, so this module is only imported by the first request that draws.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geo.bbox import Bbox
from geo.folium_map import CellMap, MapCell, render
from geo.grid import Cell, Ring
from reports.forms import HeatmapQuery
from reports.ground import base_layer, district_borders
from reports.heatmap import Heatmap
from reports.sentences import appeals_words, borders_words, class_words, question_words, size_words


def draw(heatmap: Heatmap, selection: HeatmapQuery, filters: list[tuple[str, str]], *, framed: bool) -> str:
    """The report as one HTML document that works offline; ``framed`` for a page that shows the texts."""
    rings = heatmap.grid.rings([row.cell for row in heatmap.cells])
    return render(
        CellMap(
            language=get_language() or settings.LANGUAGE_CODE,
            title=_title(),
            notes=_notes(heatmap, filters),
            cells=[
                MapCell(
                    row.cell.id,
                    ring,
                    row.level,
                    (appeals_words(row.count), *([row.district.name] if row.district else [])),
                )
                for row, ring in zip(heatmap.cells, rings, strict=True)
            ],
            levels=[class_words(bounds) for bounds in heatmap.classes],
            legend=_("Appeals per %(n)d m cell") % {"n": heatmap.size.cell_m},
            rows_label=_("Show these appeals"),
            rows_url=_rows_url(heatmap, selection),
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


def _title() -> str:
    city = settings.CITY_NAME.get(get_language() or "", settings.CITY_NAME[settings.LANGUAGE_CODE])
    return _("Where appeals gather: %(city)s") % {"city": city}


def _notes(heatmap: Heatmap, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    created = _("Created on %(day)s from %(address)s.") % {
        "day": date_format(timezone.localdate(), "DATE_FORMAT"),
        "address": settings.PUBLIC_URL,
    }
    colours = _("Colours are natural breaks (Jenks) of the counts; the map shows counts, not significance.")
    return (
        question_words(heatmap, filters),
        size_words(heatmap.size),
        borders_words(heatmap.borders),
        f"{colours} {created}",
    )


def _rows_url(heatmap: Heatmap, selection: HeatmapQuery) -> str:
    # The file is read outside the site: the URL must be absolute.
    sample = Cell(0, 0).id
    path = reverse("reports:heatmap-rows", args=[heatmap.size.cell_m, sample]).replace(sample, "{cell}")
    query = selection.rows_query()
    return f"{settings.PUBLIC_URL}{path}{'?' if query else ''}{query}"


def _frame(rings: list[Ring]) -> Bbox:
    """The initial view: all cells, or the city if there are none."""
    if not rings:
        return Bbox(*settings.CITY_BOUNDS)
    lons = [lon for ring in rings for lon, _lat in ring]
    lats = [lat for ring in rings for _lon, lat in ring]
    return Bbox(min(lons), min(lats), max(lons), max(lats))
