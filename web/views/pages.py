"""Pages without content of their own: the way in, and what is shown without a network."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def front_door(request: HttpRequest) -> HttpResponse:
    """To the map in the reader's language: the one of the last visit, else the browser's, else the city's."""
    response = redirect(f"/{get_language()}/")
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The page that the service worker keeps for when there is no network."""
    return render(request, "web/offline.html")
