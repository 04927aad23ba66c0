"""Who may cache a page."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers


def kept_for_offline(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    """The response, always revalidated, and kept by the service worker for offline use.

    Pages for staff are never cached: they may show what the public must not see.
    """
    patch_vary_headers(response, ["Cookie"])
    if request.user.is_authenticated:
        patch_cache_control(response, private=True, no_store=True)
    else:
        patch_cache_control(response, no_cache=True)
    return response


class RefusalsAreNotKept:
    """Middleware: what is refused now may be had the next time, such as an appeal that is shown to the public again.

    A cache that is told nothing may keep a 404 or a 410 for as long as it likes (RFC 9110, 15.1), and browsers do.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            response.headers.setdefault("Cache-Control", "no-store")
        return response
