"""Pages and files of the reports: read the question, make the report, show it."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from appeals.due import rows_of
from appeals.filters import AppealFilter, day_in
from appeals.querysets import NEWEST_FIRST
from districts.models import Category
from geo.grid import Grid, parse_cell
from geo.paging import AFTER, PageRequest, parse_page
from geo.refusals import Errors, Refusals, ValueRefused
from rates.senders import sender_of
from rates.taking import REPORT_WORK, charged
from reports.forms import AGAINST, COUNTED_AFTER, FIRST, Carried, ReportForm, ReportQuery, with_carried
from reports.ground import nearest_places
from reports.heatmap import DistrictCount, Heatmap, appeals_in_cell
from reports.keeping import counted_at, name_of
from reports.kinds import KINDS, Kind
from reports.long_pages import by_a_worker_if_long
from reports.making import make_report
from reports.months import LEAST_MONTHS, long_enough
from reports.products import Asked, products_of
from reports.questions import Days
from reports.saved import may_save
from reports.sentences import (
    asked_words,
    borders_words,
    class_words,
    created_words,
    kept_words,
    longer_words,
    question_words,
    size_words,
)
from reports.sizes import offered_sizes
from reports.tallies import EVERYTHING, Borders, counted_appeals
from reports.weekly import overview
from reports.year_sentences import (
    before_words,
    cells_alone_words,
    districts_column_words,
    no_second_words,
    year_column_title,
    year_hint,
    year_words,
)
from web.api.origins import open_to_origins
from web.api.problems import bad_parameters
from web.parameters import left_out, unknown

if TYPE_CHECKING:
    from accounts.models import User
    from reports.alerts import Alert, Alerts
    from reports.answers import AnswersReport
    from reports.by_district import ByDistrict
    from reports.hotspots import HotPlace, Hotspots
    from reports.intervention import BeforeAfterReport
    from reports.seasons import Seasons
    from reports.trends import TrendPlace, Trends

TOP_CELLS = 10
TOP_DIFFERING = 15
#: Categories that are offered where none is chosen.
FULLEST_CATEGORIES = 6
ROWS_A_PAGE = 25
#: Asks for the file as the page shows it.
FRAME = "frame"

# The map's document stands alone: it may run its own script and nothing else, in an origin that is not ours.
_DOCUMENT_POLICY = (
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)


def _counts_as_work(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, whose seconds are charged to whoever asks. It raises ``TooMany`` where they have none left."""

    @functools.wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with charged(REPORT_WORK, sender_of(request)):
            return view(request, *args, **kwargs)

    return counted


def _page_of(
    report: str,
) -> Callable[[Callable[[Any, ReportForm], dict[str, Any]]], Callable[..., HttpResponse]]:
    """A decorator that makes the page of that report: what it decorates gives what the template shows of the one that was made, and of its form."""

    def decorated(shown: Callable[[Any, ReportForm], dict[str, Any]]) -> Callable[..., HttpResponse]:
        @require_safe
        @_counts_as_work
        @by_a_worker_if_long(report)
        @functools.wraps(shown)
        def page(request: HttpRequest, form: ReportForm) -> HttpResponse:
            form.carried = _carried(request, form)
            made = make_report(report, form, drawn=True)
            return _page(request, report, form, made, {} if made is None else shown(made, form))

        return page

    return decorated


@_page_of("heatmap")
def heatmap_page(heatmap: Heatmap, form: ReportForm) -> dict[str, Any]:
    """The planner's page: filters, map, numbers, and links to the rows behind each of them."""
    asked = form.query
    return {
        "heatmap": heatmap,
        "all_time_query": replace(asked, wanted=replace(asked.wanted, since=None, until=None)).as_query(),
        "question": question_words(heatmap, form.filters_in_words()),
        "size_words": size_words(heatmap.size),
        "borders_words": borders_words(heatmap.borders),
        "classes": [class_words(bounds) for bounds in heatmap.classes],
        "top": _top_cells(heatmap, asked),
        "districts": [(_district_link(row, heatmap, asked), before_words(row)) for row in heatmap.districts],
        "year_column": districts_column_words(heatmap.year_before),
        "year_title": year_column_title(heatmap.year_before),
        "map_url": _on_map(_map_filter(asked)),
    }


@_page_of("hotspots")
def hotspots_page(hotspots: Hotspots, form: ReportForm) -> dict[str, Any]:
    """The planner's page of hotspots: what is asked, the map, the answer in words, and the places with their appeals."""
    from reports import hot_sentences
    from reports.figures import about
    from reports.hotspots import Compared

    return {
        "hotspots": hotspots,
        "question": question_words(hotspots, form.filters_in_words()),
        "summary": hot_sentences.summary_words(hotspots),
        "warns": bool(hotspots.refusal),
        "compared": hot_sentences.compared_words(hotspots),
        "caution": hot_sentences.caution_words(hotspots),
        "by_chance": hotspots.compared is Compared.CHANCE,
        "places_words": hot_sentences.places_words(hotspots),
        "size_words": size_words(hotspots.size),
        "places": [
            (
                linked,
                about(linked.row.expected),
                hot_sentences.sure_words(linked.row.level),
                before_words(linked.row),
            )
            for linked in _linked_places(hotspots, hotspots.places, form.query)
        ],
        "year_title": year_column_title(hotspots.year_before),
        "year_column": hot_sentences.year_column_words(hotspots.year_before) if hotspots.places else "",
        "fullest": _fullest_categories(form.query)
        if hotspots.compared is Compared.CHANCE and not hotspots.refusal
        else [],
    }


@_page_of("trends")
def trends_page(trends: Trends, form: ReportForm) -> dict[str, Any]:
    """The planner's page of trends: what became of the places month by month, each pattern in a sentence, and the places."""
    from reports import trend_sentences as words
    from reports.trends import PATTERNS_SHOWN

    return {
        "trends": trends,
        "question": question_words(trends, form.filters_in_words()),
        "summary": words.trend_answer_words(trends),
        "warns": bool(trends.refusal),
        "method": words.trend_method_words(trends),
        "caution": words.trend_caution_words(),
        "size_words": words.trend_size_words(trends),
        "least_months": LEAST_MONTHS,
        "months_words": words.months_words(trends),
        "patterns": [
            (row, words.pattern_words(row.pattern), words.pattern_sentence(row.pattern))
            for row in trends.patterns
        ],
        "others": [
            (words.pattern_words(pattern), words.pattern_sentence(pattern))
            for pattern in PATTERNS_SHOWN
            if pattern not in {row.pattern for row in trends.patterns}
        ],
        "months": [(words.month_words(row.month), row) for row in trends.by_month],
        "places": [
            (linked, words.pattern_words(linked.row.pattern))
            for linked in _linked_places(trends, trends.places, replace(form.query, wanted=trends.counted))
        ],
        **_ways_on(form),
    }


@_page_of("alerts")
def alerts_page(found: Alerts, form: ReportForm) -> dict[str, Any]:
    """The planner's page of the weekly alerts: what is new in the last weeks, where, and how surely."""
    from reports import alert_sentences as words
    from reports.figures import about

    asked = form.query
    by_category = overview() if replace(asked.wanted, **EVERYTHING) == asked.wanted else None
    return {
        "alerts": found,
        "question": question_words(found, form.filters_in_words()),
        "summary": words.alert_summary_words(found),
        "warns": bool(found.refusal or found.alerts),
        "method": "" if found.refusal else words.alert_method_words(found),
        "caution": words.alert_caution_words(),
        "size_words": words.alert_size_words(found),
        "weeks_words": words.alert_weeks_words(found) if found.weeks else "",
        "places": [
            (
                linked,
                words.alert_words(linked.row),
                about(linked.row.expected),
                about(linked.row.ratio),
            )
            for linked in _linked_places(
                found,
                # Without an alert, the strongest rise.
                found.alerts or ([found.strongest] if found.strongest else []),
                asked,
                lambda alert: found.of_last(alert.weeks),
            )
        ],
        "weeks": [(row.monday, row.monday + dt.timedelta(days=6), row.count) for row in found.recent],
        "by_category": by_category,
        "new_categories": [
            (
                f"{reverse('reports:alerts')}?category={row.category.code}",
                row.category.name,
                words.category_words(row, place),
            )
            for row, place in (by_category.new if by_category else ())
        ],
        "quiet_categories": [
            (f"{reverse('reports:alerts')}?category={row.category.code}", row.category.name)
            for row in (by_category.quiet if by_category else ())
        ],
        **_ways_on(form),
    }


@_page_of("districts")
def districts_page(found: ByDistrict, form: ReportForm) -> dict[str, Any]:
    """The planner's page by district: rates and ratios on a map and in a table, with what they are compared with."""
    from reports import district_sentences as words
    from reports.figures import direction_mark
    from reports.ratios import interval_words

    return {
        "districts": found,
        "question": question_words(found, form.filters_in_words()),
        "summary": words.comparison_words(found),
        "warns": not found.comparable,
        "smoothing": words.smoothing_words(tabled=True),
        "clear_words": words.clear_words() if found.tested else "",
        "year_column": districts_column_words(found.year_before),
        "year_title": year_column_title(found.year_before),
        "borders_words": borders_words(found.borders),
        "rows": [
            (
                _Linked(row, _district_url(found.wanted, found.borders, row.district.code)),
                direction_mark(row.direction),
                interval_words(row.low, row.high),
                before_words(row),
            )
            for row in found.rows
        ],
    }


@_page_of("answers")
def answers_page(found: AnswersReport, form: ReportForm) -> dict[str, Any]:
    """The planner's page of answers: how long districts wait for each service, and where that clearly differs."""
    from reports import answer_sentences as words

    return {
        "answers": found,
        "question": question_words(found, form.filters_in_words()),
        "summary": words.answers_summary_words(found),
        "warns": bool(found.differing),
        "method": words.answers_method_words(),
        "caution": words.answers_caution_words(),
        "borders_words": borders_words(found.borders),
        "whole": words.figures_of(found.whole),
        "by_district": [
            (
                district.name,
                _district_url(found.wanted, found.borders, district.code),
                words.figures_of(one),
            )
            for district, one in found.slowest_districts
        ],
        "differing": [
            (service.name, district.name, words.figures_of(one))
            for service, district, one in found.differing[:TOP_DIFFERING]
        ],
        "service_table": words.service_table(found),
        "service_table_words": words.service_table_words(),
    }


@_page_of("before-after")
def before_after_page(found: BeforeAfterReport, form: ReportForm) -> dict[str, Any]:
    """The planner's page of before and after: what was done where and when, and what changed against places like it."""
    from reports import change_sentences as words
    from reports.charts import lines_by_month
    from reports.figures import about

    return {
        "change": found,
        "question": words.change_question_words(found, form.filters_in_words()),
        "summary": words.change_summary_words(found),
        "warns": found.clear,
        "method": () if found.asks else words.change_method_words(found),
        "caution": words.change_caution_words(),
        "chart": lines_by_month(
            [[row.count for row in found.months], [row.expected for row in found.months]], found.found.before
        )
        if found.found
        else None,
        "months": [
            (
                words.month_days_words(row.first, row.last),
                row,
                "" if row.expected is None else about(row.expected),
            )
            for row in found.months
        ],
        "expects": any(row.expected is not None for row in found.months),
    }


@_page_of("seasons")
def seasons_page(found: Seasons, form: ReportForm) -> dict[str, Any]:
    """The planner's page of seasons: which categories come at which time of the year."""
    from reports import season_sentences as words
    from reports.ratios import BREAKS, ratio_class_words, ratio_words

    return {
        "seasons": found,
        "question": question_words(found, form.filters_in_words()),
        "summary": words.season_count_words(found),
        "heights": words.height_sentences(found),
        "warns": not found.enough,
        "method": words.season_method_words(found),
        "caution": words.season_caution_words(found),
        "months": words.month_heads(),
        "legend": [(level, ratio_class_words(level)) for level in range(len(BREAKS) + 1)],
        "rows": [
            (
                row,
                [(month, "" if month.index is None else ratio_words(month.index)) for month in row.months],
                words.sure_words(row),
            )
            for row in found.rows
        ],
    }


def _ways_on(form: ReportForm) -> dict[str, str]:
    """Where a report leads that its period is too short for: to the counts, and to itself about a whole year."""
    asked, carried = form.query, form.carried
    longer = long_enough(asked.wanted, timezone.localdate())
    return {
        "counts_url": _tab_url(KINDS["heatmap"], asked, carried),
        "longer_query": with_carried(replace(asked, wanted=longer), carried)
        if longer != asked.wanted
        else "",
        "longer_words": longer_words(longer.until or timezone.localdate()),
    }


def _page(
    request: HttpRequest,
    report: str,
    form: ReportForm,
    made: Any = None,
    shown: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The page of that report with what is ``shown`` of it; without one that was ``made``, its form and what is wrong with the question (400)."""
    asked = None if form.errors else form.query
    carried = form.carried
    context = {
        "form": form,
        "report": report,
        "report_url": reverse(f"reports:{report}"),
        "tabs": [(kind, _tab_url(kind, asked, carried)) for kind in KINDS.values()],
        "left_out": [
            *left_out(request.GET, {*form.fields, *((*AGAINST, *FIRST) if carried else ())}),
            *([no_second_words()] if carried else []),
        ],
        **(shown or {}),
        "may_save": may_save(cast("User", request.user)),
    }
    if asked is not None:
        context |= {
            "made": made,
            "carried": carried.named if carried else {},
            "save_query": asked.as_query(report=report),
            "narrowed": form.narrows,
            "made_words": created_words(),
            "year": year_words(getattr(made, "year_before", None)),
            "cells_alone": cells_alone_words(getattr(made, "year_before", None)),
            "year_hint": year_hint(getattr(made, "year_before", None)),
            **_kept(counted_at(name_of(report, form)), asked),
            "threshold": settings.REPORT_MIN_COUNT,
            "files": [
                (
                    one,
                    f"{reverse('reports:product', args=[report, one.ending])}?"
                    # On paper it is said that it is left out.
                    + with_carried(asked, carried if one.ending == "pdf" else None),
                )
                for one in products_of(report).values()
            ],
            "frame_url": f"{reverse('reports:product', args=[report, 'html'])}?{asked.as_query(**{FRAME: '1'})}",
        }
    template = f"reports/{report.replace('-', '_')}.html"
    return render(request, template, context, status=400 if form.errors else 200)


def _kept(at: dt.datetime | None, asked: ReportQuery) -> dict[str, str]:
    """Of a report that is kept, what says when it counted, and the question to one that counts later."""
    if at is None:
        return {}
    moment = at.isoformat().replace("+00:00", "Z")
    return {"kept_words": kept_words(at), "anew_query": asked.as_query(**{COUNTED_AFTER: moment})}


def _carried(request: HttpRequest, form: ReportForm) -> Carried | None:
    """A second period that this report does not take: it goes along to those that do. None without one that can be read."""
    if AGAINST[0] in form.fields:
        return None
    against, first = (_days(request, names) for names in (AGAINST, FIRST))
    return (
        Carried(against, first if first and not against.meet(first.since, first.until) else None)
        if against
        else None
    )


def _days(request: HttpRequest, names: Sequence[str]) -> Days | None:
    """The days of these names in the address; None without two that can be read, in their order."""
    try:
        since, until = (day_in(request.GET.get(name, "").strip()) for name in names)
    except ValueRefused:
        return None
    return Days(since, until) if since <= until else None


def _tab_url(kind: Kind, asked: ReportQuery | None, carried: Carried | None) -> str:
    """The same question to that report, as far as it takes it, and its second period for those after it; without a question the report alone.

    A second period that cannot be held against the days of this report is with those again that it was chosen for.
    """
    path = reverse(f"reports:{kind.name}")
    if asked is None:
        return path
    # What one report alone is asked is kept out of the others.
    there = replace(asked, done=None).without(kind.without)
    wanted = asked.wanted
    if carried is None and asked.against and wanted.since and wanted.until:
        carried = Carried(asked.against, Days(wanted.since, wanted.until))
    if kind.least_days:
        there = replace(there, wanted=long_enough(there.wanted, timezone.localdate()))
    if AGAINST[0] in kind.without:
        query = with_carried(there, carried)
        return f"{path}?{query}" if query else path
    if carried:
        there = replace(there, against=carried.against)
        if there.against_of(there.wanted) is None and carried.first:
            first = carried.first
            there = replace(there, wanted=replace(there.wanted, since=first.since, until=first.until))
    query = replace(there, against=there.against_of(there.wanted)).as_query()
    return f"{path}?{query}" if query else path


@open_to_origins
@xframe_options_sameorigin
@require_safe
@_counts_as_work
@by_a_worker_if_long()
def product(request: HttpRequest, form: ReportForm, report: str, ending: str) -> HttpResponse:
    """The report as a file, or what is wrong with the question (400); ``frame=1`` gives the page's own map. 404 for what is none."""
    made_as = products_of(report)[ending]
    form.carried = _carried(request, form) if ending == "pdf" else None
    known = [
        *form.fields,
        *([FRAME] if ending == "html" else []),
        *(form.carried.named if form.carried else []),
    ]
    foreign = unknown(request.GET, known)
    if foreign:
        form.is_valid()
        return _refusal(form, foreign)
    made = make_report(report, form, drawn=made_as.drawn)
    if made is None:
        return _refusal(form)
    framed = ending == "html" and request.GET.get(FRAME) == "1"
    asked = Asked(report, form, made, framed)
    response = _file(made_as.write(asked), made_as.media_type, "" if framed else asked.file_name(ending))
    if ending == "csv":
        # A table has no place for its question: both periods, the method and the sentences are there.
        about = f"{reverse('reports:product', args=[report, 'json'])}?{form.query.as_query()}"
        response.headers["Link"] = f'<{about}>; rel="describedby"; type="application/json"'
    if ending == "html":
        # The document under the policy of one that stands alone.
        response.headers["Content-Security-Policy"] = _DOCUMENT_POLICY
    return response


@require_safe
@_counts_as_work
def heatmap_rows(request: HttpRequest, cell_m: int, cell: str) -> HttpResponse:
    """The appeals behind the number of one cell, newest first; 404 for what is no cell of an offered size."""
    place = parse_cell(cell)
    if place is None or cell_m not in offered_sizes():
        raise Http404("no such cell")
    form = ReportForm(request.GET)
    if not form.is_valid():
        return _page(request, "heatmap", form)
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
            "question": asked_words(asked.wanted.since, asked.wanted.until, form.filters_in_words()),
            "report_url": f"{reverse('reports:heatmap')}?{asked.as_query()}",
            "map_url": _on_map(replace(_map_filter(asked), bbox=grid.bbox(place))),
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


def _top_cells(heatmap: Heatmap, asked: ReportQuery) -> list[_Linked]:
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


def _fullest_categories(asked: ReportQuery) -> list[tuple[str, str, int]]:
    """The categories with the most appeals of the question, each with the address of the question about it; two statements."""
    from reports.hotspots import LEAST_APPEALS

    counts = (
        counted_appeals(asked.wanted, asked.borders).order_by().values_list("category").annotate(n=Count("*"))
    )
    fullest = [*counts.filter(n__gte=LEAST_APPEALS).order_by("-n", "category")[:FULLEST_CATEGORIES]]
    known = Category.objects.in_bulk([key for key, _n in fullest])
    return [
        (
            known[key].name,
            "?" + replace(asked, wanted=replace(asked.wanted, category=known[key].code)).as_query(),
            n,
        )
        for key, n in fullest
    ]


def _linked_places(
    report: Hotspots | Trends | Alerts,
    places: Sequence[HotPlace | TrendPlace | Alert],
    asked: ReportQuery,
    wanted: Callable[[Any], AppealFilter] | None = None,
) -> list[_Linked]:
    """The first of the places, each with the appeals in its box; ``wanted`` gives the filter of its own, if it has one."""
    from reports.hot_sentences import place_names

    top = places[:TOP_CELLS]
    names = place_names(report, top)
    return [
        _Linked(
            place,
            _on_map(
                replace(
                    _map_filter(replace(asked, wanted=wanted(place)) if wanted else asked), bbox=place.box
                )
            ),
            name,
        )
        for place, name in zip(top, names, strict=True)
    ]


def _district_link(row: DistrictCount, heatmap: Heatmap, asked: ReportQuery) -> _Linked:
    return _Linked(
        row, _district_url(asked.wanted, heatmap.borders, row.district.code) if row.district else ""
    )


def _district_url(wanted: AppealFilter, borders: Borders, code: str) -> str:
    """The map with the district's appeals; empty for former borders, since the map knows today's districts alone."""
    return _on_map(replace(wanted, district=code)) if borders is Borders.TODAY else ""


def _map_filter(asked: ReportQuery) -> AppealFilter:
    """The filter for the map, which knows today's districts alone."""
    return asked.wanted if asked.borders is Borders.TODAY else replace(asked.wanted, district="")


def _on_map(wanted: AppealFilter) -> str:
    """The address of the map with all that a report counts, the answered ones too."""
    return f"{reverse('public:map')}?{wanted.of_every_status.as_query()}"


def _refusal(form: ReportForm, others: Errors | None = None) -> HttpResponse:
    wrong = {name: [str(sentence) for sentence in sentences] for name, sentences in form.errors.items()}
    return bad_parameters(wrong | (others or {}))


def _file(content: str | bytes, content_type: str, name: str) -> HttpResponse:
    """The content to be kept under that name; to be shown where it has none."""
    response = HttpResponse(content, content_type=content_type)
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
