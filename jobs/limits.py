"""How long a process lets the database work: visitors do not wait, and nobody holds up others for ever.

PostgreSQL keeps most of the limits. A server that is stopped, or behind a network that swallows what is sent, keeps none:
those who wait for it count the seconds of its silence themselves.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg2
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg2 import extensions

from jobs.outage import AWAY


@dataclass(frozen=True)
class Limits:
    """PostgreSQL's session limits, in seconds; 0 is none.

    ``statement_s`` cancels a statement that runs longer, ``lock_s`` one that waits longer for a lock;
    ``idle_s`` ends a session whose transaction is idle for longer, so that nobody waits for its locks.

    Where statements have a limit, a server that says nothing for ``SILENCE_S`` longer is away (``psycopg2.OperationalError``,
    and the session is closed), and one that does not answer a new connection is after the URL's ``connect_timeout``.
    Such a process has no COPY, which psycopg2 makes in one go.
    """

    statement_s: int
    lock_s: int
    idle_s: int


WEB: Final = Limits(statement_s=15, lock_s=5, idle_s=60)
#: A migration or an import takes its time, but one that waits for a lock makes everybody else wait behind it.
COMMANDS: Final = Limits(statement_s=0, lock_s=60, idle_s=3600)
JOBS: Final = Limits(statement_s=600, lock_s=60, idle_s=600)
#: While a statement runs, the server checks this often whether its client is still connected.
CHECK_CLIENT_S: Final = 2
#: A server that has cancelled a statement says so within this time.
SILENCE_S: Final = 5.0


def limit_sessions(limits: Limits) -> None:
    """Applies the limits to every database session this process opens from now on; the last call wins.

    How long the server may be silent counts for those that are open, too.
    """

    def set_limits(connection: BaseDatabaseWrapper, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS wanted(name, value)",
                [list(_settings(limits)), list(_settings(limits).values())],
            )

    connection_created.disconnect(dispatch_uid=limit_sessions)
    connection_created.connect(set_limits, weak=False, dispatch_uid=limit_sessions)
    extensions.set_wait_callback(_waiting(limits.statement_s + SILENCE_S) if limits.statement_s else None)


def _settings(limits: Limits) -> dict[str, str]:
    return {
        "statement_timeout": f"{limits.statement_s}s",
        "lock_timeout": f"{limits.lock_s}s",
        "idle_in_transaction_session_timeout": f"{limits.idle_s}s",
        "client_connection_check_interval": f"{CHECK_CLIENT_S}s",
    }


#: What a connection is once it has been made.
_CONNECTED: Final = {extensions.STATUS_READY, extensions.STATUS_BEGIN, extensions.STATUS_PREPARED}


def _waiting(silence_s: float) -> Callable[[extensions.connection], None]:
    """What psycopg2 calls whenever it waits for the server."""

    def wait(connection: extensions.connection) -> None:
        if connection.status in _CONNECTED:
            _hear(connection, silence_s)
        else:
            with AWAY.turn() as ours:
                if not ours:
                    raise psycopg2.OperationalError("the database is away; whether it is back is being asked")
                _hear(connection, _connect_s(connection))

    return wait


def _connect_s(connection: extensions.connection) -> float | None:
    # libpq keeps its own limit only where it does the waiting.
    seconds = int(extensions.parse_dsn(connection.dsn).get("connect_timeout", 0))
    return seconds if seconds > 0 else None


def _hear(connection: extensions.connection, silence_s: float | None) -> None:
    while (state := connection.poll()) != extensions.POLL_OK:
        # Not select(), which knows no more than 1,024 files.
        ready = select.poll()
        ready.register(
            connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        )
        if not ready.poll(None if silence_s is None else silence_s * 1000):
            raise psycopg2.OperationalError(f"the database has said nothing for {silence_s:g} s")
