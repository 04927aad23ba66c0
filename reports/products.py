"""The files that a report can be had as: the same at its address and by the command. Same report, same day, same bytes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from geo.bbox import Bbox
from geo.grid import Cell, Grid
from reports.facts import as_json, whole_question
from reports.forms import ReportForm
from reports.keeping import counted_at, name_of
from reports.kinds import KINDS
from reports.tallies import Borders
from web import fonts

if TYPE_CHECKING:
    from geo.folium_map import CellMap
    from geo.paper_map import Fonts, Sheet
    from geo.surface import Surface


@dataclass(frozen=True)
class Asked:
    """A report that was made, and the question it answers. ``framed`` is for the page that shows the map."""

    report: str
    form: ReportForm
    made: Any
    framed: bool = False

    @property
    def address(self) -> str:
        """Where the page of this report is."""
        query = self.form.query.as_query()
        return f"{settings.PUBLIC_URL}{reverse(f'reports:{self.report}')}{'?' if query else ''}{query}"

    @property
    def counted_at(self) -> dt.datetime | None:
        """The moment by which a kept report had counted; None of one that was made while it was asked for."""
        return counted_at(name_of(self.report, self.form))

    def file_name(self, ending: str) -> str:
        """The name under which it is kept: the report, what it was asked, the size of its cells, and its language."""
        asked = self.form.query
        wanted = asked.wanted
        until = wanted.until or timezone.localdate()
        size = getattr(self.made, "size", None)
        parts = [
            "appeals",
            self.report,
            *filter(None, (wanted.category, wanted.kind, wanted.district, wanted.service, *wanted.status)),
            f"{wanted.since}_{until}" if wanted.since else f"until-{until}",
            *([f"against-{against.since}_{against.until}"] if (against := asked.against) else []),
            *(["borders-of-the-day"] if asked.borders is Borders.TIME else []),
            *([f"{size.cell_m}m"] if size else []),
            get_language() or settings.LANGUAGE_CODE,
        ]
        return f"{'-'.join(parts)}.{ending}"


@dataclass(frozen=True)
class Product:
    """A kind of file by the ``ending`` of its address. A file that is ``drawn`` is of no more cells than can be drawn."""

    ending: str
    media_type: str
    write: Callable[[Asked], bytes]
    #: What its link says.
    name: str | Promise
    drawn: bool = False
    #: Of cells of a grid; districts are none.
    of_cells: bool = False
    #: Of one report alone.
    report: str = ""


def products_of(report: str) -> Mapping[str, Product]:
    """The files of the report by their endings."""
    return {
        one.ending: one
        for one in _PRODUCTS
        if one.report in {"", report}
        and (KINDS[report].of_cells or not one.of_cells)
        and one.ending not in KINDS[report].lacks
    }


def _html(asked: Asked) -> bytes:
    # Folium and the pandas that it brings are loaded by the first who asks for a map.
    from geo.folium_map import render

    drawn = _map(asked)
    if asked.framed:
        return render(replace(drawn, framed=True)).encode()
    notes = (*drawn.notes, *filter(None, [_kept_words(asked)]))
    return render(replace(drawn, notes=notes, tables=KINDS[asked.report].tables(asked.made))).encode()


def _map(asked: Asked) -> CellMap:
    return KINDS[asked.report].map(asked.made, asked.form.query, asked.form.filters_in_words())


def _kept_words(asked: Asked) -> str:
    """When a kept report counted, for files that outlive it; nothing of one that was counted while it was asked for."""
    from reports.sentences import kept_words

    return kept_words(at) if (at := asked.counted_at) else ""


def _geojson(asked: Asked) -> bytes:
    return KINDS[asked.report].geojson(asked.made)


def _contours(asked: Asked) -> bytes:
    from reports.contours import contours_as_geojson

    return contours_as_geojson(asked.made)


def _contours_gpkg(asked: Asked) -> bytes:
    from reports.contours import contours_as_geopackage

    return contours_as_geopackage(asked.made)


def _contours_pdf(asked: Asked) -> bytes:
    from geo.paper_map import as_pdf
    from reports.drawing import contours_map
    from reports.paper import sheet_of

    kind = KINDS[asked.report]
    drawn = contours_map(asked.made, asked.form.filters_in_words())
    sheet = sheet_of(drawn, kind.tables(asked.made), [], asked.address, _kept_words(asked))
    return as_pdf(replace(sheet, whole=kind.whole), _fonts())


def _csv(asked: Asked) -> bytes:
    return KINDS[asked.report].csv(asked.made)


def _json(asked: Asked) -> bytes:
    kind, made = KINDS[asked.report], asked.made
    sentences = [*kind.notes(made, asked.form.filters_in_words())]
    against = asked.form.query.against
    return as_json(asked.report, made, kind.facts(made), asked.address, sentences, asked.counted_at, against)


def _pdf(asked: Asked) -> bytes:
    from geo.paper_map import as_pdf

    return as_pdf(_sheet(asked), _fonts())


def _png(asked: Asked) -> bytes:
    from geo.paper_map import as_png

    return as_png(_sheet(asked), _fonts())


def _sheet(asked: Asked) -> Sheet:
    from reports.paper import sheet_of

    kind = KINDS[asked.report]
    sheet = sheet_of(_map(asked), kind.tables(asked.made), _method(asked), asked.address, _kept_words(asked))
    return replace(sheet, mapped=kind.mapped, whole=kind.whole, matrices=kind.matrices(asked.made))


def _method(asked: Asked) -> list[str]:
    from reports.year_sentences import no_second_words

    left_out = [no_second_words()] if asked.form.carried else []
    return [*left_out, *KINDS[asked.report].method(asked.made)]


def _fonts() -> Fonts:
    from geo.paper_map import Fonts

    return Fonts(regular=fonts.REGULAR, bold=fonts.BOLD)


def _geotiff(asked: Asked) -> bytes:
    from geo.surface_files import as_geotiff

    return as_geotiff(
        _surface(asked),
        {
            "TITLE": f"{asked.report}, cells of {asked.made.size.cell_m} m",
            "SOURCE": asked.address,
            "QUESTION": orjson.dumps(whole_question(asked.made, asked.form.query.against)).decode(),
            "INPUT_SHA256": asked.made.input_sha256,
        },
    )


def _geoparquet(asked: Asked) -> bytes:
    about, kind = orjson.loads(_json(asked)), KINDS[asked.report]
    if not kind.of_cells:
        return kind.geoparquet(asked.made, about)
    from geo.surface_files import as_geoparquet

    return as_geoparquet(_surface(asked), about)


def _surface(asked: Asked) -> Surface:
    """Every cell that was tested; without a test, those that have appeals to show."""
    from geo.surface import Surface

    made = asked.made
    tested: Surface | None = getattr(made, "surface", None)
    if tested is not None:
        return tested
    return Surface.of_cells(
        made.grid,
        {row.cell: row.count for row in made.cells if row.count is not None},
        _corners(made.grid, Bbox(*settings.CITY_BOUNDS)),
        "count",
        "Appeals in the cell.",
    )


def _corners(grid: Grid, box: Bbox) -> tuple[Cell, Cell]:
    west, south, east, north = (math.floor(metres / grid.cell_m) for metres in grid.metres(box))
    return Cell(west, south), Cell(east, north)


_PRODUCTS: Final = (
    Product("html", "text/html; charset=utf-8", _html, gettext_lazy("Map as a file (HTML)"), drawn=True),
    Product("pdf", "application/pdf", _pdf, gettext_lazy("To print (PDF)"), drawn=True),
    Product("png", "image/png", _png, gettext_lazy("Picture (PNG)"), drawn=True),
    Product("geojson", "application/geo+json", _geojson, "GeoJSON"),
    Product("csv", "text/csv; charset=utf-8", _csv, "CSV"),
    Product("parquet", "application/vnd.apache.parquet", _geoparquet, "GeoParquet"),
    Product("tif", "image/tiff; application=geotiff", _geotiff, "GeoTIFF", of_cells=True),
    Product(
        "contours.geojson",
        "application/geo+json",
        _contours,
        gettext_lazy("Contours (GeoJSON)"),
        report="heatmap",
    ),
    Product(
        "contours.gpkg",
        "application/geopackage+sqlite3",
        _contours_gpkg,
        gettext_lazy("Contours (GeoPackage)"),
        report="heatmap",
    ),
    Product(
        "contours.pdf",
        "application/pdf",
        _contours_pdf,
        gettext_lazy("Contours to print (PDF)"),
        report="heatmap",
    ),
    Product("json", "application/json", _json, "JSON"),
)
