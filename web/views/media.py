"""Photos and videos as the application serves them; a front server may take the same folders instead."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils._os import safe_join
from django.views.decorators.http import require_safe
from whitenoise.responders import MissingFileError, NotARegularFileError, StaticFile

#: The folders of MEDIA_ROOT that anyone may read; everything in them was re-encoded by us.
PUBLIC_FOLDERS = ("photos", "thumbs", "videos", "news")

# A file keeps its name for life: what changes gets a new one.
_CACHE = "public, max-age=31536000, immutable"


@require_safe
def public_file(request: HttpRequest, folder: str, name: str) -> HttpResponseBase:
    """The file of one of the ``PUBLIC_FOLDERS``, whole or the byte range asked for (Safari plays no video without), or 304."""
    try:
        path = safe_join(Path(settings.MEDIA_ROOT) / folder, name)
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = [
            ("Content-Type", content_type),
            ("Cache-Control", _CACHE),
            ("Accept-Ranges", "bytes"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        answer = StaticFile(os.fspath(path), headers).get_response(request.method, request.META)
    except (MissingFileError, NotARegularFileError, SuspiciousFileOperation, ValueError):
        # ValueError: a NUL in the name.
        raise Http404("no such file") from None
    # Pictures and videos are compressed already, and a byte range of a compressed file would mean other bytes.
    request.META.pop("HTTP_ACCEPT_ENCODING", None)
    response: HttpResponseBase
    if answer.file is None:
        response = HttpResponse(status=answer.status)
        del response["Content-Type"]
    else:
        response = FileResponse(answer.file, status=answer.status)
    for header, value in answer.headers:
        response[header] = value
    return response
