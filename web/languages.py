"""The language of a page: its address in another one, and the choice remembered."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


def language_prefix(path: str) -> str | None:
    """The language that the path begins with; None outside of the language prefixes."""
    head = path.lstrip("/").partition("/")[0]
    return head if head in dict(settings.LANGUAGES) else None


def in_language(path: str, code: str) -> str:
    """The address of the page in the language; pages outside of the language prefixes lead to that language's map.

    ``path`` is a path of this site with or without a query. Works for addresses that match no page too, so that an
    error page can be switched like any other.
    """
    rest = path.lstrip("/").partition("/")[2] if language_prefix(path) else ""
    return f"/{code}/{rest}"


class RememberLanguage:
    """Middleware: the language of the page read last is what ``/`` and the API speak next time."""

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
