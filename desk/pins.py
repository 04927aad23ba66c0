"""The places of the queue's list on a map: of the whole filter, not of the page alone."""

from __future__ import annotations

from typing import Any, Final, cast

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import User
from appeals.deadlines import city_calendar
from desk.doors import for_scripts
from desk.queue import Queue, parse_place

#: Pins of one map, the first of the list's order: more hide each other, and a narrower filter shows the rest.
PINS_MAX: Final = 2_000


@require_safe
@for_scripts
def pins(request: HttpRequest) -> JsonResponse:
    """Number, status, whether the term has passed (1, else 0), place (degrees) and category of each appeal of the place's list.

    At most ``PINS_MAX``, those that come first in it; ``more`` says that there are others. ``page`` is the address of the
    page of number 0.
    """
    place, _errors = parse_place(request.GET)
    queue = Queue.of(cast("User", request.user), city_calendar())
    rows = queue.in_tab(queue.appeals(place.wanted), place.tab).select_related("category")
    ordered = rows.order_by(*place.sort.order.names).only("number", "status", "due_on", "point", "category")
    found = list(ordered[: PINS_MAX + 1])
    points: list[dict[str, Any]] = [
        {
            "number": appeal.number,
            "status": appeal.status,
            "overdue": int(appeal.is_open and appeal.due_on < queue.today),
            "lon": round(appeal.point.x, 6),
            "lat": round(appeal.point.y, 6),
            "category": appeal.category.name,
        }
        for appeal in found[:PINS_MAX]
    ]
    page = f"{reverse('desk:appeal', args=[0])}?{place.as_query()}"
    return JsonResponse({"points": points, "more": len(found) > PINS_MAX, "page": page})
