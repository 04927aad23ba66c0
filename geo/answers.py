"""HTTP answers of the light GeoJSON views."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag

from geo.geojson import MEDIA_TYPE


def geojson_answer(
    request: HttpRequest, body: bytes, *, max_age_s: int, per_reader: bool = True
) -> HttpResponse:
    """The body as ``application/geo+json``, cacheable for ``max_age_s``.

    ``per_reader`` says that the text depends on who reads and in which language: then only what the public sees may be
    kept by others. What is the same for all has an ETag, and is 304 for a reader who has it already.
    """
    answer = HttpResponse(body, content_type=MEDIA_TYPE)
    if per_reader:
        private = request.user.is_authenticated
        answer["Cache-Control"] = "private, no-store" if private else f"public, max-age={max_age_s}"
        patch_vary_headers(answer, ["Accept-Language", "Cookie"])
        return answer
    answer["Cache-Control"] = f"public, max-age={max_age_s}"
    answer["ETag"] = etag = quote_etag(hashlib.blake2b(body, digest_size=16).hexdigest())
    conditional: HttpResponse | None = get_conditional_response(request, etag=etag, response=answer)
    return answer if conditional is None else conditional
