"""Which sources a page may load: one strict Content-Security-Policy for the whole site."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

HEADER = "Content-Security-Policy"


def policy(nonce: str, *, inline_styles: bool = False) -> str:
    """The policy of a page whose import map carries the nonce.

    MapLibre starts its workers from blobs. The base map's server is allowed only where a setting names one; its tiles
    and glyphs must come from the same host as its style.
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
    """Middleware: gives the request a ``csp_nonce`` and the response its policy, unless the view has set one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault(HEADER, policy(nonce))
        return response


def with_inline_styles(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view under the same policy but for styles: for pages of others, such as Swagger's."""

    @functools.wraps(view)
    def styled(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers[HEADER] = policy(request.csp_nonce, inline_styles=True)  # type: ignore[attr-defined]
        return response

    return styled
