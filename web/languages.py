"""The language of a page: its URL in other languages, and remembering the choice."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


def language_prefix(path: str) -> str | None:
    """The language that the path begins with; None outside of the language prefixes."""
    head = path.lstrip("/").partition("/")[0]
    return head if head in dict(settings.LANGUAGES) else None


def in_language(path: str, code: str) -> str:
    """URL of the page in the language; pages without a language prefix lead to that language's map.

    ``path`` is a path on this site, with or without a query. Also works for URLs that match no page, so that
    error pages can be switched like any other.
    """
    rest = path.lstrip("/").partition("/")[2] if language_prefix(path) else ""
    return f"/{code}/{rest}"


class RememberLanguage:
    """Middleware: ``/`` and the API use the language of the page read last."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        code = language_prefix(request.path_info)
        if (
            code
            and response.status_code == 200
            and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) != code
        ):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                code,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response
