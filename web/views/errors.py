"""Error pages in the reader's language and the site's own dress."""

from __future__ import annotations

import sys
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import get_language
from django.views.decorators.csrf import requires_csrf_token

from appeals.actions.upload import upload
from appeals.errors import Busy, Invalid
from appeals.limits import ATTACHMENTS_MAX
from rates.senders import sender_of
from rates.taking import TooMany
from web import outage
from web.uploads import holder_of


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400; 413 for a form with more text than is read, whose words the browser still has."""
    if isinstance(exception, RequestDataTooBig):
        context = {"limit_mb": settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1_048_576}
        return render(request, "web/errors/413.html", context, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return render(request, "web/errors/400.html", status=400)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "web/errors/403.html", status=403)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "web/errors/404.html", status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is missing or old: mostly a page left open while one logged in anew in another tab.

    Nothing is done, and nothing typed is lost: the words of a form that our own page sent stand in a new one, to be
    looked at and sent again. A form of a foreign page is told apart by where the browser says that it comes from.
    """
    context: dict[str, Any] = {}
    if _is_ours(request) and not any("password" in name for name in request.POST):
        context["again"] = [
            *(
                (name, value)
                for name, values in request.POST.lists()
                for value in values
                if name != "csrfmiddlewaretoken"
            ),
            *(("uploads", str(upload_id)) for upload_id in _received(request)),
        ]
        context["files_lost"] = bool(set(request.FILES) - {"files"})
    return render(request, "web/errors/csrf.html", context, status=403)


def _received(request: HttpRequest) -> list[UUID]:
    """Identifiers of the photos and films that came with the form, as every form of ours names them."""
    received = []
    for file in request.FILES.getlist("files")[:ATTACHMENTS_MAX]:
        with suppress(Busy, Invalid, TooMany):
            received.append(upload(uuid4(), file, sender=sender_of(request), holder=holder_of(request)).pk)
    return received


def _is_ours(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin", "")
    return origin == f"{request.scheme}://{request.get_host()}" or origin in settings.CSRF_TRUSTED_ORIGINS


def server_error(request: HttpRequest) -> HttpResponse:
    """500 without anything that may have broken: no database, no user, no context processors; 503 in an outage."""
    unavailable = outage.answer(request, sys.exc_info()[1])
    if unavailable is not None:
        return unavailable
    page = loader.get_template("web/errors/500.html").render({"language": get_language() or ""})
    return HttpResponse(page, status=500)
