"""The benchmark's own database: the profile's city without demo people, and a million appeals; kept between runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg2 import sql

from tests import databases
from tests.bench.million import make_million


@contextmanager
def bench_database(count: int) -> Iterator[str]:
    """Points Django's default connection to the benchmark's database and yields its ``DATABASE_URL``.

    Made on the first run (a minute or two), again when the schema or the generator changes, and never the database
    that the city itself lives in.
    """
    generator = (Path(__file__).parent / "million.py").read_bytes()
    version = hashlib.sha256(generator + databases.fingerprint().encode()).hexdigest()[:10]
    name = f"bench_{version}_{count}"
    own = str(settings.DATABASES["default"]["NAME"])
    with closing(databases.maintenance()) as keeper:
        if not databases.exists(keeper, name):
            unfinished = f"unfinished_{name}"
            databases.drop(keeper, unfinished)
            databases.create(keeper, unfinished, "template1")
            databases.point_to(unfinished)
            call_command("migrate", interactive=False, verbosity=0)
            call_command("seed", demo=False, verbosity=0)
            make_million(count)
            databases.point_to(own)
            databases.run(
                keeper,
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(unfinished), sql.Identifier(name)
                ),
            )
    databases.point_to(name)
    try:
        yield _url(name)
    finally:
        connection.close()
        databases.point_to(own)


def _url(name: str) -> str:
    given = settings.DATABASES["default"]
    user, password, host = given["USER"], given["PASSWORD"], str(given["HOST"])
    account = quote(str(user)) + (f":{quote(str(password))}" if password else "")
    if host.startswith("/") or not host:
        return f"postgres://{account}@/{name}" + (f"?host={quote(host)}" if host else "")
    port = f":{given['PORT']}" if given["PORT"] else ""
    return f"postgres://{account}@{host}{port}/{name}"
