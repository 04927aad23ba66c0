"""Programs that bring an API key (RFC 6750, RFC 7617): the open data is then read as the key's person sees it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from accounts.keys import KeyRefused, holder_of
from accounts.models import Scope
from rates.senders import sender_of
from rates.taking import API_KEY, TooMany, take
from web.api.problems import API_PATHS, problem
from web.limits import refused

View = TypeVar("View", bound=Callable[..., Any])

_READING: Final = ("GET", "HEAD")
#: The schemes in which a key may be brought (RFC 9110, 11.6.1), the first with what was wrong.
_CHALLENGE: Final = (
    'Bearer realm="open data", error="{error}"{more}, Basic realm="open data", charset="UTF-8"'
)
#: The longest header that is looked at; a key has 51 characters.
_HEADER_MAX: Final = 1_000


def opened_by(scope: Scope) -> Callable[[View], View]:
    """Decorator of a view: keys of that scope open it. Without one, ``Scope.FEATURES`` opens what is below ``API_PATHS``."""

    def declare(view: View) -> View:
        view.key_scope = scope  # type: ignore[attr-defined]
        return view

    return declare


class ApiKeys:
    """Middleware: whoever brings a key in the ``Authorization`` header is its person, for what its scopes open.

    A key only reads, and only the open data: pages, forms and the desk take no notice of it. One that is not good, or brought
    in a scheme that nobody knows, is refused, lest the public's data be taken for the person's. What is answered to a key is kept
    by no cache, and no cache gives its owner what it has kept for the public.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        match = request.resolver_match
        if match is not None and _scope_of(request, match.func) is not None:
            patch_vary_headers(answer, ["Authorization"])
            if "Authorization" in request.headers:
                answer["Cache-Control"] = "private, no-store"
        return answer

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """The refusal of a key; None where there is none to refuse."""
        header = request.headers.get("Authorization")
        scope = _scope_of(request, view)
        if header is None or scope is None or request.method == "OPTIONS":
            return None
        text = _key_in(header)
        if text is None:
            words = _("Bring a key as “Authorization: Bearer KEY”, or as the password of Basic.")
            return _unknown(words)
        try:
            key = holder_of(text)
        except KeyRefused as refusal:
            return _unknown(str(refusal))
        if request.method not in _READING:
            return problem(HTTPStatus.FORBIDDEN, _("A key only reads. Send this without one."))
        if scope not in key.scopes:
            return _beyond(scope)
        request.user = key.user
        request.api_key = key  # type: ignore[attr-defined]
        try:
            take(API_KEY, sender_of(request))
        except TooMany as refusal:
            return refused(problem(HTTPStatus.TOO_MANY_REQUESTS, str(refusal)), refusal)
        return None


def _scope_of(request: HttpRequest, view: Any) -> Scope | None:
    """The scope that opens the view; None for what no key opens."""
    default = Scope.FEATURES if request.path_info.startswith(API_PATHS) else None
    scope: Scope | None = getattr(view, "key_scope", default)
    return scope


def _key_in(header: str) -> str | None:
    """The key of the header; None where there is none."""
    scheme, _space, rest = header[:_HEADER_MAX].strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip() or None
        case "basic":
            try:
                pair = base64.b64decode(rest.strip(), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return None
            # Whatever the name of the user is: programs ask for one.
            return pair.partition(":")[2] or None
        case _:
            return None


def _unknown(words: str) -> HttpResponse:
    answer = problem(HTTPStatus.UNAUTHORIZED, words)
    answer["WWW-Authenticate"] = _CHALLENGE.format(error="invalid_token", more="")
    return answer


def _beyond(scope: Scope) -> HttpResponse:
    words = _("This key does not open this: it was made without “%(scope)s”.") % {"scope": scope.label}
    answer = problem(HTTPStatus.FORBIDDEN, words)
    answer["WWW-Authenticate"] = _CHALLENGE.format(error="insufficient_scope", more=f', scope="{scope}"')
    return answer
