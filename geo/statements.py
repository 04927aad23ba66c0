"""Statements of querysets as texts, from which larger ones are made."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet


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
