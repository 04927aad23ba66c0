"""The proposals of residents, those with most support first: what gathers voices, and what the city must answer."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from appeals.deadlines import city_day
from appeals.due import rows_of
from appeals.filters import AppealFilter, filter_fields, parse_filter
from appeals.gathering import STATES, GatheringState, Thresholds, in_state
from appeals.models import Appeal
from appeals.querysets import MOST_SUPPORTED
from appeals.vocabulary import Kind
from geo.paging import AFTER, PageRequest, parse_page
from geo.refusals import Refusals, ValueRefused
from web.caching import kept_for_offline
from web.parameters import left_out

PAGE_SIZE: Final = 20
_DISTRICT, _STATE = "district", "state"


@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """Public proposals by support, of a district and a state where these are asked for, in pages.

    What is asked for wrongly is reported, and nothing is then listed.
    """
    refusals, today = Refusals(), city_day(timezone.now())
    given = {_DISTRICT: request.GET.get(_DISTRICT, "")}
    wanted = refusals.read(parse_filter, given, AppealFilter())
    state = refusals.read(_state, request.GET.get(_STATE, "").strip(), None, name=_STATE)
    refused = bool(refusals.errors)
    asked = refusals.read(
        lambda query: parse_page(query, MOST_SUPPORTED, size=PAGE_SIZE), request.GET, PageRequest(PAGE_SIZE)
    )
    thresholds = Thresholds.read()
    found = Appeal.objects.visible_to(request.user).proposals().filtered(wanted)
    if state is not None:
        found = found.filter(in_state(state, thresholds, today))
    page = MOST_SUPPORTED.page((found.none() if refused else found).with_names(), asked)
    narrowed = {_DISTRICT: wanted.district, _STATE: state.value if state else ""}
    query = {name: value for name, value in narrowed.items() if value}
    address = reverse("public:proposals")
    response = render(
        request,
        "public/proposals.html",
        {
            "rows": rows_of(page.rows),
            "field": filter_fields(wanted, refusals.errors, request.GET, names=[_DISTRICT])[_DISTRICT],
            "states": [(each.value, words) for each, words in STATES.items()],
            "state": request.GET.get(_STATE, "").strip(),
            "kind": Kind.RECOMMENDATION.value,
            "errors": refusals.errors,
            "narrowed": bool(query) or refused,
            "left_out": left_out(request.GET, {_DISTRICT, _STATE, AFTER}),
            "next_url": f"{address}?{urlencode({**query, AFTER: str(page.next)})}" if page.next else "",
            "first_url": f"{address}?{urlencode(query)}" if asked.after else "",
        },
        status=400 if refusals.errors else 200,
    )
    return kept_for_offline(response, request)


def _state(text: str) -> GatheringState | None:
    """The state of that code, None for none. Raises ``ValueRefused``."""
    if not text:
        return None
    try:
        return GatheringState(text)
    except ValueError:
        choices = ", ".join(f"{words} ({state.value})" for state, words in STATES.items())
        raise ValueRefused(_("Choose among: %(choices)s.") % {"choices": choices}) from None
