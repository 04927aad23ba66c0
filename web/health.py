"""``/healthz``: whether this process can reach its database, for load balancers and the starter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase

PATH: Final = "/healthz"
#: Seconds that the database has to answer; and how long its answer counts.
PATIENCE_S: Final = 3.0
FRESH_S: Final = 1.0


class Health:
    """Middleware, the first of all: ``/healthz`` is answered whatever the request's host and scheme are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return healthz(request) if request.path_info == PATH else self.get_response(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, 503 when it does not; 405 for anything but GET and HEAD."""
    if request.method not in {"GET", "HEAD"}:
        return _plain("only GET and HEAD\n", 405, Allow="GET, HEAD")
    if _probe.answers():
        return _plain("ok\n", 200)
    return _plain("database does not answer\n", 503)


class _Probe:
    """Asks the database in a thread of its own: one that hangs holds no thread of the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._answered_at = float("-inf")
        self._well = False

    def answers(self) -> bool:
        with self._lock:
            if time.monotonic() - self._answered_at < FRESH_S:
                return self._well
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, name="healthz", daemon=True)
                self._asking.start()
            asking = self._asking
        asking.join(PATIENCE_S)
        return self._well and not asking.is_alive()

    def _ask(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            self._well = True
        except Error:
            self._well = False
        finally:
            connection.close()
            self._answered_at = time.monotonic()


def _plain(text: str, status: int, **headers: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain", status=status, headers=headers)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


_probe = _Probe()
