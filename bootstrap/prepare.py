"""Brings the database and static files up to date with the code; ``up`` runs it as a child. Needs Django."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from bootstrap.checkout import digest, this_checkout
from bootstrap.cluster import EXTENSIONS
from bootstrap.console import say


def main() -> int:
    """Exit code: 0 when everything is ready."""
    try:
        django.setup()
        create_extensions()
        examine()
        migrate()
        call_command("seed")
        collect_static()
    except (CommandError, DatabaseError, ImproperlyConfigured) as error:
        say(f"  !!  {error}")
        return 1
    return 0


def create_extensions() -> None:
    """Creates missing extensions if the database's owner may; otherwise ``check`` says what to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        present = {row[0] for row in cursor.fetchall()}
        for name in EXTENSIONS:
            if name not in present:
                with contextlib.suppress(DatabaseError):
                    cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")


def examine() -> None:
    """Runs the system checks, which raise on errors; prints their warnings."""
    output = io.StringIO()
    call_command("check", databases=["default"], stdout=output, stderr=output)
    if "no issues" not in output.getvalue():
        say(output.getvalue().rstrip())


def migrate() -> None:
    """Applies pending migrations."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        say(f"  ..  Database: {len(pending)} migrations to apply")
        call_command("migrate", interactive=False, verbosity=1 if sys.stdout.isatty() else 0)


def collect_static() -> None:
    """Collects the static files, compressed and named by content hash, if any of them changed."""
    # Whole seconds: image layers keep no finer times.
    wanted = digest(
        *(f"{path} {stat.st_size} {int(stat.st_mtime)}" for path, stat in sorted(_static_sources()))
    )
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    if stamp.parent.exists() and not os.access(stamp.parent, os.W_OK):
        return  # built into the container image
    say("  ..  Static files")
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted, encoding="ascii")


def _static_sources() -> list[tuple[str, os.stat_result]]:
    from django.contrib.staticfiles.finders import get_finders

    found = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            full = storage.path(path)
            found.append((full, os.stat(full)))
    # The addresses of the files, and what is put together of them, depend on code.
    code = [this_checkout().root / name for name in ("config/settings.py", "web/styles.py")]
    found.extend((str(path), path.stat()) for path in code)
    return found


if __name__ == "__main__":
    sys.exit(main())
