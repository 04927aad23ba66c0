"""The front page: every public appeal on the map, and beside it as a list that needs no scripts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from appeals.due import AppealRow, rows_of
from appeals.filters import AppealFilter, parse_filter
from appeals.models import Appeal
from appeals.querysets import NEWEST_FIRST, AppealQuerySet
from appeals.workflow import OPEN_STATUSES, Kind, Status
from districts.choices import Choice, Group, category_groups, districts, services
from geo.paging import AFTER, Page, parse_page
from geo.refusals import Refusals
from web.caching import kept_for_offline

PAGE_SIZE = 20
#: Counting further would cost more than the exact number is worth to a reader.
COUNT_LIMIT = 10_000

#: Parameters of the page that narrow the list, in the order of the form.
FILTER_PARAMETERS = ("q", "kind", "category", "service", "district", "status", "from", "to", "bbox")


@dataclass(frozen=True)
class Chip:
    """A filter that is on: what it says, and the page's query without it."""

    label: str
    query: str


@dataclass(frozen=True)
class ListPage:
    """One page of the list. ``count`` stops at ``COUNT_LIMIT``; ``more_query`` is empty on the last page."""

    rows: list[AppealRow]
    count: int
    counted_all: bool
    chips: list[Chip]
    more_query: str
    continued: bool


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    """The map with the first page of the list; ``?fragment=list`` answers with the list alone.

    A malformed filter is told beside its field, and the list is then not narrowed by anything.
    """
    given = {name: request.GET.get(name, "").strip() for name in FILTER_PARAMETERS}
    refusals = Refusals()
    wanted = refusals.read(parse_filter, given, AppealFilter())
    errors, refused = refusals.errors, bool(refusals.errors)
    groups, service_choices, district_choices = category_groups(), services(), districts()
    names = _Names(groups, service_choices, district_choices)
    asked = refusals.read(
        lambda query: parse_page(query, NEWEST_FIRST, size=PAGE_SIZE), request.GET, Page(PAGE_SIZE)
    )
    status = 400 if AFTER in errors else 200
    found = Appeal.objects.visible_to(request.user).filtered(wanted)
    page = _list_page(found, {} if refused else given, names, asked)
    context = {"page": page, "errors": errors, "given": given}
    if request.GET.get("fragment") == "list":
        response = render(request, "public/_map_list.html", context, status=status)
        response["X-Robots-Tag"] = "noindex"
        return kept_for_offline(response, request)
    response = render(
        request,
        "public/map.html",
        {
            **context,
            "groups": groups,
            "services": service_choices,
            "districts": district_choices,
            "kinds": Kind.choices,
            "statuses": [(",".join(OPEN_STATUSES), _("Awaiting an answer")), *Status.choices],
            "filter_count": sum(bool(given[name]) for name in FILTER_PARAMETERS if name not in {"q", "bbox"}),
            "map_names": {
                "category": names.categories,
                "service": names.services,
                "status": dict(Status.choices),
            },
        },
        status=status,
    )
    return kept_for_offline(response, request)


class _Names:
    """Codes of the filter's choices, by what they are called in the page's language."""

    def __init__(
        self, groups: list[Group], service_choices: list[Choice], district_choices: list[Choice]
    ) -> None:
        self.categories = {
            choice.code: choice.name for group in groups for choice in (group.choice, *group.leaves)
        }
        self.services = {choice.code: choice.short for choice in service_choices}
        self.districts = {choice.code: choice.name for choice in district_choices}

    def chip(self, name: str, value: str) -> str:
        """What a filter that is on says of itself."""
        match name:
            case "q":
                return f"“{value}”"
            case "kind":
                return str(dict(Kind.choices).get(value, value))
            case "category":
                return self.categories.get(value, value)
            case "service":
                return self.services.get(value, value)
            case "district":
                return self.districts.get(value, value)
            case "status":
                if set(value.split(",")) == set(OPEN_STATUSES):
                    return _("Awaiting an answer")
                return ", ".join(str(dict(Status.choices).get(part, part)) for part in value.split(","))
            case "from":
                return pgettext("beginning of a period", "from %(day)s") % {"day": _day(value)}
            case "to":
                return pgettext("end of a period", "until %(day)s") % {"day": _day(value)}
            case _:
                return _("In this part of the map")


def _day(iso: str) -> str:
    return dt.date.fromisoformat(iso).strftime("%d.%m.%Y")


def _list_page(found: AppealQuerySet, given: dict[str, str], names: _Names, asked: Page) -> ListPage:
    on = {name: value for name, value in given.items() if value}
    chips = [
        Chip(names.chip(name, value), urlencode({key: kept for key, kept in on.items() if key != name}))
        for name, value in on.items()
    ]
    count = found.order_by()[: COUNT_LIMIT + 1].count()
    page = NEWEST_FIRST.page(found.with_names(), asked)
    return ListPage(
        rows=rows_of(page.rows),
        count=min(count, COUNT_LIMIT),
        counted_all=count <= COUNT_LIMIT,
        chips=chips,
        more_query=urlencode({**on, AFTER: page.next}) if page.next else "",
        continued=asked.after is not None,
    )
