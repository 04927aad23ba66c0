"""When the database cannot answer: a page that says so and when to try again, and one line in the log."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template import loader
from django.utils.translation import get_language

from jobs.outage import AWAY, TOO_LONG, Once, code_of, is_operational

RETRY_AFTER_S: Final = 30
#: Statements that take too long are worth one line in this time.
QUIET_S: Final = 60.0


class Outage:
    """Middleware: 503 with Retry-After where the database is away or exceeds the limits of ``jobs.limits``.

    It sees what views raise; ``web.views.errors.server_error`` asks ``answer`` for whatever else breaks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The response to such an error; None leaves any other to Django."""
        return answer(request, error)


def answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The 503 page for an error of the database's operation, made without the database; None for any other."""
    if error is None or not is_operational(error):
        return None
    (_slow if code_of(error) in TOO_LONG else AWAY).note(error, path=request.path)
    page = loader.get_template("web/errors/503.html").render({"language": get_language() or ""})
    response = HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = str(RETRY_AFTER_S)
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


_slow = Once("statement took too long", quiet_s=QUIET_S)
