"""When the database cannot answer: a page that says so and when to try again, and one line in the log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import structlog
from django.db.backends.signals import connection_created
from django.db.utils import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template import loader
from django.utils.translation import get_language

log = structlog.get_logger()

#: PostgreSQL's error codes (appendix A): query_canceled, lock_not_available.
_TOO_LONG: Final = frozenset({"57014", "55P03"})
#: A session that was ended for being idle: an internal error by its class, a lost connection by its effect.
_ENDED: Final = frozenset({"25P03", "57P05"})
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
    if not isinstance(error, DatabaseError | InterfaceError) or not _is_operational(error):
        return None
    if _code(error) in _TOO_LONG:
        _slow.note(request.path, error)
    else:
        _away.note(request.path, error)
    page = loader.get_template("web/errors/503.html").render({"language": get_language() or ""})
    response = HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = str(RETRY_AFTER_S)
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _is_operational(error: Exception) -> bool:
    if isinstance(error, OperationalError | InterfaceError) or _code(error) in _ENDED:
        return True
    # psycopg2 reports some lost connections as its plain DatabaseError, without a code.
    return type(error) is DatabaseError and not _code(error)


def _code(error: Exception) -> str:
    return str(getattr(error.__cause__, "pgcode", None) or "")


class _Once:
    """Logs the first of many; the others are counted until it is over."""

    def __init__(self, event: str, *, quiet_s: float = float("inf")) -> None:
        self._event, self._quiet_s = event, quiet_s
        self._lock = threading.Lock()
        self._since: float | None = None
        self._more = 0

    def note(self, path: str, error: Exception) -> None:
        """One more."""
        now = time.monotonic()
        with self._lock:
            if self._since is not None and now - self._since < self._quiet_s:
                self._more += 1
                return
            more, self._more, self._since = self._more, 0, now
        reason = " ".join(str(error).split())
        log.error(self._event, path=path, error=reason, **({"since_the_last_line": more} if more else {}))

    def over(self) -> None:
        """Says so, if there was one."""
        if self._since is None:
            return
        with self._lock:
            since, more, self._since, self._more = self._since, self._more, None, 0
        if since is not None:
            seconds = round(time.monotonic() - since, 1)
            log.warning(f"{self._event}: over", seconds=seconds, answered_503=more + 1)


_slow = _Once("statement took too long", quiet_s=QUIET_S)
_away = _Once("database away")


def _on_connection(**_: Any) -> None:
    _away.over()


connection_created.connect(_on_connection, dispatch_uid="web.outage")
