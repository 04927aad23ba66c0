"""Who may cache a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
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
