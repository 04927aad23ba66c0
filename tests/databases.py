"""One migrated template database for all test runs, and a copy of it for each test process.

Migrating takes many seconds, copying a database a fraction of one. The template is named after a fingerprint of all
that shapes the schema, so it is made again when that changes and only then.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pgtrigger
import psycopg2
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from psycopg2 import sql
from psycopg2.extensions import connection as Session  # noqa: N812 - a class

#: First half of the keys of our advisory locks ("test"); the second is a slot's number, or this for the template.
LOCK_CLASS = 0x74657374
TEMPLATE_LOCK = -1


@contextmanager
def own_database() -> Iterator[str]:
    """Points Django's default connection to a fresh migrated database, for this process alone, and yields its name.

    A slot (a number, part of the name) is held by a lock of a session that lasts as long as the process, so that test
    runs started side by side never meet in one database, and a killed run's database is reused by a later one.
    """
    current = str(settings.DATABASES["default"]["NAME"])
    given = re.sub(r"^test_(.+)_\d+$", r"\1", current)  # a test may ask for another one
    with closing(maintenance()) as keeper:
        slot = next(number for number in itertools.count() if _scalar(keeper, _TRY, LOCK_CLASS, number))
        name = f"test_{given}_{slot}"
        run(keeper, "SELECT pg_advisory_lock(%s, %s)", LOCK_CLASS, TEMPLATE_LOCK)
        template = _ensure_template(keeper, given)
        drop(keeper, name)
        create(keeper, name, template)
        run(keeper, "SELECT pg_advisory_unlock(%s, %s)", LOCK_CLASS, TEMPLATE_LOCK)
        point_to(name)
        try:
            yield name
        finally:
            point_to(current)
            drop(keeper, name)


#: What the migrated template holds, and no test changes.
_OF_THE_TEMPLATE = frozenset({"django_migrations", "django_content_type", "auth_permission"})


def empty() -> None:
    """Removes all that a test has committed, so that the database is again as the template is.

    Django's flush truncates each table, full or empty, and makes all permissions anew: a third of a second of the
    processor's time after every test of this kind, most of it for tables that no test has touched.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        tables = [
            connection.ops.quote_name(table)
            for table in connection.introspection.table_names(cursor)
            if table not in _OF_THE_TEMPLATE
        ]
        # Waits for whoever still writes: what is committed a moment later would be the next test's.
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
        rows = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
        cursor.execute(rows)
        filled = [table for (table,) in cursor.fetchall()]
        # Some rows may not be deleted by anybody else. Their references to each other are looked at in the end.
        with pgtrigger.ignore():
            for table in filled:
                cursor.execute(f"DELETE FROM {table}")


def fingerprint() -> str:
    """Hex digest of what shapes the schema: every app's migrations, the locked packages, the city's profile."""
    total = hashlib.sha256()
    root = Path(settings.BASE_DIR)
    files = [path for app in apps.get_app_configs() for path in Path(app.path).glob("migrations/*.py")]
    files += [
        root / "requirements" / "run.txt",
        root / "config" / "settings.py",
        root / "data" / "osh" / "profile.toml",
    ]
    for path in sorted(files):
        total.update(f"{path.name}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def _ensure_template(keeper: Session, given: str) -> str:
    prefix = f"template_{given}_"
    name = f"{prefix}{fingerprint()}"
    if exists(keeper, name):
        return name
    old = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    for outdated in _column(keeper, old, prefix):
        drop(keeper, outdated)
    # Under another name until it is complete: a killed run must not leave half a template.
    unfinished = f"unfinished_{given}"
    drop(keeper, unfinished)
    create(keeper, unfinished, "template1")
    point_to(unfinished)
    call_command("migrate", interactive=False, verbosity=0)
    connection.close()
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
        sql.Identifier(unfinished), sql.Identifier(name)
    )
    run(keeper, rename)
    return name


def point_to(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


def maintenance() -> Session:
    """A session in the server's ``postgres`` database: no database can be made or dropped from within itself."""
    parameters = connection.get_connection_params()
    parameters = {
        name: value for name, value in parameters.items() if name not in {"cursor_factory", "context"}
    }
    keeper = psycopg2.connect(**{**parameters, "dbname": "postgres"})
    keeper.autocommit = True
    return keeper


_TRY = "SELECT pg_try_advisory_lock(%s, %s)"
_END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user"
)


def exists(keeper: Session, name: str) -> bool:
    return bool(_column(keeper, "SELECT datname FROM pg_database WHERE datname = %s", name))


def create(keeper: Session, name: str, template: str) -> None:
    run(
        keeper,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)),
    )


def drop(keeper: Session, name: str) -> None:
    """Ends our own sessions in it first. WITH (FORCE) would refuse while autovacuum is at work there, whose process is
    none of ours; a plain DROP DATABASE makes it leave.
    """
    run(keeper, _END_SESSIONS, name)
    run(keeper, sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def run(keeper: Session, statement: str | sql.Composed, *values: object) -> None:
    with keeper.cursor() as cursor:
        cursor.execute(statement, values or None)


def _column(keeper: Session, statement: str, *values: object) -> list[str]:
    with keeper.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def _scalar(keeper: Session, statement: str, *values: object) -> object:
    with keeper.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
        return row[0] if row else None
