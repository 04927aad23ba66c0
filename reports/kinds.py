"""The reports by their names: of each, in one place, how it is made, drawn, put into words, tables and facts, and written as data.

What needs SciPy or Folium is imported by the first who asks for it.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from appeals.filters import AppealFilter
from reports import exports, facts, weeks
from reports.forms import AGAINST, InterventionForm, ReportForm, ReportQuery
from reports.months import LEAST_DAYS
from reports.questions import Intervention

if TYPE_CHECKING:
    from geo.folium_map import CellMap
    from geo.paper_map import Matrix, Table

#: Labels and values of the filters, as a reader sees them.
Filters = list[tuple[str, str]]


class Kind(ABC):
    """One report. ``made`` is always what its own ``make`` returned."""

    #: As in its addresses.
    name: ClassVar[str]
    #: What it is called, as on its tab.
    title: ClassVar[Promise]
    #: Ready periods that are shorter have no answer.
    least_days: ClassVar[int] = 0
    #: About how many it takes of a million appeals on a small server, beside those that it takes of any.
    seconds: ClassVar[float]
    at_least_s: ClassVar[float] = 0.0
    #: Counted in the cells of a grid.
    of_cells: ClassVar[bool] = True
    #: Questions that it does not take.
    without: ClassVar[tuple[str, ...]] = AGAINST
    #: Endings of files that it has not.
    lacks: ClassVar[tuple[str, ...]] = ()
    #: Drawn as a map; what is not has its tables alone on paper.
    mapped: ClassVar[bool] = True
    #: On paper its tables tell all of their rows: who looks for a district finds it.
    whole: ClassVar[bool] = False

    def form(self, data: Mapping[str, Any]) -> ReportForm:
        """The question that it asks, read from an address."""
        return ReportForm(data, without=self.without, least_days=self.least_days)

    def read(self, asked: ReportQuery) -> AppealFilter | None:
        """The appeals that it reads to answer; None where it needs no more than their number."""
        return asked.wanted

    @abstractmethod
    def make(self, asked: ReportQuery) -> Any:
        """The report. Raises ``TooFine`` where these are too many cells."""

    @abstractmethod
    def map(self, made: Any, asked: ReportQuery, filters: Filters) -> CellMap:
        """The report as a map."""

    @abstractmethod
    def notes(self, made: Any, filters: Filters) -> tuple[str, ...]:
        """Its sentences: the question, the answer, the method."""

    def method(self, made: Any) -> list[str]:
        """What the page says of the method beside the notes."""
        return []

    @abstractmethod
    def tables(self, made: Any) -> list[Table]:
        """The tables on paper."""

    def matrices(self, made: Any) -> list[Matrix]:
        """Those that have pages of their own."""
        return []

    @abstractmethod
    def facts(self, made: Any) -> dict[str, Any]:
        """Method and numbers, for programs."""

    def geojson(self, made: Any) -> bytes:
        """Its cells or districts as GeoJSON. Raises ``NotImplementedError`` for a report that ``lacks`` it."""
        raise NotImplementedError(self.name)

    def geoparquet(self, made: Any, about: Mapping[str, Any]) -> bytes:
        """What is no report ``of_cells`` as GeoParquet, with what is told ``about`` it. Raises ``NotImplementedError`` for one that ``lacks`` it."""
        raise NotImplementedError(self.name)

    @abstractmethod
    def csv(self, made: Any) -> bytes:
        """Its cells, districts, months or categories as a table."""


class _Heatmap(Kind):
    name = "heatmap"
    title = pgettext_lazy("tab of the reports", "Counts")
    seconds = 3.0
    without = ()
    whole = True

    def make(self, asked: ReportQuery) -> Any:
        from reports.heatmap import make_heatmap

        return make_heatmap(asked.wanted, asked.cell_m, asked.borders, asked.against)

    def map(self, made: Any, asked: ReportQuery, filters: Filters) -> CellMap:
        from reports.drawing import counts_map

        return counts_map(made, asked, filters)

    def notes(self, made: Any, filters: Filters) -> tuple[str, ...]:
        from reports.count_sentences import counts_notes

        return counts_notes(made, filters)

    def tables(self, made: Any) -> list[Table]:
        from reports.paper import heatmap_tables

        return heatmap_tables(made)

    def facts(self, made: Any) -> dict[str, Any]:
        return facts.heatmap_facts(made)

    def geojson(self, made: Any) -> bytes:
        return exports.as_geojson(made)

    def csv(self, made: Any) -> bytes:
        return exports.as_csv(made)


class _Hotspots(Kind):
    name = "hotspots"
    title = pgettext_lazy("tab of the reports", "Hotspots")
    seconds = 3.0
    without = ()

    def make(self, asked: ReportQuery) -> Any:
        from reports.hotspots import find_hotspots

        return find_hotspots(asked.wanted, asked.cell_m, asked.borders, asked.against)

    def map(self, made: Any, asked: ReportQuery, filters: Filters) -> CellMap:
        from reports.drawing import hotspots_map

        return hotspots_map(made, asked, filters)

    def notes(self, made: Any, filters: Filters) -> tuple[str, ...]:
        from reports.hot_sentences import hot_notes

        return hot_notes(made, filters)

    def tables(self, made: Any) -> list[Table]:
        from reports.paper import hotspots_tables

        return hotspots_tables(made)

    def facts(self, made: Any) -> dict[str, Any]:
        return facts.hotspots_facts(made)

    def geojson(self, made: Any) -> bytes:
        return exports.hotspots_as_geojson(made)

    def csv(self, made: Any) -> bytes:
        return exports.hotspots_as_csv(made)


class _Trends(Kind):
    name = "trends"
    title = pgettext_lazy("tab of the reports", "Trends")
    seconds = 5.0
    least_days = LEAST_DAYS

    def make(self, asked: ReportQuery) -> Any:
        from reports.trends import find_trends

        return find_trends(asked.wanted, asked.cell_m, asked.borders)

    def map(self, made: Any, asked: ReportQuery, filters: Filters) -> CellMap:
        from reports.drawing import trends_map

        return trends_map(made, asked, filters)

    def notes(self, made: Any, filters: Filters) -> tuple[str, ...]:
        from reports.trend_sentences import trend_notes

        return trend_notes(made, filters)

    def method(self, made: Any) -> list[str]:
        from reports.trend_sentences import trend_method_words

        return [] if made.refusal else [trend_method_words(made)]

    def tables(self, made: Any) -> list[Table]:
        from reports.paper import trends_tables

        return trends_tables(made)

    def facts(self, made: Any) -> dict[str, Any]:
        return facts.trends_facts(made)

    def geojson(self, made: Any) -> bytes:
        return exports.trends_as_geojson(made)

    def csv(self, made: Any) -> bytes:
        return exports.trends_as_csv(made)


class _Alerts(Kind):
    name = "alerts"
    title = pgettext_lazy("tab of the reports", "Alerts")
    seconds = 6.0
    least_days = weeks.LEAST_DAYS

    def make(self, asked: ReportQuery) -> Any:
        from reports.alerts import find_alerts

        return find_alerts(asked.wanted, asked.cell_m, asked.borders)

    def map(self, made: Any, asked: ReportQuery, filters: Filters) -> CellMap:
        from reports.drawing import alerts_map

        return alerts_map(made, asked, filters)

    def notes(self, made: Any, filters: Filters) -> tuple[str, ...]:
        from reports.alert_sentences import alert_notes

        return alert_notes(made, filters)

    def tables(self, made: Any) -> list[Table]:
        from reports.paper import alerts_tables

        return alerts_tables(made)

    def facts(self, made: Any) -> dict[str, Any]:
        return facts.alerts_facts(made)

    def geojson(self, made: Any) -> bytes:
        return exports.alerts_as_geojson(made)

    def csv(self, made: Any) -> bytes:
        return exports.alerts_as_csv(made)


class _Districts(Kind):
    name = "districts"
    title = pgettext_lazy("tab of the reports", "Districts")
    seconds = 0.5
    of_cells = False
    without = ("cell", "district")
    whole = True

    def make(self, asked: ReportQuery) -> Any:
        from reports.by_district import count_districts

        return count_districts(asked.wanted, asked.borders, asked.against)

    def map(self, made: Any, asked: ReportQuery, filters: Filters) -> CellMap:
        from reports.drawing import districts_map

        return districts_map(made, filters)

    def notes(self, made: Any, filters: Filters) -> tuple[str, ...]:
        from reports.district_sentences import district_notes

        return district_notes(made, filters)

    def tables(self, made: Any) -> list[Table]:
        from reports.paper import districts_tables

        return districts_tables(made)

    def facts(self, made: Any) -> dict[str, Any]:
        return facts.districts_facts(made, exports.district_rows(made))

    def geojson(self, made: Any) -> bytes:
        from reports.ground import district_borders, outlines_of

        return exports.districts_as_geojson(made, outlines_of(district_borders(timezone.localdate())))

    def geoparquet(self, made: Any, about: Mapping[str, Any]) -> bytes:
        from reports.district_files import as_geoparquet

        return as_geoparquet(exports.DISTRICT_COLUMNS, [*map(exports.district_values, made.rows)], about)

    def csv(self, made: Any) -> bytes:
        return exports.districts_as_csv(made)


class _Answers(Kind):
    name = "answers"
    title = pgettext_lazy("tab of the reports", "Answers")
    seconds = 4.0
    of_cells = False
    without = ("cell", "district", "status", *AGAINST)
    whole = True

    def make(self, asked: ReportQuery) -> Any:
        from reports.answers import find_answers

        return find_answers(asked.wanted, asked.borders)

    def map(self, made: Any, asked: ReportQuery, filters: Filters) -> CellMap:
        from reports.drawing import answers_map

        return answers_map(made, filters)

    def notes(self, made: Any, filters: Filters) -> tuple[str, ...]:
        from reports.answer_sentences import answers_notes

        return answers_notes(made, filters)

    def tables(self, made: Any) -> list[Table]:
        from reports.paper import answers_tables

        return answers_tables(made)

    def matrices(self, made: Any) -> list[Matrix]:
        from reports.paper import answers_matrix

        return [answers_matrix(made)] if made.districts and made.services else []

    def facts(self, made: Any) -> dict[str, Any]:
        return facts.answers_facts(made)

    def geojson(self, made: Any) -> bytes:
        from reports.ground import district_borders, outlines_of

        return exports.answers_as_geojson(made, outlines_of(district_borders(timezone.localdate())))

    def geoparquet(self, made: Any, about: Mapping[str, Any]) -> bytes:
        from reports.district_files import as_geoparquet

        return as_geoparquet(exports.ANSWERED_DISTRICT_COLUMNS, exports.answered_district_values(made), about)

    def csv(self, made: Any) -> bytes:
        return exports.answers_as_csv(made)


class _BeforeAfter(Kind):
    name = "before-after"
    title = pgettext_lazy("tab of the reports", "Before and after")
    seconds = 3.0
    # The places like a district are sought among all of the city.
    at_least_s = 1.0
    of_cells = False
    without = ("from", "to", "cell", "borders", "period", *AGAINST)

    def form(self, data: Mapping[str, Any]) -> ReportForm:
        return InterventionForm(data, without=self.without)

    def read(self, asked: ReportQuery) -> AppealFilter | None:
        done = asked.done or Intervention()
        if done.on is None or (done.drawn.area is None and not asked.wanted.district):
            return None
        # Those of the whole city: the control is sought there.
        year = dt.timedelta(days=366)
        return replace(asked.wanted, district="", since=done.on - year, until=done.on + year)

    def make(self, asked: ReportQuery) -> Any:
        from reports.intervention import find_change

        return find_change(asked.wanted, asked.done or Intervention())

    def map(self, made: Any, asked: ReportQuery, filters: Filters) -> CellMap:
        from reports.drawing import change_map

        return change_map(made, filters)

    def notes(self, made: Any, filters: Filters) -> tuple[str, ...]:
        from reports.change_sentences import change_notes

        return change_notes(made, filters)

    def tables(self, made: Any) -> list[Table]:
        from reports.paper import change_tables

        return change_tables(made)

    def facts(self, made: Any) -> dict[str, Any]:
        return facts.change_facts(made)

    def geojson(self, made: Any) -> bytes:
        return exports.change_as_geojson(made)

    def geoparquet(self, made: Any, about: Mapping[str, Any]) -> bytes:
        from geo.surface_files import as_geoparquet

        return as_geoparquet(made.surface, about)

    def csv(self, made: Any) -> bytes:
        return exports.change_as_csv(made)


class _Seasons(Kind):
    name = "seasons"
    title = pgettext_lazy("tab of the reports", "Seasons")
    seconds = 0.5
    of_cells = False
    without = ("cell", *AGAINST)
    lacks = ("html", "png", "geojson", "parquet")
    mapped = False

    def make(self, asked: ReportQuery) -> Any:
        from reports.seasons import find_seasons

        return find_seasons(asked.wanted, asked.borders)

    def map(self, made: Any, asked: ReportQuery, filters: Filters) -> CellMap:
        from reports.drawing import season_sheet

        return season_sheet(made, filters)

    def notes(self, made: Any, filters: Filters) -> tuple[str, ...]:
        from reports.season_sentences import season_notes

        return season_notes(made, filters)

    def tables(self, made: Any) -> list[Table]:
        from reports.paper import seasons_tables

        return seasons_tables(made)

    def facts(self, made: Any) -> dict[str, Any]:
        return facts.seasons_facts(made)

    def csv(self, made: Any) -> bytes:
        return exports.seasons_as_csv(made)


_ALL: Final[Sequence[Kind]] = (
    _Heatmap(),
    _Hotspots(),
    _Trends(),
    _Alerts(),
    _Districts(),
    _Answers(),
    _BeforeAfter(),
    _Seasons(),
)
#: In the order in which they are offered.
KINDS: Final[Mapping[str, Kind]] = {one.name: one for one in _ALL}
