"""HTTP answers of the light GeoJSON views."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from geo.geojson import MEDIA_TYPE


def geojson_answer(request: HttpRequest, body: bytes, *, max_age_s: int, per_reader: bool = True) -> HttpResponse:
    """The body as ``application/geo+json``, cacheable for ``max_age_s``.

    ``per_reader`` says that the text depends on who reads: then only what the public sees may be kept by others.
    """
    answer = HttpResponse(body, content_type=MEDIA_TYPE)
    private = per_reader and request.user.is_authenticated
    answer["Cache-Control"] = "private, no-store" if private else f"public, max-age={max_age_s}"
    patch_vary_headers(answer, ["Accept-Language", "Cookie"] if per_reader else ["Accept-Language"])
    return answer
