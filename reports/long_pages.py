"""Where whoever has asked for a long report sees how far it is, and is led to it when it is there.

A browser gets a page, which works without scripts; a program 202 with the address of what it asks again (RFC 9110, 15.3.3), also
for a short report where it prefers that (``Prefer: respond-async``, RFC 7240, 4.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rates.senders import sender_of
from reports import keeping
from reports.kinds import KINDS
from reports.long_reports import ASK_AGAIN_S, LONG_S, ask, expected_s, is_of_use, percent
from reports.making import form_of
from reports.models import LongReport
from reports.products import products_of

#: The file that was asked for, in the address of the progress.
FILE: Final = "file"
_ASYNC: Final = re.compile(r"(?:^|,)\s*respond-async\s*(?:[,;=]|$)", re.IGNORECASE)


_View = Callable[..., HttpResponse]


class _SeeOther(HttpResponseRedirectBase):
    status_code = HTTPStatus.SEE_OTHER


def by_a_worker_if_long(report: str = "") -> Callable[[_View], _View]:
    """A decorator of a view of the report, which is given its question as a form; what takes long is answered with the way to where it is made.

    Without a name the view is that of the files, which has the report and the file's ending as its arguments; 404 for what is none.
    """

    def decorated(view: _View) -> _View:
        @wraps(view)
        def asked(request: HttpRequest, **named: Any) -> HttpResponse:
            name, ending = report or named["report"], named.get("ending", "")
            if name not in KINDS or (ending and ending not in products_of(name)):
                raise Http404("no such report")
            form = form_of(name, request.GET)
            if form.is_valid() and not is_of_use(key := keeping.name_of(name, form), form):
                prefers = bool(_ASYNC.search(request.headers.get("Prefer", "")))
                # What is kept was long.
                if prefers or keeping.counted_at(key) or expected_s(name, form) > LONG_S:
                    return _later(request, ask(name, form, sender_of(request)), ending, prefers=prefers)
            return view(request, form, **named)

        return asked

    return decorated


def _later(request: HttpRequest, row: LongReport, ending: str, *, prefers: bool) -> HttpResponse:
    path = reverse("reports:long", args=[row.pk]) + (f"?{FILE}={ending}" if ending else "")
    if _reads_pages(request):
        return _SeeOther(path)
    answer = _state(row, ending, HTTPStatus.ACCEPTED)
    answer["Location"] = f"{settings.PUBLIC_URL}{path}"
    if prefers:
        answer["Preference-Applied"] = "respond-async"
    return answer


@never_cache
@require_safe
def long_page(request: HttpRequest, made: UUID) -> HttpResponse:
    """How far it is; when it is made, the way to it (303); why it was not made. 404 for one that is long past."""
    row = LongReport.objects.filter(pk=made).first()
    if row is None or row.report not in KINDS:
        raise Http404("no such report")
    ending = request.GET.get(FILE, "")
    if ending not in products_of(row.report):
        ending = ""
    if row.state == LongReport.State.DONE and keeping.counted_at(row.question):
        return _SeeOther(_result(row, ending))
    if not _reads_pages(request):
        return _state(row, ending, HTTPStatus.OK)
    context = {
        "row": row,
        "title": KINDS[row.report].title,
        "percent": percent(row),
        "seconds": max(1, round(row.seconds)),
        "again": ASK_AGAIN_S,
        "result": _result(row, ending),
        "file": products_of(row.report)[ending].name if ending else "",
        "is_over": row.state in {LongReport.State.FAILED, LongReport.State.DONE},
    }
    return render(request, "reports/long.html", context)


def _result(row: LongReport, ending: str) -> str:
    path = (
        reverse("reports:product", args=[row.report, ending]) if ending else reverse(f"reports:{row.report}")
    )
    return f"{path}{'?' if row.query else ''}{row.query}"


def _state(row: LongReport, ending: str, status: HTTPStatus) -> HttpResponse:
    told = {
        "state": row.state,
        "percent": percent(row),
        "reason": row.reason,
        "result": f"{settings.PUBLIC_URL}{_result(row, ending)}",
    }
    answer = HttpResponse(orjson.dumps(told), status=status, content_type="application/json")
    answer["Retry-After"] = str(ASK_AGAIN_S)
    return answer


def _reads_pages(request: HttpRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "")
