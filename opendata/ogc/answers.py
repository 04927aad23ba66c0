"""Answers of the OGC API: who may keep them, for how long, and who has them already."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag

from web.api.answers import cached_for
from web.api.texts import digest


def answered(
    request: HttpRequest,
    make: Callable[[], bytes],
    media_type: str,
    *,
    max_age_s: int,
    language: str,
    version: str | None = None,
    private: bool = False,
) -> HttpResponseBase:
    """The body; 304 for a reader who has it already, without making it where the data's ``version`` tells.

    The tag is weak: two answers of one version mean the same, though the moment that they name differs. What is
    ``private`` has none.
    """
    answer: HttpResponseBase
    if private:
        answer = HttpResponse(make(), content_type=media_type)
    else:
        body = make() if version is None else None
        asked = (request.get_full_path(), media_type, language, settings.PUBLIC_URL)
        known = HttpResponse(content_type=media_type)
        known["ETag"] = "W/" + quote_etag(digest(version or "", body or b"", *asked))
        conditional = get_conditional_response(request, etag=known["ETag"], response=known)
        if conditional is known:
            known.content = make() if body is None else body
        answer = conditional or known
    answer["Accept-Ranges"] = "none"
    patch_vary_headers(answer, ["Accept"])
    return cached_for(answer, max_age_s, private=private)


def as_page(request: HttpRequest, body: bytes) -> HttpResponseBase:
    """The body as a page, which nobody keeps: it names the reader, and its scripts are those of this answer alone."""
    answer = HttpResponse(body)
    patch_vary_headers(answer, ["Accept"])
    return cached_for(answer, 0, private=True)
