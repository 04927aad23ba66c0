"""Error pages in the reader's language and the site's own dress."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import get_language
from django.views.decorators.csrf import requires_csrf_token

from appeals.errors import too_many_files
from appeals.identifiers import new_uuid7
from appeals.limits import ATTACHMENTS_MAX
from appeals.models import Attachment
from rates.taking import TooMany
from web import outage
from web.form_files import store_files


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400; 413 for a form with more text or files than are read, whose words the browser still has."""
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
        context = {
            "limit_mb": settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1_048_576,
            "too_many_files": too_many_files() if isinstance(exception, TooManyFilesSent) else "",
        }
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
        ]
        stored: list[Attachment] = []
        try:
            refused = store_files(request, new_uuid7(), stored, most=ATTACHMENTS_MAX)
        except TooMany as refusal:
            refused = [str(refusal)]
        context["again"] += [("uploads", str(one.pk)) for one in stored]
        context["refused_files"] = refused
        context["files_lost"] = bool(set(request.FILES) - {"files"})
    return render(request, "web/errors/csrf.html", context, status=403)


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
