"""Whoever asks for a long report is led to where it is made."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from rates.senders import sender_of
from reports import keeping
from reports.kinds import KINDS
from reports.long_reports import LONG_S, ask, expected_s, is_of_use
from reports.making import form_of
from reports.products import products_of
from web.long_works import later, prefers_later

_View = Callable[..., HttpResponse]


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
                was_long = keeping.counted_at(key) is not None
                if was_long or prefers_later(request) or expected_s(name, form) > LONG_S:
                    return later(request, ask(name, form, sender_of(request)), ending)
            return view(request, form, **named)

        return asked

    return decorated
