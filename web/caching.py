"""Who may keep a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers


def kept_for_offline(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    """The response, asked for anew every time, and kept by the service worker for when there is no network.

    What staff see is kept nowhere: a page of theirs may show what the public must not see.
    """
    patch_vary_headers(response, ["Cookie"])
    if request.user.is_authenticated:
        patch_cache_control(response, private=True, no_store=True)
    else:
        patch_cache_control(response, no_cache=True)
    return response
