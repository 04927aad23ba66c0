"""When the database takes too long: a page that says so and when to try again, instead of an error."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from django.db.utils import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

log = structlog.get_logger()

#: PostgreSQL's error codes (appendix A): query_canceled, lock_not_available.
_TOO_LONG: Final = frozenset({"57014", "55P03"})
RETRY_AFTER_S: Final = 30


class TooLong:
    """Middleware: 503 with Retry-After when a statement exceeds the limits of ``jobs.limits``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The response to such an error; None leaves any other to Django."""
        if not isinstance(error, OperationalError) or _code(error) not in _TOO_LONG:
            return None
        log.warning("statement took too long", path=request.path, error=str(error).strip())
        answer = render(request, "web/errors/503.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer


def _code(error: OperationalError) -> str:
    return str(getattr(error.__cause__, "pgcode", ""))
