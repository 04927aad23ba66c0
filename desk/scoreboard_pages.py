"""Pages of the scoreboard: what is asked, the table sorted as asked, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from accounts.roles import Standing, standing_of
from appeals.filters import AppealFilter, filter_fields, parse_filter
from appeals.periods import NAMED, ready_periods, with_days
from appeals.vocabulary import OPEN_STATUSES
from desk.doors import for_whom
from desk.scoreboard import (
    AGE_BANDS,
    ENOUGH,
    MOST,
    By,
    Equity,
    Hours,
    Score,
    Scoreboard,
    Share,
    TooManyAppeals,
    score,
)
from geo.refusals import Errors, Refusals, ValueRefused
from web.api.problems import bad_parameters
from web.parameters import left_out, unknown
from web.spreadsheets import delimiter, plain

#: What may be narrowed. Not by status: a board of what is answered alone would be the very thing that it must not be.
ASKED: Final = ("from", "to", "service", "district", "category", "kind")

_DEFAULT_PERIOD: Final = "year"


@dataclass(frozen=True)
class Column:
    """A column that the table can be sorted by; ``key`` is a row's value in it, None where it has none."""

    name: str
    label: str | Promise
    key: Callable[[Score], Any]


COLUMNS: Final = (
    Column("name", pgettext_lazy("column of the scoreboard", "Name"), lambda row: row.name.casefold()),
    Column("n", gettext_lazy("Appeals"), lambda row: row.n),
    Column("answer", gettext_lazy("Half answered within"), lambda row: row.answer_half.sortable),
    Column("answer90", gettext_lazy("9 of 10 answered within"), lambda row: row.answer_most.sortable),
    Column("closing", gettext_lazy("Half closed within"), lambda row: row.closing_half.sortable),
    Column("closing90", gettext_lazy("9 of 10 closed within"), lambda row: row.closing_most.sortable),
    Column("kept", gettext_lazy("Within the term"), lambda row: row.kept.percent),
    Column("reopened", gettext_lazy("Reopened"), lambda row: row.reopened.percent),
    Column("solved", gettext_lazy("Solved, say authors"), lambda row: row.solved.percent),
    Column("moved", gettext_lazy("Passed on"), lambda row: row.moved_on),
    Column("open", gettext_lazy("Open"), lambda row: row.open),
    Column("oldest", gettext_lazy("Oldest open"), lambda row: row.oldest),
    Column("satisfied", gettext_lazy("Satisfied, say authors"), lambda row: row.satisfied.percent),
)
_BY_NAME: Final = {column.name: column for column in COLUMNS}


@dataclass(frozen=True)
class Question:
    """Which appeals, in rows of what, sorted by which column."""

    wanted: AppealFilter
    by: By = By.SERVICE
    sort: str = "name"
    descending: bool = False

    def as_query(self, **changes: str) -> str:
        """The question as a URL query without ``?``."""
        sort = f"-{self.sort}" if self.descending else self.sort
        return self.wanted.as_query(
            **{
                "period": "" if self.wanted.since or self.wanted.until else "all",
                "by": self.by if self.by is not By.SERVICE else "",
                "sort": sort if sort != "name" else "",
                **changes,
            }
        )

    def sorted(self, rows: tuple[Score, ...]) -> list[Score]:
        """The rows in the order that is asked for; those without a value last."""
        key = _BY_NAME[self.sort].key
        if self.sort == "name" and self.by is By.MONTH:
            return list(reversed(rows)) if self.descending else list(rows)
        known = [row for row in rows if key(row) is not None]
        known.sort(key=key, reverse=self.descending)
        return known + [row for row in rows if key(row) is None]


#: What an address of the scoreboard may hold.
KNOWN: Final = (*ASKED, "period", "by", "sort")


def parse_question(query: Mapping[str, str]) -> tuple[Question, Errors]:
    """The question of the address, and what is wrong with it by parameter; a wrong part does not narrow."""
    refusals = Refusals()
    given = {name: query[name] for name in (*ASKED, "period") if name in query}
    if not any(given.get(name) for name in ("from", "to", "period")):
        given["period"] = _DEFAULT_PERIOD
    if given.get("period") and given["period"] not in NAMED:
        refusals.add({"period": [_("There is no such period.")]})
    wanted = refusals.read(parse_filter, with_days(given), AppealFilter())
    by = refusals.read(By.parse, query.get("by", ""), By.SERVICE, name="by")
    sort = query.get("sort", "")
    column = refusals.read(_parse_column, sort.removeprefix("-"), "name", name="sort")
    return Question(wanted, by, column, sort.startswith("-")), refusals.errors


def _parse_column(name: str) -> str:
    """The column of that name; the first one where none is named. Raises ``ValueRefused``."""
    if name and name not in _BY_NAME:
        raise ValueRefused(_("The scoreboard cannot be sorted like that."))
    return name or "name"


def _asked_by(request: HttpRequest) -> tuple[Question, Errors]:
    """The question as its reader may ask it: the head of a service asks about that one. Raises ``PermissionDenied``."""
    asked, errors = parse_question(request.GET)
    standing = standing_of(request.user)
    if standing.sees_all_figures:
        return asked, errors
    own = [service.code for service in standing.services if service.pk in standing.heads]
    if asked.wanted.service and asked.wanted.service not in own:
        raise PermissionDenied
    service = asked.wanted.service or own[0]
    return replace(asked, wanted=replace(asked.wanted, service=service)), errors


@require_safe
@for_whom(lambda standing: standing.sees_figures)
def scoreboard_page(request: HttpRequest) -> HttpResponse:
    """The scoreboard with the sentence that explains each of its figures; 400 where the question cannot be answered."""
    asked, errors = _asked_by(request)
    board = None
    if not errors:
        try:
            board = score(request.user, asked.wanted, asked.by)
        except TooManyAppeals:
            errors = _too_many()
    standing = standing_of(request.user)
    fields = filter_fields(asked.wanted, errors, with_days(request.GET), names=ASKED)
    context = {
        "asked": asked,
        "errors": errors,
        "left_out": left_out(request.GET, KNOWN),
        "fields": [fields[name] for name in ASKED if name != "service" or standing.sees_all_figures],
        "own": [] if standing.sees_all_figures else _own_boards(asked, standing),
        "clear_url": reverse("desk:scoreboard"),
        "periods": ready_periods(asked.wanted, lambda wanted: replace(asked, wanted=wanted).as_query()),
        "choices": [
            {"by": by, "query": replace(asked, by=by, sort="name", descending=False).as_query()} for by in By
        ],
        "board": board,
        "now": timezone.now(),
    }
    if board is not None:
        context |= {
            "rows": [(row, _backlog_url(asked, row.code)) for row in asked.sorted(board.rows)],
            "backlog_url": _backlog_url(asked, ""),
            "headings": [_heading(column, asked) for column in COLUMNS],
            "bands": band_words(),
            "enough": ENOUGH,
            "csv_query": asked.as_query(),
            "answers_query": asked.wanted.as_query(),
        }
    return render(request, "desk/scoreboard.html", context, status=400 if errors else 200)


def _own_boards(asked: Question, standing: Standing) -> list[dict[str, Any]]:
    """The services that the reader heads, each with the address of its board."""
    return [
        {
            "name": service.short,
            "query": replace(asked, wanted=replace(asked.wanted, service=service.code)).as_query(),
            "current": service.code == asked.wanted.service,
        }
        for service in standing.services
        if service.pk in standing.heads
    ]


def _backlog_url(asked: Question, code: str) -> str:
    """The heat report of what is open in a row of that code; of all of it without one. Months have no map of their own."""
    if asked.by is By.MONTH and code:
        return ""
    wanted = replace(asked.wanted, status=tuple(OPEN_STATUSES))
    match asked.by:
        case By.SERVICE if code:
            wanted = replace(wanted, service=code)
        case By.DISTRICT if code:
            wanted = replace(wanted, district=code)
        case By.CATEGORY if code:
            wanted = replace(wanted, category=code)
    return f"{reverse('reports:heatmap')}?{wanted.as_query()}"


def _heading(column: Column, asked: Question) -> dict[str, str | Promise]:
    current = column.name == asked.sort
    # What one looks for first: the name from its beginning, of figures the largest.
    descending = not asked.descending if current else column.name != "name"
    return {
        "label": column.label,
        "direction": ("descending" if asked.descending else "ascending") if current else "",
        "url": f"?{replace(asked, sort=column.name, descending=descending).as_query()}",
    }


@require_safe
@for_whom(lambda standing: standing.sees_figures)
def scoreboard_table(request: HttpRequest) -> HttpResponse:
    """The table as CSV: UTF-8 with a byte order mark, without which spreadsheets garble Cyrillic names."""
    return _csv(request, lambda board, asked: (as_csv(board, asked), f"scoreboard-{asked.by}.csv"))


@require_safe
@for_whom(lambda standing: standing.sees_figures)
def equity_table(request: HttpRequest) -> HttpResponse:
    """How long each service takes to answer in each district, as CSV; always in rows of services."""
    return _csv(
        request,
        lambda board, _asked: (equity_as_csv(board.equity or Equity((), ())), "scoreboard-districts.csv"),
        by=By.SERVICE,
    )


def _csv(
    request: HttpRequest,
    write: Callable[[Scoreboard, Question], tuple[bytes, str]],
    **always: Any,
) -> HttpResponse:
    """The written content under its name, or what is wrong with the question (400)."""
    asked, errors = _asked_by(request)
    if errors := errors | unknown(request.GET, KNOWN):
        return bad_parameters(errors)
    asked = replace(asked, **always)
    try:
        board = score(request.user, asked.wanted, asked.by)
    except TooManyAppeals:
        return bad_parameters(_too_many())
    content, name = write(board, asked)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def as_csv(board: Scoreboard, asked: Question) -> bytes:
    """The rows as sorted, then all of it together; figures of too few cases are left empty, their numbers are not.

    Hours that have not been reached are written as ``>`` and the longest time watched.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text, delimiter=delimiter())
    table.writerow(
        [
            "code", "name", "appeals",
            "answer_median_h", "answer_p90_h", "answered",
            "closing_median_h", "closing_p90_h", "closed",
            "within_term_percent", "terms_kept", "terms_ended",
            "reopened_percent", "reopened", "answered_for_reopened",
            "solved_percent", "solved", "authors_who_said",
            "reports_within_percent", "reports_kept", "reports_ended",
            "legal_within_percent", "legal_kept", "legal_ended",
            "satisfied_percent", "satisfied", "ratings", "satisfied_from_percent", "satisfied_to_percent",
            "passed_on", "open", "oldest_working_days", *[f"open_{band}" for band in _band_codes()],
        ]
    )  # fmt: skip
    for row in [*asked.sorted(board.rows), board.whole]:
        table.writerow(
            [
                plain(row.code), plain(row.name), row.n,
                _hours(row.answer_half), _hours(row.answer_most), row.answer_half.happened,
                _hours(row.closing_half), _hours(row.closing_most), row.closing_half.happened,
                *_share(row.kept), *_share(row.reopened), *_share(row.solved),
                *_share(row.kept_reports), *_share(row.kept_legal), *_share(row.satisfied), *_interval(row.satisfied),
                row.moved_on, row.open, "" if row.oldest is None else row.oldest, *row.ages,
            ]
        )  # fmt: skip
    return text.getvalue().encode("utf-8-sig")


def equity_as_csv(equity: Equity) -> bytes:
    """One row for each service and district that had a case, the figures as in ``as_csv``."""
    text = io.StringIO(newline="")
    table = csv.writer(text, delimiter=delimiter())
    table.writerow(
        ["service", "service_name", "district_name", "cases", "answered", "answer_median_h", "answer_p90_h"]
    )
    for row in equity.services:
        for district, answering in zip(equity.districts, row.districts, strict=True):
            if answering:
                half, most = answering.half, answering.most
                table.writerow(
                    [
                        plain(row.code),
                        plain(row.name),
                        plain(district),
                        half.n,
                        half.happened,
                        _hours(half),
                        _hours(most),
                    ]
                )
    return text.getvalue().encode("utf-8-sig")


def band_words() -> list[str]:
    """The bands of age in words."""
    lows = [0, *(band + 1 for band in AGE_BANDS)]
    closed = [
        _("%(low)d–%(high)d days") % {"low": low, "high": high}
        for low, high in zip(lows, AGE_BANDS, strict=False)
    ]
    return [*closed, _("over %(n)d days") % {"n": AGE_BANDS[-1]}]


def _band_codes() -> list[str]:
    return [*(f"up_to_{band}_days" for band in AGE_BANDS), f"over_{AGE_BANDS[-1]}_days"]


def _hours(hours: Hours) -> str:
    if not hours.enough:
        return ""
    return _number(hours.value) if hours.value is not None else f">{_number(hours.watched)}"


def _share(share: Share) -> tuple[str, int, int]:
    return ("" if share.percent is None else _number(share.percent), share.part, share.n)


def _interval(share: Share) -> tuple[str, str]:
    if share.interval is None:
        return "", ""
    low, high = share.interval
    return _number(low), _number(high)


def _number(value: float) -> str:
    return f"{value:.2f}".replace(".", get_format("DECIMAL_SEPARATOR"))


def _too_many() -> Errors:
    sentence = _("These are more than %(most)d appeals. Choose a shorter period.") % {"most": MOST}
    return {"from": [sentence]}
