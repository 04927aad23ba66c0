"""The front page: every public appeal on the map, and beside it as a list that needs no scripts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from appeals.due import AppealRow, rows_of
from appeals.filters import (
    EVERY_STATUS,
    FILTERS,
    AppealFilter,
    FilterField,
    Keys,
    filter_fields,
    keys_of,
    parse_filter,
)
from appeals.models import Appeal
from appeals.querysets import NEWEST_FIRST, AppealQuerySet
from appeals.vocabulary import OPEN_STATUSES, Status
from districts.choices import Choice, Group, flat
from geo.paging import AFTER, PageRequest, parse_page
from geo.refusals import Refusals
from web.caching import kept_for_offline
from web.parameters import left_out

PAGE_SIZE = 20
#: Counting further would cost more than the exact number is worth to a reader.
COUNT_LIMIT = 10_000

#: Asks for the list alone.
FRAGMENT = "fragment"
#: Filters that the form shows outside of its menu, whose button counts the others.
_UNCOUNTED = {"q", "bbox"}
_DONE = tuple(status for status in Status if status not in OPEN_STATUSES)


@dataclass(frozen=True)
class Chip:
    """A filter that is on: what it says, and the page's query without it."""

    label: str
    query: str


@dataclass(frozen=True)
class ListPage:
    """One page of the list. ``count`` stops at ``COUNT_LIMIT``; ``more_query`` is empty on the last page.

    ``overdue`` are those of them whose term has passed. ``done`` are those that are left out as answered, and ``done_query`` shows
    them too; it stops at the same limit.
    """

    rows: list[AppealRow]
    count: int
    counted_all: bool
    chips: list[Chip]
    more_query: str
    continued: bool
    overdue: int
    done: int
    done_query: str

    @property
    def counted_all_done(self) -> bool:
        """True when there are no more of them than were counted."""
        return self.done < COUNT_LIMIT


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    """The map with the first page of the list; ``?fragment=list`` answers with the list alone.

    Without a status, it shows what awaits an answer: a city's past would cover its present.

    A malformed filter is reported at its field, and nothing is then listed: what is below would not be what was asked for.
    """
    refusals = Refusals()
    read = refusals.read(parse_filter, request.GET, None)
    wanted = read or AppealFilter()
    fields = filter_fields(wanted, refusals.errors, request.GET)
    keys = keys_of([wanted])
    fields["status"] = _awaiting_first(fields["status"])
    asked = refusals.read(
        lambda query: parse_page(query, NEWEST_FIRST, size=PAGE_SIZE), request.GET, PageRequest(PAGE_SIZE)
    )
    status = 400 if AFTER in refusals.errors else 200
    visible = Appeal.objects.visible_to(request.user)
    context = {
        "page": _list_page(visible if read else visible.none(), wanted, keys, fields, asked),
        "errors": refusals.errors,
        "refused": read is None,
        "fields": fields,
        "left_out": left_out(request.GET, {*fields, AFTER, FRAGMENT}),
    }
    if request.GET.get(FRAGMENT) == "list":
        response = render(request, "public/_map_list.html", context, status=status)
        response["X-Robots-Tag"] = "noindex"
        return kept_for_offline(response, request)
    response = render(
        request,
        "public/map.html",
        {
            **context,
            "awaiting": fields["status"].declared.write(OPEN_STATUSES),
            "every_status": fields["status"].declared.write(EVERY_STATUS),
            "filter_count": sum(
                bool(field.given) for name, field in fields.items() if name not in _UNCOUNTED
            ),
            "map_names": {
                name: {option.code: option.short for option in flat(fields[name].choices)}
                for name in ("category", "service", "status")
            },
        },
        status=status,
    )
    return kept_for_offline(response, request)


def _awaiting_first(field: FilterField) -> FilterField:
    """The field of statuses on this page, where none means those that await an answer."""
    awaiting, *others = flat(field.choices)
    everything = str(field.declared.everything)
    choices: list[Choice | Group] = [
        Choice(field.declared.write(EVERY_STATUS), everything, everything),
        *others,
    ]
    declared = replace(field.declared, everything=awaiting.name)
    given = "" if field.given == declared.write(OPEN_STATUSES) else field.given
    return replace(field, declared=declared, choices=choices, given=given)


def _chip(field: FilterField) -> str:
    """Label of a filter that is on."""
    match field.declared.name:
        case "q":
            return f"“{field.given}”"
        case "from":
            return pgettext("beginning of a period", "from %(day)s") % {"day": _day(field.given)}
        case "to":
            return pgettext("end of a period", "until %(day)s") % {"day": _day(field.given)}
        case "bbox":
            return _("In this part of the map")
        case _ if field.choices:
            return field.words
        case _:
            return f"{field.declared.label}: {field.given}"


def _day(iso: str) -> str:
    return date_format(dt.date.fromisoformat(iso), "SHORT_DATE_FORMAT")


def _list_page(
    visible: AppealQuerySet,
    wanted: AppealFilter,
    keys: Keys,
    fields: Mapping[str, FilterField],
    asked: PageRequest,
) -> ListPage:
    chips = [
        Chip(_chip(fields[declared.name]), wanted.without(declared).as_query())
        for declared in FILTERS
        if declared.written(wanted) and fields[declared.name].given
    ]
    found = visible.filtered(wanted if wanted.status else replace(wanted, status=OPEN_STATUSES), keys)
    done = visible.filtered(replace(wanted, status=_DONE), keys) if not wanted.status else visible.none()
    count = found.order_by()[: COUNT_LIMIT + 1].count()
    page = NEWEST_FIRST.page(found.with_names(), asked)
    return ListPage(
        rows=rows_of(page.rows),
        count=min(count, COUNT_LIMIT),
        counted_all=count <= COUNT_LIMIT,
        chips=chips,
        more_query=wanted.as_query(**{AFTER: str(page.next)}) if page.next else "",
        continued=asked.after is not None,
        overdue=0 if asked.after else found.overdue(timezone.localdate()).count(),
        done=0 if asked.after else done.order_by()[:COUNT_LIMIT].count(),
        done_query=wanted.of_every_status.as_query(),
    )
