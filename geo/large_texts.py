"""Lines of large texts, which PostgreSQL itself copies into a file, in a process of its own.

COPY may use several of the server's processors, which a cursor may not, and the web process neither holds a row nor its
interpreter meanwhile: of a million features the cursor takes twice the time. It could not make one itself, whose sessions
have limits (``jobs.limits``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction

#: Rows from which on another process is worth its start.
LARGE: Final = 50_000
#: Ten million features are written by then.
_LONGEST_S: Final = 600
#: A client that is gone is noticed within this time, by the database and by who copies for it.
_CHECK_CLIENT_S: Final = 2
_is_gone: ContextVar[Callable[[], bool]] = ContextVar("is_gone", default=lambda: False)
#: Whoever makes a file of a table takes longer than one of the server's processors: more would wait for it. What is sorted is
#: wide, and half of the usual number of its parts is faster by a tenth.
_OF_TABLES: Final = MappingProxyType({"max_parallel_workers_per_gather": "0", "work_mem": "64MB"})
_ROOT: Final = Path(__file__).resolve().parents[1]


class Unwanted(Exception):
    """Nobody waits for the text any more."""


@contextmanager
def while_wanted(is_gone: Callable[[], bool]) -> Iterator[None]:
    """What is copied in the block is given up, and its statement with it, soon after ``is_gone``: then ``Unwanted`` is raised."""
    token = _is_gone.set(is_gone)
    try:
        yield
    finally:
        _is_gone.reset(token)


def expected_rows(statement: str, alias: str = DEFAULT_DB_ALIAS) -> int:
    """How many rows the planner expects the statement to have; it counts none."""
    if not statement:
        return 0
    with connections[alias].cursor() as cursor:
        # The values are in it: a percent sign is one.
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        plans = cursor.fetchone()[0]
    return int((plans if isinstance(plans, list) else json.loads(plans))[0]["Plan"]["Plan Rows"])


@contextmanager
def shared_snapshot(alias: str = DEFAULT_DB_ALIAS) -> Iterator[str]:
    """The name of what this session sees now, for others to see the same while the block runs; within a transaction, what that one sees."""
    # A subtransaction, which a savepoint begins, exports none.
    with transaction.atomic(alias, savepoint=False), connections[alias].cursor() as cursor:
        cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{2 * _LONGEST_S}s'")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


def copy_lines(
    file: BinaryIO, statement: str, snapshot: str, *, before: str = "", alias: str = DEFAULT_DB_ALIAS
) -> int:
    """Writes the one column of the statement's rows to the file as it is, a line each; their number.

    The texts are JSON without line ends, and so hold no control character. ``before`` stands before each.
    Raises ``OSError`` as writing does, ``OperationalError`` where the database refuses or is away, and ``Unwanted``.
    """
    # CSV, where nothing in a row has a meaning, is each row as it is, and a line.
    form = r"FORMAT csv, NULL '', QUOTE e'\x01', DELIMITER e'\x02'"
    return _copy(file, statement, snapshot, form, alias, before=before)


def copy_table(file: BinaryIO, statement: str, snapshot: str, *, alias: str = DEFAULT_DB_ALIAS) -> int:
    """Writes the statement's rows to the file or pipe as ``geo.row_frames``, for ``geo.binary_rows``; their number.

    Raises as ``copy_lines`` does.
    """
    return _copy(file, statement, snapshot, "FORMAT binary", alias, framed=True, settings=_OF_TABLES)


def _copy(
    file: BinaryIO,
    statement: str,
    snapshot: str,
    form: str,
    alias: str,
    *,
    before: str = "",
    framed: bool = False,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> int:
    connection = connections[alias]
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context"):
        parameters.pop(ours, None)
    file.flush()
    order = {
        "parameters": parameters,
        "file": file.fileno(),
        "snapshot": snapshot,
        "statement": statement,
        "form": form,
        "before": before,
        "framed": framed,
        "settings": {
            "TimeZone": connection.timezone_name,
            "statement_timeout": f"{_LONGEST_S}s",
            "client_connection_check_interval": f"{_CHECK_CLIENT_S}s",
            **settings,
        },
    }
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "geo.copying"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            pass_fds=[file.fileno()],
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )
        try:
            said = _reply(child, json.dumps(order).encode() + b"\n")
        finally:
            child.kill()
            child.wait()
        if not said:
            errors.seek(0)
            raise RuntimeError(f"nothing was copied: {errors.read()[-2000:].decode(errors='replace')}")
    reply = json.loads(said)
    if "database" in reply:
        raise OperationalError(reply["database"])
    if "errno" in reply:
        raise OSError(reply["errno"], os.strerror(reply["errno"]))
    if file.seekable():
        # The child's end of the file moved, and ours with it; what Python remembers of it did not.
        file.seek(0, os.SEEK_END)
    return int(reply["count"])


def _reply(child: subprocess.Popen[bytes], order: bytes) -> bytes:
    given: bytes | None = order
    for _look in range(_LONGEST_S // _CHECK_CLIENT_S):
        try:
            return child.communicate(given, _CHECK_CLIENT_S)[0]
        except subprocess.TimeoutExpired:
            given = None  # it has been taken
            if _is_gone.get()():
                raise Unwanted from None
    raise subprocess.TimeoutExpired(child.args, _LONGEST_S)
