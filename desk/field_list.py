"""The field list: the places of the day in the order in which to visit them, on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from django.conf import settings
from django.contrib.gis.geos import Point
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from appeals.deadlines import city_calendar
from appeals.due import AppealRow, due_of
from appeals.filters import number_in
from appeals.models import Appeal
from desk.doors import for_staff
from desk.queue import Queue, parse_place
from geo.points import GeometryRefused, city_point, lon_lat_from_text
from geo.visiting import visiting_order, way_m

#: Places of one list: more than anybody visits in a day.
STOPS_MAX: Final = 40
#: Parameters of the page beside those of the queue's place: all of the list or the day's alone, and where one starts.
ALL: Final = "all"
START: Final = "start"


@dataclass(frozen=True)
class Stop:
    """A place to visit, and its metres as the crow flies from the one before (from the start)."""

    row: AppealRow
    metres: float


@require_safe
@for_staff
def field_list(request: HttpRequest) -> HttpResponse:
    """The open appeals of the place's list that are due or planned by today, or all of it, in visiting order.

    At most ``STOPS_MAX``, the most urgent, which is said. The start is an appeal of the list, by its number, or a place
    (latitude, longitude); unless it is given, the most urgent appeal. What is wrong with it is said, and changes nothing.
    """
    place, errors = parse_place(request.GET)
    if errors:
        return redirect(f"{reverse('desk:queue')}?{request.GET.urlencode()}")
    queue = Queue.of(cast("User", request.user), city_calendar())
    everything = bool(request.GET.get(ALL))
    open_ones = queue.in_tab(queue.appeals(place.wanted), place.tab).open()
    if not everything:
        open_ones = open_ones.filter(Q(due_on__lte=queue.today) | Q(planned_on__lte=queue.today))
    found = list(open_ones.with_names().order_by("due_on", "number")[: STOPS_MAX + 1])
    appeals = found[:STOPS_MAX]
    given = request.GET.get(START, "").strip()
    start, refusal = _start(given, appeals)
    stops = _stops(appeals, start, queue) if start is not None else []
    context = {
        "stops": stops,
        "choices": [(str(appeal.number), appeal) for appeal in appeals],
        "start": given,
        "refusal": refusal,
        "everything": everything,
        "tab": place.tab,
        "total_km": sum(stop.metres for stop in stops) / 1000,
        "cut": len(found) > STOPS_MAX,
        "most": STOPS_MAX,
        "place": place.as_query(),
        "fields_of_place": [
            (name, value) for name, value in request.GET.items() if name not in {ALL, START} and value
        ],
        "other_url": f"{reverse('desk:field-list')}?{place.as_query(**({} if everything else {ALL: '1'}))}",
    }
    return render(request, "desk/field_list.html", context, status=400 if refusal else 200)


def _start(given: str, appeals: list[Appeal]) -> tuple[Point | None, str]:
    """Where the way begins, and what is wrong with what was given; None where there is nothing to visit."""
    first = appeals[0].point if appeals else None
    if not given or first is None:
        return first, ""
    number = number_in(given)
    chosen = next((appeal for appeal in appeals if appeal.number == number), None)
    if chosen is not None:
        return chosen.point, ""
    degrees = lon_lat_from_text(given)
    if degrees is None:
        return first, _("Write latitude and longitude, such as 40.5283, 72.7985.")
    try:
        return city_point(*degrees), ""
    except GeometryRefused as refused:
        return first, str(refused)


def _stops(appeals: list[Appeal], start: Point, queue: Queue) -> list[Stop]:
    def metric(point: Point) -> tuple[float, float]:
        moved = cast("Point", point.transform(settings.METRIC_SRID, clone=True))
        return moved.x, moved.y

    places, begin = [metric(appeal.point) for appeal in appeals], metric(start)
    order = visiting_order(places, begin)
    return [
        Stop(AppealRow(appeals[at], due_of(appeals[at], queue.calendar, queue.today)), metres)
        for at, metres in zip(order, way_m(places, order, begin), strict=True)
    ]
