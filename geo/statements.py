"""Statements of querysets as texts, from which larger ones are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection, connections, transaction
from django.db.models import QuerySet
from numpy.typing import NDArray

#: Written by PostgreSQL, a fraction would lose its last zeros: readers that guess a column's form by its first rows would fail at
#: others. As text of SQL (``Z`` or ``+00:00``), 0.3 ms for a thousand of them.
_MOMENT: Final = """to_char({sql} AT TIME ZONE 'UTC','YYYY-MM-DD"T"HH24:MI:SS.US"{zone}"')"""


def moment_text(sql: str, zone: str = "Z") -> str:
    """SQL of the moment as a text (RFC 3339), always with six decimals: ``2026-05-31T10:00:00.500000Z``; NULL as NULL."""
    return _MOMENT.format(sql=sql, zone=zone)


def statement_of(rows: QuerySet[Any, Any]) -> str:
    """The whole statement of the rows, values and all, so that a percent sign in it is one; empty where no row can be.

    It asks the database for nothing.
    """
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return ""
    with connections[rows.db].cursor() as cursor:
        statement: bytes = cursor.mogrify(sql, params)
    return statement.decode()


@contextmanager
def one_snapshot() -> Iterator[None]:
    """All statements within see one state of the database, whatever is committed meanwhile; they write nothing.

    Within another transaction they see what that one does.
    """
    with transaction.atomic(savepoint=False):
        if len(connection.atomic_blocks) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def literals(values: Sequence[str]) -> str:
    """The values, one at least, as the list of SQL's ``IN``, brackets and all, quoted by the driver."""
    with connection.cursor() as cursor:
        listed: bytes = cursor.mogrify("%s", [tuple(values)])
    return listed.decode()


def columns_of(statement: str, columns: int) -> list[NDArray[np.int64]]:
    """The columns of the statement, whole numbers of four bytes without a NULL, as arrays of one length.

    They come in PostgreSQL's binary form, all rows as one text of bytes: a hundred thousand rows in some ten milliseconds,
    where an array for each column, which has a head for each member, takes half as much again.
    """
    names = [f"c{number}" for number in range(columns)]
    row = " || ".join(f"int4send({name}::integer)" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT string_agg({row}, '') FROM ({statement}) AS told({', '.join(names)})")  # noqa: S608 - of querysets
        ((raw,),) = cursor.fetchall()
    return [*np.frombuffer(raw or b"", ">i4").reshape(-1, columns).T.astype(np.int64, order="C")]
