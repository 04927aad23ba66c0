"""The part of ``./manage.py doctor`` that needs Django and the database."""

from __future__ import annotations

import datetime
import os
import secrets
from collections.abc import Iterator

from bootstrap import site, variables
from bootstrap.checkout import Checkout
from bootstrap.cluster import main_cluster, process, url
from bootstrap.console import Stop
from bootstrap.finding import Finding
from bootstrap.serve import serving

#: A worker without a heartbeat for this long is considered dead.
SILENCE = datetime.timedelta(minutes=2)


def examine(checkout: Checkout) -> Iterator[Finding]:
    """Findings about settings, system checks, the database, migrations and the worker.

    A private database that is not running is left alone: starting it would replay its WAL, and is ``up``'s to do.
    """
    if not variables.DATABASE_URL.is_set(os.environ):
        try:
            place = site.find(checkout, main_cluster(checkout).name)
        except Stop:
            return  # cluster_is_sound says why
        if place is None or process(place) is None:
            yield Finding("Not examined: it is closed.", "./manage.py up, then doctor again", serious=False)
            return
        os.environ["DATABASE_URL"] = url(place)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Nothing is signed here: the checkout's own key, which may not exist yet, is not needed.
    if not variables.SECRET_KEY.is_set(os.environ):
        os.environ["SECRET_KEY"] = secrets.token_urlsafe(64)
    yield from _inside(checkout)


def _inside(checkout: Checkout) -> Iterator[Finding]:
    import django
    from django.core.checks import WARNING, run_checks
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError, connection

    try:
        django.setup()
    except ImproperlyConfigured as error:
        yield Finding(
            f"The settings are wrong: {error}", "Fix that variable; docs/settings.md lists them all."
        )
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
        yield from letters()
    finally:
        connection.close()


def migrations() -> Iterator[Finding]:
    """Migrations that are not applied, and what this role can do about them."""
    from django.db import DatabaseError

    from bootstrap.prepare import pending_migrations

    try:
        pending, entitled = pending_migrations(), _may_migrate()
    except DatabaseError as error:
        yield Finding(f"The migrations cannot be read: {str(error).strip()}", _AS_OWNER)
        return
    if pending:
        yield Finding(
            f"{len(pending)} migrations are not applied ({', '.join(pending[:3])} ...).",
            "./manage.py migrate" if entitled else f"This role may not change the database. {_AS_OWNER}",
        )


_AS_OWNER = "With the DATABASE_URL of the database's owner: ./manage.py migrate"


def _may_migrate() -> bool:
    """True when the role may create tables and owns those that are there, on a server that takes changes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'"
            " AND has_schema_privilege(current_schema(), 'CREATE')"
            " AND coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class"
            " WHERE oid = to_regclass('django_migrations')), true)"
        )
        return bool(cursor.fetchone()[0])


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
    should_live = serving(checkout) or (variables.DATABASE_URL.is_set(os.environ) and beat is not None)
    if should_live and (beat is None or timezone.now() - beat > SILENCE):
        since = "never" if beat is None else f"last at {beat:%Y-%m-%d %H:%M} UTC"
        yield Finding(f"No heartbeat from the worker ({since}): no e-mail, no videos.", "./manage.py worker")


def letters() -> Iterator[Finding]:
    """Letters that could not be sent, and those that wait for a mail server that is away."""
    from django.apps import apps
    from django.db import DatabaseError
    from django.db.models import Count

    try:
        outbox = apps.get_model("appeals", "Message").objects.exclude(error="").exclude(state="sent")
        counted = dict(outbox.values_list("state").annotate(n=Count("pk")))
        last = outbox.filter(state="queued").values_list("error", flat=True).order_by("-pk").first()
    except DatabaseError:
        return  # not migrated, reported above
    if parked := counted.get("parked"):
        yield Finding(
            f"Letters that could not be sent: {parked}.",
            "/admin/appeals/message/?state__exact=parked says why, and sends them again.",
        )
    if waiting := counted.get("queued"):
        yield Finding(
            f"Letters that wait for another try: {waiting} ({last}).", "Check EMAIL_URL and the mail server."
        )
