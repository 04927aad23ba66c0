"""Who changed what in the city's own data, for the administrator: narrowed to a kind of rows, a row, a person, days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import User
from appeals.filters import AppealFilter, Filter, days_of, in_order
from desk.doors import for_whom
from desk.row_changes import code_of, in_words
from districts.choices import Choice, Group
from geo.numbers import whole_number
from geo.paging import AFTER, BEFORE, Order, PageRequest, parse_page
from geo.refusals import Errors, Refusals, ValueRefused
from history.models import BY_A_COMMAND, BY_NOBODY_LOGGED_IN, KEY_MAX, PAST_THE_PLATFORM, RowChange
from history.recording import recorded_models
from web.parameters import left_out

PAGE_SIZE: Final = 50
ORDER: Final = Order({"at": dt.datetime, "pk": int}, descending=True)

#: Who it was where it was no person.
_NO_PERSONS: Final = {
    "command": (gettext_lazy("A command"), BY_A_COMMAND),
    "visitor": (gettext_lazy("Somebody who was not logged in"), BY_NOBODY_LOGGED_IN),
    "database": (gettext_lazy("Directly in the database"), PAST_THE_PLATFORM),
}


def _what_in(text: str) -> str:
    if text not in _tables():
        raise ValueRefused(_("Choose one."))
    return _tables()[text]


def _tables() -> dict[str, str]:
    return {code_of(model): table for table, model in recorded_models().items()}


def _whats() -> list[Choice | Group]:
    found = [(capfirst(str(model._meta.verbose_name)), model) for model in recorded_models().values()]
    return [Choice(code_of(model), name, name) for name, model in sorted(found, key=lambda pair: pair[0])]


def _row_in(text: str) -> str:
    if len(text) > KEY_MAX or "\x00" in text:
        raise ValueRefused(_("There is no such row."))
    return text


def _by_in(text: str) -> Q:
    if text in _NO_PERSONS:
        return _NO_PERSONS[text][1]
    key = whole_number(text, digits=18)
    if key is None:
        raise ValueRefused(_("Choose one."))
    return Q(by=key)


def _people() -> list[Choice | Group]:
    """Everybody who has ever changed something, and what else may have."""
    others: list[Choice | Group] = [
        Choice(code, str(words), str(words)) for code, (words, _condition) in _NO_PERSONS.items()
    ]
    who = User.objects.filter(Exists(RowChange.objects.filter(by=OuterRef("pk"))))
    people = who.order_by("last_name", "first_name", "pk")
    return [*others, *(Choice(str(one.pk), str(one), str(one)) for one in people)]


#: In the order of the form. A row is chosen by its link.
FILTERS: Final = (
    Filter(
        "what",
        "what",
        gettext_lazy("What"),
        read=_what_in,
        condition=lambda table: Q(table_name=table),
        schema={},
        everything=gettext_lazy("Everything"),
        choices=_whats,
    ),
    Filter(
        "by",
        "by",
        gettext_lazy("Who"),
        read=_by_in,
        condition=lambda condition: condition,
        schema={},
        everything=gettext_lazy("Everybody"),
        choices=_people,
    ),
    *days_of("at"),
)
ROW: Final = Filter("row", "row", "", read=_row_in, condition=lambda key: Q(row_key=key), schema={})


def _asked(query: Mapping[str, str]) -> tuple[Q, Errors]:
    """The condition that the address says, and what is wrong with it by parameter; a wrong part does not narrow."""
    refusals, condition, days = Refusals(), Q(), {}
    for declared in (*FILTERS, ROW):
        text = query.get(declared.name, "").strip()
        value: Any = refusals.read(declared.read, text, None, name=declared.name) if text else None
        if value is not None:
            condition &= declared.condition(value)
            days[declared.member] = value
    refusals.read(in_order, AppealFilter(since=days.get("since"), until=days.get("until")), AppealFilter())
    return condition, refusals.errors


@require_safe
@for_whom(lambda standing: standing.sees_row_history)
def row_history_page(request: HttpRequest) -> HttpResponse:
    """The changes, the newest first, in pages; 400 with what is wrong where the question cannot be answered."""
    refusals = Refusals()
    condition, errors = _asked(request.GET)
    asked = refusals.read(
        lambda query: parse_page(query, ORDER, size=PAGE_SIZE, both_ways=True), request.GET, PageRequest()
    )
    errors |= refusals.errors
    page = ORDER.page(RowChange.objects.filter(condition), asked) if not errors else None
    given = {declared.name: request.GET.get(declared.name, "").strip() for declared in (*FILTERS, ROW)}

    def address(**turned: object) -> str:
        said = {name: value for name, value in {**given, **turned}.items() if value}
        return f"?{urlencode(said)}"

    context = {
        "changes": in_words(page.rows) if page else [],
        "fields": [
            declared.field(given[declared.name], errors.get(declared.name, ())) for declared in FILTERS
        ],
        "row": given["row"],
        "narrowed": any(given[declared.name] for declared in FILTERS),
        "all_rows_url": address(row=""),
        "errors": errors,
        "left_out": left_out(request.GET, {*given, AFTER, BEFORE}),
        "next_url": address(after=page.next) if page and page.next else "",
        "previous_url": address(before=page.previous) if page and page.previous else "",
        "first_url": address() if page and page.previous else "",
    }
    return render(request, "desk/row_history.html", context, status=400 if errors else 200)
