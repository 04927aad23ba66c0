"""What a request may be, tokens of forms, and one strict Content-Security-Policy for all pages."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render

from geo.numbers import COLUMN_DIGITS, whole_number

HEADER = "Content-Security-Policy"


def policy(nonce: str, *, inline_styles: bool = False) -> str:
    """The policy of a page whose import map has this nonce.

    MapLibre starts its workers from blobs. The base map's server is allowed only if set; its tiles and glyphs
    must come from the same host as its style.
    """
    address = urlsplit(settings.BASE_MAP_STYLE)
    base_map = f" {address.scheme}://{address.netloc}" if address.netloc else ""
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'" + (" 'unsafe-inline'" if inline_styles else ""),
            f"img-src 'self' data: blob:{base_map}",
            f"connect-src 'self'{base_map}",
            "media-src 'self' blob:",
            "worker-src 'self' blob:",
            "child-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


class ContentSecurityPolicy:
    """Middleware: gives the request a ``csp_nonce`` and the response its policy, unless the view set one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault(HEADER, policy(nonce))
        return response


class CleanCookies:
    """Middleware: drops cookies with a NUL, which no server sets and which break the session look-up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        for name in [name for name, value in request.COOKIES.items() if "\x00" in value]:
            del request.COOKIES[name]
        return self.get_response(request)


class RequestLimit:
    """Middleware: 413 for a body too large for any of our forms, before any of it is read; 411 for one of unstated length.

    Whatever first reads a form's fields, such as the token check, writes all its files to disk. Django takes a body
    without a length for an empty one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or ""
        size = whole_number(length)
        if size > settings.REQUEST_MAX_BYTES if size is not None else len(length) > COLUMN_DIGITS:
            return render(request, "web/errors/400.html", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if request.method == "POST" and not length and "HTTP_TRANSFER_ENCODING" in request.META:
            return render(request, "web/errors/400.html", status=HTTPStatus.LENGTH_REQUIRED)
        return self.get_response(request)


#: Methods that a page takes; each takes some of them.
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
#: The same, and what else programs send.
_ALL_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS")


class FormTokens(CsrfViewMiddleware):
    """Middleware: 403 for a form without its token. A method that the view does not take is 405 before that."""

    def process_view(self, request: HttpRequest, callback: Any, args: Any, kwargs: Any) -> Any:
        taken = methods_taken(callback)
        if taken is not None:
            if request.method not in taken:
                return HttpResponseNotAllowed(taken)
        elif request.method not in METHODS:
            # The view's decorator knows what it takes.
            return None
        return super().process_view(request, callback, args, kwargs)


def methods_taken(view: Any) -> list[str] | None:
    """The methods that a view of a class takes; None where the view's decorator alone knows."""
    of_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if of_class is None:
        return None
    # A view set has its methods from the router, which names them at the view.
    names = getattr(view, "actions", None)
    return _methods_of(of_class) if names is None else _in_order({name.upper() for name in names})


def _methods_of(view_class: Any) -> list[str]:
    return _in_order({name.upper() for name in view_class.http_method_names if hasattr(view_class, name)})


def _in_order(known: set[str]) -> list[str]:
    return [method for method in _ALL_METHODS if method in known or (method == "HEAD" and "GET" in known)]


def with_inline_styles(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view with the same policy but inline styles allowed: for third-party pages, such as Swagger's."""

    @functools.wraps(view)
    def styled(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers[HEADER] = policy(request.csp_nonce, inline_styles=True)  # type: ignore[attr-defined]
        return response

    return styled
