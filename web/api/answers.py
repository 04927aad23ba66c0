"""HTTP answers of the light GeoJSON views."""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus

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
        return part_asked_for(request, answer)
    answer["Cache-Control"] = f"public, max-age={max_age_s}"
    answer["ETag"] = etag = quote_etag(hashlib.blake2b(body, digest_size=16).hexdigest())
    conditional: HttpResponse | None = get_conditional_response(request, etag=etag, response=answer)
    return part_asked_for(request, answer) if conditional is None else conditional


_ONE_RANGE = re.compile(r"bytes=(\d{1,12})-(\d{0,12})")


def part_asked_for(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The answer, or the bytes of it that a Range header asks for (RFC 9110, 14.2; one range from a first byte on).

    GDAL, and so QGIS, reads a URL over HTTP in ranges and refuses a server that knows none. 416 for a range behind the
    end; what is no such range is answered whole, as the standard wants.
    """
    answer["Accept-Ranges"] = "bytes"
    asked = _ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or answer.status_code != HTTPStatus.OK:
        return answer
    size = len(answer.content)
    first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
    if first > last:
        answer.status_code, answer.content = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b""
        answer["Content-Range"] = f"bytes */{size}"
        return answer
    answer.status_code, answer.content = HTTPStatus.PARTIAL_CONTENT, answer.content[first : last + 1]
    answer["Content-Range"] = f"bytes {first}-{last}/{size}"
    # The range counts bytes of this text: compressed on its way it would be another.
    answer["Content-Encoding"] = "identity"
    return answer
