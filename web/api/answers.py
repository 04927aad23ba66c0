"""HTTP answers of the light views, and of texts that are kept as files."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from whitenoise.responders import SlicedFile

from appeals.querysets import seen_until
from appeals.taken_away import taken_away_since
from geo.geojson import MEDIA_TYPE
from web.api.problems import busy, problem
from web.api.texts import Busy, TakenAway, Text, digest, keep, same_text
from web.compression import as_it_is

#: Seconds for which a cache may show what the public saw.
LIVE_S: Final = 15
#: Seconds for what changes a few times a year, such as borders; a new revision should not wait long for its readers.
SETTLED_S: Final = 300

_PRIVATE: Final = "private, no-store"
#: One range, from a first byte on or so many last ones; what is another is answered whole, as RFC 9110, 14.2 wants.
_ONE_RANGE: Final = re.compile(r"bytes=(?:(\d{1,12})-(\d{0,12})|-(\d{1,12}))")


def geojson_answer(
    request: HttpRequest, body: bytes, *, max_age_s: int, per_reader: bool = True
) -> HttpResponseBase:
    """The body as ``application/geo+json``, cacheable for ``max_age_s``; 304 for a reader who has it already.

    ``per_reader`` says that the text depends on who reads and in which language: then only what the public sees may be
    kept by others.
    """
    private = per_reader and request.user.is_authenticated
    answer: HttpResponseBase
    if private:
        answer = HttpResponse(body, content_type=MEDIA_TYPE, headers={"Accept-Ranges": "none"})
    elif reads_parts(request):
        name = digest(body)
        folder = digest(request.get_full_path(), request.headers.get("Accept-Language", ""))
        seen = seen_until()

        def current() -> Text:
            return keep(folder, name, lambda file: file.write(body), seen=seen)

        answer = text_answer(request, current, media_type=MEDIA_TYPE)
    else:
        answer = HttpResponse(body, content_type=MEDIA_TYPE, headers={"Accept-Ranges": "bytes"})
        answer["ETag"] = etag = quote_etag(digest(body))
        answer = get_conditional_response(request, etag=etag, response=answer) or answer
    return cached_for(answer, max_age_s, private=private, per_reader=per_reader)


def public_answer(request: HttpRequest, body: bytes, media_type: str, *, max_age_s: int) -> HttpResponseBase:
    """The body, the same for every reader, which others may keep for ``max_age_s``; 304 for a reader who has it already."""
    answer = HttpResponse(body, content_type=media_type)
    answer["ETag"] = etag = quote_etag(digest(body))
    known: HttpResponseBase | None = get_conditional_response(request, etag=etag, response=answer)
    return cached_for(known or answer, max_age_s, private=False, per_reader=False)


def cached_for(
    answer: HttpResponseBase, max_age_s: int, *, private: bool, per_reader: bool = True
) -> HttpResponseBase:
    """The answer with who may keep it, and for how long."""
    answer["Cache-Control"] = _PRIVATE if private else f"public, max-age={max_age_s}"
    if per_reader:
        patch_vary_headers(answer, ["Accept-Language", "Cookie"])
    return answer


def reads_parts(request: HttpRequest) -> bool:
    """True when the request is one of several that must speak of the same text.

    GDAL, and so QGIS, reads a URL over HTTP in ranges: it asks for the length first and refuses a server without them.
    """
    asks_length = request.method == "HEAD" and "If-None-Match" not in request.headers
    return asks_length or _ONE_RANGE.fullmatch(request.headers.get("Range", "")) is not None


def text_answer(
    request: HttpRequest, current: Callable[[], Text], *, media_type: str, encoding: str = ""
) -> HttpResponseBase:
    """The current text, or of the text that the sender is reading the bytes that a Range header asks for.

    206 for a part, 416 for one behind the end, of no byte, or of a text that holds what was taken from the public since its
    reading began; 304 for who has the text already, 503 where it cannot be made now. It is
    compressed as ``encoding`` says, if at all, since a range counts bytes: compressed on its way they would be others.
    """
    asked = _ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    try:
        text = (
            same_text(request, int(asked[1] or 0) if asked else 0, current, taken_away_since)
            if reads_parts(request)
            else current()
        )
        if asked and request.headers.get("If-Range", text.etag) != text.etag:
            text.file.close()
            asked, text = None, current()
    except Busy as refusal:
        return busy(refusal.retry_after_s)
    except TakenAway:
        # Parts of two texts make none.
        why = _(
            "Something of this text was taken from the public since you began to read it: read it from its beginning."
        )
        return problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, why)
    known: HttpResponseBase | None = get_conditional_response(request, etag=text.etag)
    if known is not None:
        text.file.close()
        known["ETag"] = text.etag
        return known
    size = text.size
    first, last = _bytes_of(asked, size) if asked else (0, size - 1)
    answer: HttpResponseBase
    if asked and first > last:
        text.file.close()
        answer = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, content_type=media_type)
        answer["Content-Range"] = f"bytes */{size}"
    elif asked:
        part = SlicedFile(text.file, first, last)
        answer = FileResponse(part, status=HTTPStatus.PARTIAL_CONTENT, content_type=media_type)
        answer["Content-Range"] = f"bytes {first}-{last}/{size}"
        answer["Content-Length"] = str(last - first + 1)
    else:
        answer = FileResponse(text.file, content_type=media_type)
        del answer["Content-Disposition"]
        answer["Content-Length"] = str(size)
    answer["ETag"] = text.etag
    answer["Accept-Ranges"] = "bytes"
    if encoding:
        answer["Content-Encoding"] = encoding
    return as_it_is(answer)


def _bytes_of(asked: re.Match[str], size: int) -> tuple[int, int]:
    """The first and the last byte of a range of so many; the first one behind the last where there are none."""
    if asked[3]:
        return size - min(int(asked[3]), size), size - 1
    return int(asked[1]), min(int(asked[2] or size), size - 1)
