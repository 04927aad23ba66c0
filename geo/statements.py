"""Statements of querysets as texts, from which larger ones are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection, connections
from django.db.models import QuerySet

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


def literals(values: Sequence[str]) -> str:
    """The values, one at least, as the list of SQL's ``IN``, brackets and all, quoted by the driver."""
    with connection.cursor() as cursor:
        listed: bytes = cursor.mogrify("%s", [tuple(values)])
    return listed.decode()
