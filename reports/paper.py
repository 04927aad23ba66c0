"""The reports on paper: the map, the tables of the page and its sentences for ``geo.paper_map``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from geo.bbox import Bbox
from geo.folium_map import MOST_NAMES, CellMap
from geo.paper_map import SMALL_MM, Matrix, Sheet, Table
from reports.figures import about, rounded, times
from reports.ground import nearest_places
from reports.heatmap import Heatmap
from reports.sentences import created_words, period_words
from reports.year_before import YearBefore

if TYPE_CHECKING:
    from reports.alerts import Alerts
    from reports.answer_sentences import Figures
    from reports.answers import Answers, AnswersReport
    from reports.by_district import ByDistrict
    from reports.hotspots import Hotspots
    from reports.intervention import BeforeAfterReport
    from reports.seasons import CategorySeason, Seasons
    from reports.trends import Trends

#: Places in a table; the files of data have all of them.
_MOST_PLACES = 12
#: Pairs of service and district that are told where none differs clearly.
_FEWEST_PAIRS = 5


def sheet_of(
    drawn: CellMap, tables: list[Table], more_method: list[str], address: str, counted: str = ""
) -> Sheet:
    """The report on paper: ``drawn`` is its map, whose notes are the question, the answer and the method,
    before which ``more_method`` stands; ``counted`` says when it counted, if not just now."""
    question, answer, *method = drawn.notes
    created = created_words()
    licence = " ".join(filter(None, settings.DATA_LICENCE.values()))
    return Sheet(
        drawn=drawn,
        srid=settings.METRIC_SRID,
        question=question,
        answer=answer,
        tables=tables,
        method_title=_("How this is judged"),
        method=[*more_method, *(words.removesuffix(created).strip() for words in method)],
        sources=[f"{created} {counted}".strip(), " · ".join(filter(None, [drawn.attribution, licence]))],
        address=address,
        author=f"OshCity · {settings.PUBLIC_URL}",
        made_on=timezone.localdate(),
        north=pgettext("north, on the arrow of a map", "N"),
        ring=_("A ring of its colour is around a numbered place that is narrower than %(mm)s mm on this map.")
        % {"mm": rounded(SMALL_MM)},
    )


def heatmap_tables(made: Heatmap) -> list[Table]:
    from reports.year_sentences import before_words, year_column_title

    year = year_column_title(made.year_before)
    top = made.cells[:_MOST_PLACES]
    boxes = [made.grid.bbox(row.cell) for row in top]
    return [
        _table(
            _("The fullest cells"),
            (_("Cell, by the nearest known place"), _number()),
            [
                (
                    _place(
                        number,
                        name or row.cell.id,
                        " · ".join(
                            filter(
                                None,
                                [
                                    row.district.name if row.district and row.district.name != name else "",
                                    row.cell.id,
                                ],
                            )
                        ),
                    ),
                    _whole(row.count),
                )
                for number, (row, name) in enumerate(
                    zip(top, nearest_places([box.centre() for box in boxes]), strict=True), start=1
                )
            ],
            at=boxes,
        ),
        _table(
            _("By district"),
            (_("District"), _number(), _("per km²"), *([year] if year else [])),
            [
                (
                    row.district.name if row.district else _("In no district"),
                    _shown(row.count),
                    "—" if row.per_km2 is None else rounded(row.per_km2, 1),
                    *([before_words(row)] if year else []),
                )
                for row in made.districts
            ],
        ),
    ]


def hotspots_tables(made: Hotspots) -> list[Table]:
    from reports.drawing import hot_colour
    from reports.hot_sentences import place_names, places_words, sure_words, year_column_words
    from reports.year_sentences import before_words, year_column_title

    top = made.places[:_MOST_PLACES]
    year = year_column_title(made.year_before)
    rows = [
        (
            _place(number, name or place.cells[0].id, _cells(len(place.cells))),
            _shown(place.in_cells),
            _whole(place.count),
            about(place.expected),
            times(place.ratio),
            sure_words(place.level),
            *([before_words(place)] if year else []),
        )
        for number, (place, name) in enumerate(zip(top, place_names(made, top), strict=True), start=1)
    ]
    columns = (
        _("Place, by the nearest known one"),
        pgettext("of appeals, head of a column", "In the cells"),
        _with_neighbours(),
        pgettext("number of appeals, head of a column", "Expected"),
        pgettext("observed by expected, head of a column", "Times"),
        pgettext("1 in 20, head of a column", "Chance, at most"),
        *([year] if year else []),
    )
    return (
        [
            _table(
                _("Where there are more"),
                columns,
                rows,
                at=[place.box for place in top],
                note=" ".join(filter(None, [places_words(made), year_column_words(made.year_before)])),
                swatches={(row, 5): hot_colour(place.level) for row, place in enumerate(top)},
            )
        ]
        if rows
        else []
    )


def trends_tables(made: Trends) -> list[Table]:
    from reports.hot_sentences import place_names
    from reports.trend_sentences import month_words, pattern_sentence, pattern_words

    if made.refusal:
        return []
    top = made.places[:_MOST_PLACES]
    tables = [
        _table(
            _("What became of the cells"),
            (_("Pattern"), _("Cells"), _number()),
            [
                (
                    f"{pattern_words(row.pattern)}\n{pattern_sentence(row.pattern)}",
                    _whole(row.cells),
                    _shown(row.count),
                )
                for row in made.patterns
            ],
        )
    ]
    rows = [
        (
            f"{number}. {name or place.cells[0].id} – {pattern_words(place.pattern)} ({_cells(len(place.cells))})",
            _shown(place.count),
        )
        for number, (place, name) in enumerate(zip(top, place_names(made, top), strict=True), start=1)
    ]
    if rows:
        columns = (_("Place, by the nearest known one"), _with_neighbours())
        tables.append(
            _table(
                _("Where something begins, grows or lasts"),
                columns,
                rows,
                at=[place.box for place in top],
                note=_judged_words(),
            )
        )
    months = _table(
        _("Month by month"),
        (_("Month"), _number(), _("Cells with clearly more"), _("Cells with clearly fewer")),
        # Where there is no room for all, the oldest are left out.
        [
            (month_words(row.month), _whole(row.count), _whole(row.hot), _whole(row.cold))
            for row in reversed(made.by_month)
        ],
    )
    return [*tables, months]


def alerts_tables(made: Alerts) -> list[Table]:
    from reports.alert_sentences import alert_words, week_words
    from reports.hot_sentences import place_names

    if made.refusal:
        return []
    # Without an alert, the strongest rise.
    top = (made.alerts or tuple(filter(None, [made.strongest])))[:_MOST_PLACES]
    rows = [
        (
            _place(number, name or alert.cells[0].id, alert_words(alert)),
            _whole(alert.count),
            about(alert.expected),
            f"{about(alert.ratio)} ×",
        )
        for number, (alert, name) in enumerate(zip(top, place_names(made, top), strict=True), start=1)
    ]
    columns = (
        _("Place, by the nearest known one"),
        _number(),
        pgettext("number of appeals, head of a column", "Expected"),
        pgettext("observed by expected, head of a column", "Times"),
    )
    title = _("What is new") if made.alerts else _("The strongest rise, which may be chance")
    weeks = _table(
        _("The whole city, week by week"),
        (_("Week"), _number()),
        [
            (_("On average before"), rounded(made.usual, 1)),
            *((week_words(row.monday), _whole(row.count)) for row in made.recent),
        ],
    )
    places = [_table(title, columns, rows, at=[alert.box for alert in top])] if rows else []
    return [*places, weeks]


def districts_tables(made: ByDistrict) -> list[Table]:
    from reports.figures import direction_mark
    from reports.ratios import interval_words
    from reports.year_sentences import before_words, year_column_title

    columns = (
        _("District"),
        _number(),
        _("per km²"),
        *([_("per 1,000 residents")] if made.residents else []),
        pgettext("number of appeals, head of a column", "Expected"),
        pgettext("observed by expected, head of a column", "Times"),
        pgettext("of a ratio, head of a column", "Interval"),
        pgettext("ratio, head of a column", "Smoothed"),
    )
    # The map has a number where a name has no room.
    many = len(made.rows) > MOST_NAMES
    rows = [
        (
            f"{number}. {row.district.name}" if many else row.district.name,
            _shown(row.count),
            *(
                "—" if value is None else written(value, decimals)
                for value, decimals, written in (
                    (row.per_km2, 1, rounded),
                    *([(row.per_1000, 1, rounded)] if made.residents else []),
                    (row.expected, 0, rounded),
                )
            ),
            "—" if row.ratio is None else f"{direction_mark(row.direction)} {times(row.ratio, 2)}".strip(),
            interval_words(row.low, row.high),
            "—" if row.smoothed is None else times(row.smoothed, 2),
        )
        for number, row in enumerate(made.rows, start=1)
    ]
    # A ninth column would leave none of them its width.
    before = (_("District"), year_column_title(made.year_before))
    compared = [(row.district.name, before_words(row)) for row in made.rows]
    return [
        _table(
            _("By district"),
            columns,
            rows,
            note=_("Where a name has no room on the printed map, the number of its row stands there.")
            if many
            else "",
        ),
        *(
            [_table(_compared_title(made.year_before), before, compared)]
            if isinstance(made.year_before, YearBefore)
            else []
        ),
    ]


def _compared_title(year: YearBefore) -> str:
    if year.chosen is None:
        return _("Compared with a year before")
    return _("Compared with %(period)s") % {"period": period_words(year.chosen.since, year.chosen.until)}


def change_tables(made: BeforeAfterReport) -> list[Table]:
    from reports.change_sentences import month_days_words
    from reports.ratios import interval_words
    from reports.tallies import showable

    if made.found is None:
        return []
    judged = [
        (
            name,
            *map(_shown, map(showable, one.halves)),
            times(one.ratio, 2),
            interval_words(one.low, one.high) if one.p is not None else "—",
        )
        for name, one in ((_("In the area"), made.found), (_("Around it"), made.ring))
        if one is not None and one.ratio is not None
    ]
    # What there is no control for has nothing that is expected.
    expects = any(row.expected is not None for row in made.months)
    months = [
        (
            month_days_words(row.first, row.last),
            _shown(row.count),
            *(["—" if row.expected is None else rounded(row.expected, 1)] if expects else []),
            _shown(row.ring),
        )
        for row in made.months
    ]
    return [
        *(
            [
                _table(
                    _("Before and after"),
                    (
                        _("Where"),
                        pgettext("number of appeals, head of a column", "Before"),
                        pgettext("number of appeals, head of a column", "After"),
                        pgettext("observed by expected, head of a column", "Times"),
                        _("95 of 100 times between"),
                    ),
                    judged,
                )
            ]
            if judged
            else []
        ),
        _table(
            _("Month by month"),
            (
                _("Days"),
                pgettext("of appeals, head of a column", "In the area"),
                *([pgettext("number of appeals, head of a column", "Expected")] if expects else []),
                pgettext("of appeals, head of a column", "Around it"),
            ),
            months,
        ),
    ]


def seasons_tables(made: Seasons) -> list[Table]:
    from reports.ratios import ratio_words
    from reports.season_sentences import month_heads, sure_words

    def row(one: CategorySeason) -> tuple[str, ...]:
        index = tuple("—" if month.index is None else ratio_words(month.index) for month in one.months)
        note = " · ".join(filter(None, (f"{_number()}: {_whole(one.total)}", sure_words(one))))
        return (f"{one.name}\n{note}", *index)

    heads = tuple(short for short, _whole_name in month_heads())
    return [
        _table(
            _("Category by month of the year"),
            (_("Category"), *heads),
            [row(one) for one in made.rows if any(month.index is not None for month in one.months)],
            note=_("Times of the category's mean month. The surest season stands first."),
        )
    ]


def answers_tables(made: AnswersReport) -> list[Table]:
    from reports.answer_sentences import figures_of

    def row(name: str, one: Answers) -> tuple[str, ...]:
        told = figures_of(one)
        return (
            name,
            told.n,
            told.waiting,
            told.half,
            told.most,
            told.kept,
            f"{told.mark} {told.difference}".strip(),
        )

    figures = (
        _number(),
        pgettext("appeals without an answer, head of a column", "Waiting"),
        _("Half within, days"),
        _("9 of 10 within, days"),
        _("Terms kept"),
        _("Than elsewhere, points"),
    )
    tables = [
        _table(
            _("By district"),
            (_("District"), *figures),
            [
                row(_("All districts"), made.whole),
                *(row(one.name, found) for one, found in made.slowest_districts),
            ],
            note=_("The slowest first."),
        )
    ]
    # Where nothing is clear, the fewest are told as what they are.
    pairs = made.differing or made.compared[:_FEWEST_PAIRS]
    if pairs:
        told = [(f"{service.name}\n{district.name}", figures_of(one)) for service, district, one in pairs]
        tables.append(
            _table(
                _("Where a service clearly differs")
                if made.differing
                else _("Where a service keeps the fewest terms, against elsewhere"),
                (
                    _("Service and district"),
                    _number(),
                    _("Terms kept"),
                    _("Than elsewhere, points"),
                    _("95 of 100 times between"),
                ),
                [
                    (name, one.n, one.kept, f"{one.mark} {one.difference}".strip(), one.difference_interval)
                    for name, one in told
                ],
                note="" if made.differing else _("None of these differences is clear: chance would do."),
            )
        )
    tables.append(
        _table(
            _("By service"),
            (_("Service"), *figures[:-1]),
            [row(one.name, one.whole)[:-1] for one in made.slowest_services],
            note=_("The slowest first."),
        )
    )
    return tables


def answers_matrix(made: AnswersReport) -> Matrix:
    """Every service in every district, as the page has them."""
    from reports.answer_sentences import LEVEL_COLOURS, service_table, service_table_words

    told = service_table(made)

    def cell(one: Figures | None) -> str:
        if one is None:
            return "—"
        return f"({one.n})" if one.half == "—" else f"{one.mark} {one.half}".strip() + f"\n{one.kept}"

    return Matrix(
        _("By service and district"),
        (
            _("District") if told.turned else _("Service"),
            _("All services") if told.turned else _("All districts"),
            *told.heads,
        ),
        [(name, *map(cell, (whole, *cells))) for name, whole, cells in told.rows],
        note=service_table_words(),
        tints={
            (row, column): LEVEL_COLOURS[one.level]
            for row, (_name, whole, cells) in enumerate(told.rows)
            for column, one in enumerate((whole, *cells), start=1)
            if one and one.level
        },
    )


def _table(
    title: str,
    columns: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    at: Sequence[Bbox] = (),
    note: str = "",
    swatches: Mapping[tuple[int, int], str] | None = None,
) -> Table:
    more = _("… and %(n)d more, in the files of data.")
    return Table(title, columns, rows, more=more, at=at, note=note, swatches=swatches or {})


def _place(number: int, name: str, note: str) -> str:
    """A row's first text: the number that the place has on the map, its name, and below it what it is."""
    return f"{number}. {name}\n{note}"


def _cells(count: int) -> str:
    return ngettext("%(n)s cell", "%(n)s cells", count) % {"n": _whole(count)}


def _number() -> str:
    return pgettext("of appeals, head of a column", "Number")


def _with_neighbours() -> str:
    return pgettext("of appeals, head of a column", "With neighbours")


def _judged_words() -> str:
    return _("A cell is judged with its neighbours: it can differ and have no appeal of its own.")


def _whole(count: int) -> str:
    return number_format(count, force_grouping=True)


def _shown(count: int | None) -> str:
    return "—" if count is None else _whole(count)
