"""Pages for paper: an appeal with its history, and the list of the filter. What is not public is left out unless asked for."""

from __future__ import annotations

from typing import Final, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.roles import Role, standing_of
from appeals.deadlines import city_calendar
from appeals.dossier import dossier_of
from appeals.due import AppealRow, due_of
from appeals.filters import filter_fields
from appeals.models import Appeal
from desk.doors import for_staff
from desk.models import ContactSeen
from desk.queue import Queue, parse_place

#: Rows of a printed list: some thirty sheets; longer ones are for a file.
ROWS_MAX: Final = 500


@require_safe
@for_staff
def print_list(request: HttpRequest) -> HttpResponse:
    """The place's list in its order, to its end or to ``ROWS_MAX``, which is said; by whom and when it was printed."""
    place, errors = parse_place(request.GET)
    if errors:
        return redirect(f"{reverse('desk:queue')}?{request.GET.urlencode()}")
    queue = Queue.of(cast("User", request.user), city_calendar())
    rows = queue.in_tab(queue.appeals(place.wanted), place.tab).order_by(*place.sort.order.names)
    found = list(rows.with_names().select_related("assignee")[: ROWS_MAX + 1])
    context = {
        "tab": place.tab,
        "rows": [AppealRow(row, due_of(row, queue.calendar, queue.today)) for row in found[:ROWS_MAX]],
        "cut": len(found) > ROWS_MAX,
        "most": ROWS_MAX,
        "narrowed_by": [
            field for field in filter_fields(place.wanted, {}, request.GET).values() if field.given
        ],
        "office": queue.standing.office,
        "now": timezone.now(),
        "place": place.as_query(),
    }
    return render(request, "desk/print_list.html", context)


@require_safe
@for_staff
def print_appeal(request: HttpRequest, number: int) -> HttpResponse:
    """The appeal as the public sees it; ``internal=1`` adds the notes of the staff, who did what, and who sent it."""
    appeal = Appeal.objects.visible_to(request.user).with_names().filter(number=number).first()
    if appeal is None:
        raise Http404
    if standing_of(request.user).role_towards(appeal.service_id) is Role.PUBLIC:
        return redirect(appeal)
    internal = bool(request.GET.get("internal"))
    user = cast("User", request.user)
    contact = ContactSeen.objects.contact_for(user, appeal, ContactSeen.How.PRINT) if internal else None
    context = {
        "appeal": appeal,
        "dossier": dossier_of(appeal, user, internal=internal),
        "contact": contact,
        "internal": internal,
        "show_actors": internal,
        "now": timezone.now(),
    }
    return render(request, "desk/print_appeal.html", context)
