"""The part of ``./manage.py doctor`` that needs Django and the database."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager

from bootstrap import checkout as checkouts
from bootstrap import site
from bootstrap.checkout import Checkout
from bootstrap.cluster import main_cluster
from bootstrap.console import Stop
from bootstrap.finding import Finding
from bootstrap.serve import serving

#: A worker without a heartbeat for this long is considered dead.
SILENCE = datetime.timedelta(minutes=2)


def examine(checkout: Checkout) -> Iterator[Finding]:
    """Findings about settings, system checks, the database, migrations and the worker."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("SECRET_KEY", checkouts.secret_key(checkout))
    if not os.environ.get("DATABASE_URL") and site.find(checkout, main_cluster(checkout).name) is None:
        return  # reported by cluster_is_sound
    try:
        with _database(checkout):
            yield from _inside(checkout)
    except Stop as stop:
        yield Finding(str(stop), "See the log named above; ./manage.py up tries again.")


def _database(checkout: Checkout) -> AbstractContextManager[object]:
    if os.environ.get("DATABASE_URL"):
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def started() -> Iterator[None]:
        with main_cluster(checkout).running() as url:
            os.environ["DATABASE_URL"] = url
            yield

    return started()


def _inside(checkout: Checkout) -> Iterator[Finding]:
    import django
    from django.core.checks import WARNING, run_checks
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError, connection

    try:
        django.setup()
    except ImproperlyConfigured as error:
        yield Finding(f"The settings are wrong: {error}", "Fix that variable; README.md lists them all.")
        return
    try:
        connection.ensure_connection()
    except OperationalError as error:
        yield Finding(
            f"The database cannot be reached: {str(error).strip()}",
            "Fix DATABASE_URL or start its server.",
        )
        return
    try:
        for message in run_checks(databases=["default"]):
            if message.level >= WARNING:
                yield Finding(str(message.msg), str(message.hint or f"see {message.id}"))
        yield from migrations()
        yield from worker(checkout)
    finally:
        connection.close()


def migrations() -> Iterator[Finding]:
    """Migrations that are not applied."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in pending[:3])
        yield Finding(f"{len(pending)} migrations are not applied ({names} ...).", "./manage.py migrate")


def worker(checkout: Checkout) -> Iterator[Finding]:
    """A worker that should be running but sends no heartbeat."""
    from django.apps import apps
    from django.db import DatabaseError
    from django.utils import timezone

    try:
        beat = (
            apps.get_model("jobs", "WorkerBeat").objects.order_by("-at").values_list("at", flat=True).first()
        )
    except DatabaseError:
        return  # not migrated, reported above
    should_live = serving(checkout) or bool(os.environ.get("DATABASE_URL") and beat)
    if should_live and (beat is None or timezone.now() - beat > SILENCE):
        since = "never" if beat is None else f"last at {beat:%Y-%m-%d %H:%M} UTC"
        yield Finding(f"No heartbeat from the worker ({since}): no e-mail, no videos.", "./manage.py worker")
