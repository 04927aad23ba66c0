"""Whose an upload is until an appeal takes it: of the person who is logged in, else of the browser that sent it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from appeals.actions.upload import ORPHAN_AGE
from appeals.actors import held_by_person

_COOKIE: Final = "uploads"


def holder_of(request: HttpRequest) -> str:
    """The holder of what comes with the request; a browser is known by the answer's cookie for as long as an upload waits."""
    if person := _person(request):
        return person
    request.sent_uploads = True  # type: ignore[attr-defined]
    return browser_of(request)


def holders_of(request: HttpRequest) -> frozenset[str]:
    """Whose uploads may be taken, and seen, by the request: the person's and the browser's."""
    return frozenset({browser_of(request), _person(request)} - {""})


def _person(request: HttpRequest) -> str:
    """The person of the session, whom the views of the API do not know as the request's user; empty for nobody."""
    if not hasattr(request, "session"):
        return ""
    user = get_user(request)
    return held_by_person(user) if isinstance(user, User) else ""


def browser_of(request: HttpRequest) -> str:
    """The browser as a holder: what it is known by, or will be once it has sent something."""
    return f"browser {hashlib.sha256(_secret(request).encode()).hexdigest()[:48]}"


def _secret(request: HttpRequest) -> str:
    if _COOKIE not in request.COOKIES:
        request.COOKIES[_COOKIE] = secrets.token_urlsafe(24)
    return request.COOKIES[_COOKIE]


class BrowsersOfUploads:
    """Middleware: leaves its secret with a browser that has sent an upload. No script and no other site can use it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if getattr(request, "sent_uploads", False):
            response.set_cookie(
                _COOKIE,
                _secret(request),
                max_age=2 * ORPHAN_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Strict",
            )
        return response
