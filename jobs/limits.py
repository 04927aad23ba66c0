"""How long a process lets the database work: visitors do not wait, and nobody holds up others for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


@dataclass(frozen=True)
class Limits:
    """PostgreSQL's session limits, in seconds; 0 is none.

    ``statement_s`` cancels a statement that runs longer, ``lock_s`` one that waits longer for a lock;
    ``idle_s`` ends a session whose transaction is idle for longer, so that nobody waits for its locks.
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


def limit_sessions(limits: Limits) -> None:
    """Applies the limits to every database session this process opens from now on; the last call wins."""

    def set_limits(connection: BaseDatabaseWrapper, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS wanted(name, value)",
                [list(_settings(limits)), list(_settings(limits).values())],
            )

    connection_created.disconnect(dispatch_uid=limit_sessions)
    connection_created.connect(set_limits, weak=False, dispatch_uid=limit_sessions)


def _settings(limits: Limits) -> dict[str, str]:
    return {
        "statement_timeout": f"{limits.statement_s}s",
        "lock_timeout": f"{limits.lock_s}s",
        "idle_in_transaction_session_timeout": f"{limits.idle_s}s",
        "client_connection_check_interval": f"{CHECK_CLIENT_S}s",
    }
