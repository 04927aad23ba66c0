"""Pages and files of the reports: read the question, make the report, show it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from appeals.due import rows_of
from appeals.filters import AppealFilter
from appeals.querysets import NEWEST_FIRST
from geo.grid import Grid, parse_cell
from geo.paging import AFTER, PageRequest, parse_page
from geo.refusals import Errors, Refusals
from rates.senders import sender_of
from rates.taking import REPORT_WORK, charge, check
from reports import sizes
from reports.exports import as_csv, as_geojson
from reports.forms import HeatmapForm, HeatmapQuery
from reports.ground import nearest_places
from reports.heatmap import Borders, DistrictCount, Heatmap, appeals_in_cell, make_heatmap
from reports.sentences import (
    borders_words,
    class_words,
    filter_words,
    period_words,
    question_words,
    size_words,
)
from reports.sizes import is_drawable, offered_sizes
from web.api.problems import bad_parameters
from web.parameters import left_out, unknown

TOP_CELLS = 10
ROWS_A_PAGE = 25
#: Asks for the file as the page shows it.
FRAME = "frame"

# The map's document stands alone: it may run its own script and nothing else, in an origin that is not ours.
_DOCUMENT_POLICY = (
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)

_Answer = Callable[[HttpRequest, HeatmapForm, Heatmap], HttpResponse]


def _counts_as_work(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, whose seconds are charged to whoever asks. It raises ``TooMany`` where they have none left."""

    @functools.wraps(view)
    def charged(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sender = sender_of(request)
        check(REPORT_WORK, sender)
        begun = time.monotonic()
        try:
            return view(request, *args, **kwargs)
        finally:
            charge(REPORT_WORK, sender, cost=time.monotonic() - begun)

    return charged


@require_safe
@_counts_as_work
def heatmap_page(request: HttpRequest) -> HttpResponse:
    """The planner's page: filters, map, numbers, and links to the rows behind each of them."""
    form = HeatmapForm(request.GET)
    in_vain = left_out(request.GET, form.fields)
    heatmap = _counted(form.query) if form.is_valid() else None
    if heatmap and _too_many(heatmap):
        form.add_error("cell", _too_many_words(heatmap))
        heatmap = None
    if heatmap is None:
        return render(request, "reports/heatmap.html", {"form": form, "left_out": in_vain}, status=400)
    asked = form.query
    query = asked.as_query()
    return render(
        request,
        "reports/heatmap.html",
        {
            "form": form,
            "left_out": in_vain,
            "heatmap": heatmap,
            "query": query,
            "frame_query": asked.as_query(**{FRAME: "1"}),
            "all_time_query": replace(asked, wanted=replace(asked.wanted, since=None, until=None)).as_query(),
            "question": question_words(heatmap, form.filters_in_words()),
            "narrowed": bool(form.filters_in_words())
            or asked.cell_m is not None
            or asked.borders != Borders.TODAY,
            "size_words": size_words(heatmap.size),
            "borders_words": borders_words(heatmap.borders),
            "classes": [class_words(bounds) for bounds in heatmap.classes],
            "top": _top_cells(heatmap, asked),
            "districts": [_district_link(row, heatmap, asked) for row in heatmap.districts],
            "map_url": _on_map(_map_filter(asked).as_query()),
            "threshold": settings.REPORT_MIN_COUNT,
        },
    )


def _counted(asked: HeatmapQuery) -> Heatmap:
    return make_heatmap(asked.wanted, asked.cell_m, asked.borders)


def _report_file(*more: str) -> Callable[[_Answer], Callable[[HttpRequest], HttpResponse]]:
    """A view that answers with a file made of the report, or with what is wrong with the question (400).

    ``more`` are parameters beside those of the question.
    """
    return functools.partial(_file, more)


def _file(more: tuple[str, ...], answer: _Answer) -> Callable[[HttpRequest], HttpResponse]:
    @require_safe
    @_counts_as_work
    @functools.wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        form = HeatmapForm(request.GET)
        foreign = unknown(request.GET, [*form.fields, *more])
        if foreign or not form.is_valid():
            return _refusal(form, foreign)
        return answer(request, form, _counted(form.query))

    return view


@xframe_options_sameorigin
@_report_file(FRAME)
def heatmap_file(request: HttpRequest, form: HeatmapForm, heatmap: Heatmap) -> HttpResponse:
    """The map as one HTML file that opens without a network; ``frame=1`` gives the page's own map."""
    if _too_many(heatmap):
        form.add_error("cell", _too_many_words(heatmap))
        return _refusal(form)
    # Folium and the pandas that it brings are loaded by the first who asks for a map.
    from reports.drawing import draw

    framed = request.GET.get(FRAME) == "1"
    response = HttpResponse(draw(heatmap, form.query, form.filters_in_words(), framed=framed))
    response.headers["Content-Security-Policy"] = _DOCUMENT_POLICY
    return response if framed else _named(response, heatmap, "html")


@_report_file()
def heatmap_cells(request: HttpRequest, form: HeatmapForm, heatmap: Heatmap) -> HttpResponse:
    """The cells as GeoJSON."""
    return _named(HttpResponse(as_geojson(heatmap), content_type="application/geo+json"), heatmap, "geojson")


@_report_file()
def heatmap_table(request: HttpRequest, form: HeatmapForm, heatmap: Heatmap) -> HttpResponse:
    """The cells as CSV."""
    return _named(HttpResponse(as_csv(heatmap), content_type="text/csv; charset=utf-8"), heatmap, "csv")


@require_safe
@_counts_as_work
def heatmap_rows(request: HttpRequest, cell_m: int, cell: str) -> HttpResponse:
    """The appeals behind the number of one cell, newest first; 404 for what is no cell of an offered size."""
    place = parse_cell(cell)
    if place is None or cell_m not in offered_sizes():
        raise Http404("no such cell")
    form = HeatmapForm(request.GET)
    if not form.is_valid():
        return render(request, "reports/heatmap.html", {"form": form}, status=400)
    asked = replace(form.query, cell_m=cell_m)
    grid = Grid(cell_m, settings.METRIC_SRID)
    refusals = Refusals()
    page_asked = refusals.read(
        lambda query: parse_page(query, NEWEST_FIRST, size=ROWS_A_PAGE), request.GET, PageRequest(ROWS_A_PAGE)
    )
    found = appeals_in_cell(asked.wanted, grid, place, asked.borders)
    page = NEWEST_FIRST.page(found.with_names(), page_asked)
    return render(
        request,
        "reports/heatmap_rows.html",
        {
            "cell": place,
            "cell_m": cell_m,
            "count": found.count(),
            "rows": rows_of(page.rows),
            "errors": refusals.errors,
            "left_out": left_out(request.GET, {*form.fields, AFTER}),
            "question": " · ".join(
                filter(
                    None,
                    [
                        period_words(asked.wanted.since, asked.wanted.until),
                        *filter_words(form.filters_in_words()),
                    ],
                )
            ),
            "report_url": f"{reverse('reports:heatmap')}?{asked.as_query()}",
            "map_url": _on_map(replace(_map_filter(asked), bbox=grid.bbox(place)).as_query()),
            "first_url": f"?{asked.rows_query()}" if page_asked.after else "",
            "next_url": f"?{asked.rows_query(after=str(page.next))}" if page.next else "",
        },
        status=400 if refusals.errors else 200,
    )


@dataclass(frozen=True)
class _Linked:
    """A row of a table with the address of its appeals; ``place`` is a known one near by, if any."""

    row: Any
    url: str
    place: str = ""


def _top_cells(heatmap: Heatmap, asked: HeatmapQuery) -> list[_Linked]:
    top = heatmap.cells[:TOP_CELLS]
    places = nearest_places([heatmap.grid.bbox(row.cell).centre() for row in top])
    query = asked.rows_query()
    return [
        _Linked(
            row,
            reverse("reports:heatmap-rows", args=[heatmap.size.cell_m, row.cell.id])
            + (f"?{query}" if query else ""),
            place,
        )
        for row, place in zip(top, places, strict=True)
    ]


def _district_link(row: DistrictCount, heatmap: Heatmap, asked: HeatmapQuery) -> _Linked:
    # The map knows today's districts alone.
    if row.district is None or heatmap.borders is not Borders.TODAY:
        return _Linked(row, "")
    return _Linked(row, _on_map(replace(asked.wanted, district=row.district.code).as_query()))


def _map_filter(asked: HeatmapQuery) -> AppealFilter:
    """The filter for the map, which knows today's districts alone."""
    return asked.wanted if asked.borders is Borders.TODAY else replace(asked.wanted, district="")


def _on_map(query: str) -> str:
    return f"{reverse('public:map')}?{query}" if query else reverse("public:map")


def _too_many(heatmap: Heatmap) -> bool:
    return not is_drawable(len(heatmap.cells))


def _too_many_words(heatmap: Heatmap) -> str:
    return _("These are %(cells)d cells, more than a map of %(most)d shows. Choose a larger size.") % {
        "cells": len(heatmap.cells),
        "most": sizes.MOST_DRAWN,
    }


def _refusal(form: HeatmapForm, others: Errors | None = None) -> HttpResponse:
    wrong = {name: [str(sentence) for sentence in sentences] for name, sentences in form.errors.items()}
    return bad_parameters(wrong | (others or {}))


def _named(response: HttpResponse, heatmap: Heatmap, suffix: str) -> HttpResponse:
    response.headers["Content-Disposition"] = (
        f'attachment; filename="appeals-heatmap-{heatmap.size.cell_m}m.{suffix}"'
    )
    return response
