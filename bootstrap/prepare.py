"""Brings the database and static files up to date with the code; ``up`` runs it as a child. Needs Django."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import WARNING, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from bootstrap.checkout import digest, this_checkout
from bootstrap.cluster import EXTENSIONS
from bootstrap.console import note, working


def main() -> int:
    """Exit code: 0 when everything is ready."""
    try:
        django.setup()
        create_extensions()
        examine()
        migrate()
        seed()
        collect_static()
        who_can_log_in()
    except Unfit:
        return 1
    except (CommandError, DatabaseError, ImproperlyConfigured) as error:
        for line in str(error).strip().splitlines():
            note(line, mark="!!")
        return 1
    return 0


class Unfit(Exception):
    """A check has found, and said, why the site cannot start."""


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
    """Runs the system checks and prints what they find; raises ``Unfit`` if anything of it is serious."""
    with working("Settings, profile and database are checked"):
        found = [
            one for one in run_checks(databases=["default"]) if one.level >= WARNING and not one.is_silenced()
        ]
    for one in found:
        note(f"{one.msg} ({one.id})", mark="!!" if one.is_serious() else "--")
        if one.hint:
            note(one.hint, mark="  ")
    if any(one.is_serious() for one in found):
        raise Unfit


def pending_migrations() -> list[str]:
    """Names of the migrations that the database lacks, as ``app.name``, in order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def migrate() -> None:
    """Applies pending migrations."""
    pending = pending_migrations()
    if pending:
        with working(f"Tables: {len(pending)} migrations"):
            call_command("migrate", interactive=False, verbosity=0)


def seed() -> None:
    """Fills an empty database with the city; raises ``CommandError`` if it holds another one."""
    output = io.StringIO()
    with working("City of the profile"):
        call_command("seed", stdout=output)
    for line in output.getvalue().splitlines():
        note(line)


def who_can_log_in() -> None:
    """Says how the first person gets in, while there is none."""
    if not get_user_model().objects.exists():
        note("Nobody can log in yet. Make the first account: ./manage.py administrator EMAIL")


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
        # Built into the container's image, where they are those of this state.
        note(f"Static files are of another state, and {stamp.parent} is not writable.", mark="!!")
        return
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    with working("Static files"):
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
    code = [
        this_checkout().root / name
        for name in (
            "config/settings.py",
            "web/collecting.py",
            "web/styles.py",
            "web/bundles.py",
            "package-lock.json",
        )
    ]
    found.extend((str(path), path.stat()) for path in code)
    return found


if __name__ == "__main__":
    sys.exit(main())
