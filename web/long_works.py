"""Where whoever has asked for what takes long sees how far it is, and is led to it when it is there.

A browser gets a page, which works without scripts; a program 202 with the address of what it asks again (RFC 9110, 15.3.3), also
for what is short where it prefers that (``Prefer: respond-async``, RFC 7240, 4.1).
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from uuid import UUID

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jobs.long_works import ASK_AGAIN_S, LongKind, State, kind_of, percent
from jobs.models import LongWork
from web.api.openapi import TEXT, WHOLE, Responses, record
from web.api.origins import open_to_origins
from web.links import public_link

#: What an address answers to whoever must wait, for the OpenAPI document.
LATER: Final[Responses] = {
    (202, "application/json"): record(
        {
            "state": {**TEXT, "enum": list(State.values)},
            "percent": {**WHOLE, "description": "Of the time that it is expected to take."},
            "reason": {**TEXT, "description": "Why it was not made."},
            "result": {**TEXT, "format": "uri", "description": "Where it will be."},
        }
    ),
    303: None,
}
#: Which of the files was asked for, in the address of the progress.
FILE: Final = "file"
_ASYNC: Final = re.compile(r"(?:^|,)\s*respond-async\s*(?:[,;=]|$)", re.IGNORECASE)


class _SeeOther(HttpResponseRedirectBase):
    status_code = HTTPStatus.SEE_OTHER


def prefers_later(request: HttpRequest) -> bool:
    """True for a program that would rather ask again than wait."""
    return bool(_ASYNC.search(request.headers.get("Prefer", "")))


def later(request: HttpRequest, work: LongWork, part: str = "") -> HttpResponse:
    """The way to the progress: a page for a reader, 202 for a program."""
    path = reverse("long-work", args=[work.pk]) + (f"?{FILE}={part}" if part else "")
    if _reads_pages(request):
        return _SeeOther(path)
    answer = _state(work, _known(work), part, HTTPStatus.ACCEPTED)
    answer["Location"] = public_link(path)
    if prefers_later(request):
        answer["Preference-Applied"] = "respond-async"
    return answer


@open_to_origins
@never_cache
@require_safe
def long_page(request: HttpRequest, made: UUID) -> HttpResponse:
    """How far it is; when it is made, the way to it (303); why it was not made. 404 for one that is long past."""
    work = LongWork.objects.filter(pk=made).first()
    if work is None:
        raise Http404("no such work")
    kind, part = _known(work), request.GET.get(FILE, "")
    try:
        title, result = kind.title(work, part), kind.result(work, part)
    except LookupError:
        raise Http404("no such thing is made any more") from None
    reader = _reads_pages(request)
    there = work.state == State.DONE and kind.is_kept(work)
    if there and not (kind.is_file and reader):
        return _SeeOther(result)
    if not reader:
        return _state(work, kind, part, HTTPStatus.OK)
    context = {
        "work": work,
        "title": title,
        "percent": percent(work),
        "seconds": max(1, round(work.seconds)),
        "again": ASK_AGAIN_S,
        "result": result,
        "is_there": there,
        "is_over": work.state in {State.FAILED, State.DONE},
    }
    return render(request, "web/long_work.html", context)


def _known(work: LongWork) -> LongKind:
    kind = kind_of(work)
    if kind is None:
        raise Http404("no such kind of work")
    return kind


def _state(work: LongWork, kind: LongKind, part: str, status: HTTPStatus) -> HttpResponse:
    told = {
        "state": work.state,
        "percent": percent(work),
        "reason": work.reason,
        "result": public_link(kind.result(work, part)),
    }
    answer = HttpResponse(orjson.dumps(told), status=status, content_type="application/json")
    answer["Retry-After"] = str(ASK_AGAIN_S)
    return answer


def _reads_pages(request: HttpRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "")
