"""When somebody does something too often: 429, with when to come again."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from rates.taking import TooMany


def refused(response: HttpResponse, refusal: TooMany) -> HttpResponse:
    """The response as 429 that says when to come again."""
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response["Retry-After"] = str(refusal.retry_after_s)
    return response


class TooManyRequests:
    """Middleware: a page that says so, where the view itself did not keep what was typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The response to a refusal by a limit; None leaves any other error to Django."""
        if not isinstance(error, TooMany):
            return None
        return refused(render(request, "429.html", {"words": str(error)}), error)
