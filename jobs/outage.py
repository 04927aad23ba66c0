"""A database that is away is said in one line when that begins and one when it is over, whichever thread notices."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from django.db import connection
from django.db.backends.signals import connection_created
from django.db.utils import DatabaseError, InterfaceError, OperationalError

log = structlog.get_logger()

#: PostgreSQL's error codes (appendix A): query_canceled, lock_not_available.
TOO_LONG: Final = frozenset({"57014", "55P03"})
#: Classes of codes: connection exceptions, and interventions such as a shutdown.
_LOST: Final = frozenset({"08", "57"})
#: Of a session that was ended for being idle: an internal error by its class, a lost connection by its effect.
_ENDED: Final = frozenset({"25P03", "57P05"})
#: A server that is there answers whoever asks for all within this time.
TURN_S: Final = 0.2


def is_operational(error: BaseException | None) -> bool:
    """True for an error of the database's operation; False for one of a statement, and for any other."""
    if isinstance(error, OperationalError | InterfaceError) or code_of(error) in _ENDED:
        return True
    # psycopg2 reports some lost connections as its plain DatabaseError, without a code.
    return type(error) is DatabaseError and not code_of(error)


def is_away(error: BaseException | None) -> bool:
    """True where the database, or the connection to it, is not there; False where it took too long or too much."""
    code = code_of(error)
    lost = not code or code[:2] in _LOST or code in _ENDED
    return is_operational(error) and lost and code not in TOO_LONG


def code_of(error: BaseException | None) -> str:
    """PostgreSQL's code of a database error; empty where it has none."""
    return str(getattr(getattr(error, "__cause__", None), "pgcode", None) or "")


def in_one_line(error: BaseException) -> str:
    """The error's words without its traceback."""
    return " ".join(str(error).split())


class Once:
    """Logs the first of many; the others are counted until it is over, or ``quiet_s`` have passed."""

    def __init__(self, event: str, *, quiet_s: float = float("inf")) -> None:
        self._event, self._quiet_s = event, quiet_s
        self._lock = threading.Lock()
        self._since: float | None = None
        self._more = 0

    def note(self, error: BaseException, *, traceback: bool = False, **where: object) -> None:
        """One more; an error of ours is said with its ``traceback``."""
        now = time.monotonic()
        with self._lock:
            if self._since is not None and now - self._since < self._quiet_s:
                self._more += 1
                return
            more, self._more, self._since = self._more, 0, now
        before = {"since_the_last_line": more} if more else {}
        what = {"exc_info": error} if traceback else {"error": in_one_line(error)}
        log.error(self._event, **where, **what, **before)

    def over(self) -> None:
        """Says so, if there was one."""
        if self._since is None:
            return
        with self._lock:
            since, more, self._since, self._more = self._since, self._more, None, 0
        if since is not None:
            seconds = round(time.monotonic() - since, 1)
            log.warning(f"{self._event}: over", seconds=seconds, noticed=more + 1)


class _Away(Once):
    """The outage of the database, over with the next connection that succeeds.

    A connection from before its end that turns out to be dead afterwards belongs to it, and is not said again.
    """

    def __init__(self) -> None:
        super().__init__("database away")
        self._over_at = float("-inf")
        self._turn = threading.Lock()
        self._of_this_thread = threading.local()

    def note(self, error: BaseException, **where: Any) -> None:
        opened_at: float = getattr(self._of_this_thread, "opened_at", float("-inf"))
        if connection.connection is None or opened_at >= self._over_at:
            super().note(error, **where)

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether this thread may ask for a connection: while the database is away, one does so for all.

        A server that says nothing makes whoever asks wait, and requests would queue behind those that wait.
        """
        if self._since is None:
            yield True
            return
        ours = self._turn.acquire(timeout=TURN_S)
        try:
            yield ours
        finally:
            if ours:
                self._turn.release()

    def connected(self, **_: Any) -> None:
        """A connection of this thread has been made."""
        if self._since is not None:
            self._over_at = time.monotonic()
        self.over()
        self._of_this_thread.opened_at = time.monotonic()


AWAY: Final = _Away()
connection_created.connect(AWAY.connected, dispatch_uid="jobs.outage")
