"""Photos and videos as the application serves them, those of hidden appeals to none but the staff.

A front server may take the folder of the news in its place; the others are asked for here, or hiding would hide nothing.
"""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils._os import safe_join
from django.views.decorators.http import require_safe
from whitenoise.responders import MissingFileError, NotARegularFileError, StaticFile

from appeals.models import Appeal, Attachment

#: The folders of MEDIA_ROOT that are served; everything in them was re-encoded by us.
PUBLIC_FOLDERS = ("photos", "thumbs", "videos", "news")

# A file keeps its name for life: what changes gets a new one.
_CACHE = "public, max-age=31536000, immutable"
# Kept by its reader alone: a shared cache would go on showing what the Mayor's Office has hidden.
_CACHE_OF_APPEALS = "private, max-age=31536000, immutable"


@require_safe
def public_file(request: HttpRequest, folder: str, name: str) -> HttpResponseBase:
    """The file of one of the ``PUBLIC_FOLDERS``, whole or the byte range asked for (Safari plays no video without), or 304.

    Files of a hidden appeal are there for those alone who may see the appeal.
    """
    if folder != "news" and not _may_see(request, name):
        raise Http404("not for this reader")
    try:
        path = safe_join(Path(settings.MEDIA_ROOT) / folder, name)
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = [
            ("Content-Type", content_type),
            ("Cache-Control", _CACHE if folder == "news" else _CACHE_OF_APPEALS),
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


def _may_see(request: HttpRequest, name: str) -> bool:
    # Named after the attachment; a storage may have put something between that and the extension.
    try:
        attachment_id = UUID(name[:36])
    except ValueError:
        return True
    hidden = Attachment.objects.filter(pk=attachment_id, appeal__hidden=True).values("appeal")
    return not hidden.exists() or Appeal.objects.visible_to(request.user).filter(pk__in=hidden).exists()
