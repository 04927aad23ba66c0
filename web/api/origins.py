"""Pages of other origins may read what the public may read (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from web.api.problems import API_PATHS
from web.security import methods_taken

_READING: Final = ("GET", "HEAD")
#: Headers of an answer that a script of another origin sees, beside those that every one sees.
_EXPOSED: Final = (
    "Accept-Ranges, Allow, Content-Crs, Content-Encoding, Content-Range, ETag, Link, Retry-After"
)
#: Headers that such a script may send beside those that every one may send.
_TAKEN: Final = "Authorization, If-Match, If-None-Match, If-Range, Range"
#: A browser need not ask again for so long; Chromium's own limit.
_REMEMBERED_S: Final = 7_200


View = TypeVar("View", bound=Callable[..., Any])


def open_to_origins(view: View) -> View:
    """Decorator of a view outside of ``API_PATHS`` that takes GET and HEAD alone: what it answers is open too, such as a feed or a photo."""
    view.open_to_origins = True  # type: ignore[attr-defined]
    return view


class OpenToOrigins:
    """Middleware: reading below ``API_PATHS``, and what is ``open_to_origins``, is open to pages of every origin.

    OPTIONS says what such an address takes.

    Never with cookies: a browser that sends them along does not show the answer to another origin's script. A key that the
    script itself brings is another matter. What can only be sent is not opened.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        match = request.resolver_match
        if request.method in _READING and _is_open(request, match and match.func):
            answer["Access-Control-Allow-Origin"] = "*"
            answer["Access-Control-Expose-Headers"] = _EXPOSED
        return answer

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """The answer to OPTIONS; None leaves every other request to its view."""
        if request.method != "OPTIONS" or not _is_open(request, view):
            return None
        taken = [*_READING, "OPTIONS"] if _is_marked(view) else methods_taken(view)
        if taken is None:
            return None
        reading = [method for method in _READING if method in taken and "GET" in taken]
        answer = HttpResponse(status=HTTPStatus.NO_CONTENT)
        answer["Allow"] = ", ".join([*taken, *({"OPTIONS"} - {*taken})])
        for name, value in getattr(getattr(view, "cls", None), "told_of_itself", {}).items():
            answer[name] = value
        if reading:
            answer["Access-Control-Allow-Origin"] = "*"
            answer["Access-Control-Allow-Methods"] = ", ".join(reading)
            answer["Access-Control-Allow-Headers"] = _TAKEN
            answer["Access-Control-Max-Age"] = str(_REMEMBERED_S)
        return answer


def _is_open(request: HttpRequest, view: Any) -> bool:
    return request.path_info.startswith(API_PATHS) or _is_marked(view)


def _is_marked(view: Any) -> bool:
    return getattr(view, "open_to_origins", False)
