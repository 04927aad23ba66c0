"""Which sources a page may load: one strict Content-Security-Policy for the whole site."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseBase

from config.city import CITY

HEADER = "Content-Security-Policy"


def policy(nonce: str, base_map_style: str = CITY.base_map_style) -> str:
    """The policy of a page whose import map carries the nonce.

    MapLibre starts its workers from blobs. The base map's server is allowed only where the city's profile names one;
    its tiles and glyphs must come from the same host as its style.
    """
    address = urlsplit(base_map_style)
    base_map = f" {address.scheme}://{address.netloc}" if address.netloc else ""
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
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
