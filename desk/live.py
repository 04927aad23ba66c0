"""What others do meanwhile: asked every few seconds by the page, so that nobody works on what has changed.

A poll and no stream: a stream would keep one of the server's few threads for each open desk.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, Final, cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.roles import Role, standing_of
from appeals.deadlines import city_calendar
from appeals.models import Appeal, Event
from appeals.timeline import title_of
from desk.doors import for_scripts
from desk.models import Presence
from desk.queue import Place, Queue, parse_place
from geo.numbers import whole_number

#: A page asks this often; what others do is seen within five seconds.
EVERY_MS: Final = 4_000
#: Whoever has not asked for so long is not there any more: three questions, and a background tab asks less often.
PRESENT_S: Final = 15


def listed_now(queue: Queue, place: Place) -> dict[str, int]:
    """The version of each appeal of the place's page, by number; one statement by the list's own index."""
    rows = queue.in_tab(queue.appeals(place.wanted), place.tab).only(
        "number", "version", *place.sort.order.columns
    )
    return {str(row.number): row.version for row in place.sort.order.page(rows, place.page).rows}


@require_safe
@for_scripts
def changes(request: HttpRequest) -> HttpResponse:
    """The numbers and versions of the list's page as it is now; 304 when it is as it was."""
    place, _errors = parse_place(request.GET)
    rows = listed_now(Queue.of(cast("User", request.user), city_calendar()), place)
    tag = hashlib.sha256(repr(sorted(rows.items())).encode()).hexdigest()[:20]
    etag = f'"{tag}"'
    response: HttpResponse
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = JsonResponse({"rows": rows})
    response["ETag"] = etag
    return response


@require_POST
@for_scripts
def presence(request: HttpRequest, number: int) -> JsonResponse:
    """Keeps that the person has the appeal open, and tells who else has and what has happened since ``version``."""
    user = cast("User", request.user)
    appeal = Appeal.objects.visible_to(user).filter(number=number).first()
    if appeal is None:
        raise Http404
    if standing_of(user).role_towards(appeal.service_id) is Role.PUBLIC:
        return JsonResponse({"steps": [_("The appeal is with another service now.")], "present": []})
    now = timezone.now()
    Presence.objects.here(user, appeal, writing=request.POST.get("writing") == "1", at=now)
    return JsonResponse({"steps": _steps(request, appeal), "present": _others(user, appeal, now)})


def _steps(request: HttpRequest, appeal: Appeal) -> list[str]:
    known = whole_number(request.POST.get("version", ""), digits=9)
    if known is None or known >= appeal.version:
        return []
    unseen = Event.objects.filter(appeal=appeal, version__gt=known).order_by("version")
    return [title_of(event) for event in unseen.select_related("service", "to_service")]


def _others(user: User, appeal: Appeal, now: dt.datetime) -> list[str]:
    there = Presence.objects.filter(appeal=appeal, seen_at__gte=now - dt.timedelta(seconds=PRESENT_S))
    words: dict[bool, Any] = {
        True: _("%(person)s is answering this right now"),
        False: _("%(person)s has this open"),
    }
    return [
        words[one.writing] % {"person": one.user}
        for one in there.exclude(user=user).select_related("user").order_by("-writing", "user_id")
    ]
