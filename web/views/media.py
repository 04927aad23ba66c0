"""Photos and videos as the application serves them: by the key of their row, to those who may see the row.

No front server may take the folders in its place, or hiding would hide nothing.
"""

from __future__ import annotations

import mimetypes
import os
from typing import Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from whitenoise.responders import MissingFileError, NotARegularFileError, StaticFile

from accounts.models import Scope, User
from accounts.roles import standing_of
from appeals.models import Appeal, Attachment
from appeals.workflow import COVER
from news.models import NewsItem
from web.api.keys import opened_by
from web.api.origins import open_to_origins
from web.security import HEADER
from web.uploads import holders_of

#: The files of an attachment that are served; all were made by us. What was received is not among them.
FORMS: Final = ("large", "thumb", "playable")
#: A photo as it was before areas of it were covered: for those who cover them.
WHOLE_FORMS: Final = ("whole_large", "whole_thumb")

# What is public now may be hidden in a minute: nobody keeps it for others, and a reader's own browser asks each time
# whether it may still be shown, which costs an answer without a body.
_CACHE_OF_THE_PUBLIC: Final = "private, no-cache"
_CACHE_OF_SOME: Final = "private, no-store"
#: For a file that is opened alone: a browser shows it in a page of its own making, which it dresses itself.
_POLICY: Final = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)


@open_to_origins
@opened_by(Scope.PHOTOS)
@require_safe
def appeal_file(request: HttpRequest, attachment: UUID, form: str) -> HttpResponseBase:
    """One of an attachment's ``FORMS``: whole, the byte range asked for (Safari plays no video without), or 304.

    404 unless an appeal that the reader may see has taken it; until one has, it is there for whoever sent it.
    """
    known = Attachment.objects.filter(pk=attachment)
    if form in WHOLE_FORMS:
        whole = known.visible_to(request.user).select_related("appeal").first()
        if whole is None or not may_see_whole(request.user, whole.appeal):
            raise Http404("not for this reader")
        return _served(request, getattr(whole, form), _CACHE_OF_SOME)
    if form not in FORMS:
        raise Http404("no such form")
    if found := known.public().first():
        return _served(request, getattr(found, form), _CACHE_OF_THE_PUBLIC)
    found = known.visible_to(request.user).first()
    if found is None:
        found = known.held_by(holders_of(request)).exclude(holder="").first()
    if found is None:
        raise Http404("not for this reader")
    return _served(request, getattr(found, form), _CACHE_OF_SOME)


def may_see_whole(user: User | AnonymousUser, appeal: Appeal | None) -> bool:
    """True for those who cover and uncover areas of the appeal's photos."""
    return appeal is not None and standing_of(user).role_towards(appeal.service_id) in COVER.roles


@open_to_origins
@opened_by(Scope.PHOTOS)
@require_safe
def news_file(request: HttpRequest, item: int, form: str) -> HttpResponseBase:
    """The picture of a news item that the reader may see, in the same way."""
    if form != NewsItem.picture.field.name:
        raise Http404("no such form")
    known = NewsItem.objects.filter(pk=item)
    if found := known.published().first():
        return _served(request, found.picture, _CACHE_OF_THE_PUBLIC)
    found = known.visible_to(request.user).first()
    if found is None:
        raise Http404("not for this reader")
    return _served(request, found.picture, _CACHE_OF_SOME)


def _served(request: HttpRequest, stored: FieldFile, cache: str) -> HttpResponseBase:
    if not stored:
        raise Http404("there is no such form of it")
    headers = [
        ("Content-Type", mimetypes.guess_type(str(stored.name))[0] or "application/octet-stream"),
        ("Cache-Control", cache),
        ("Accept-Ranges", "bytes"),
        ("X-Content-Type-Options", "nosniff"),
        (HEADER, _POLICY),
    ]
    try:
        answer = StaticFile(os.fspath(stored.path), headers).get_response(request.method, request.META)
    except (MissingFileError, NotARegularFileError):
        raise Http404("the file is gone") from None
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
    patch_vary_headers(response, ["Cookie"])
    return response
