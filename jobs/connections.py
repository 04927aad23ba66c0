"""Connections to the database that may be lost while something takes long."""

from __future__ import annotations

from django.db import connection


def let_go() -> None:
    """Closes the connection, so that the next query has a new one; inside a transaction it is left as it is."""
    if not connection.in_atomic_block:
        connection.close()
