"""Which state of the public data a reader has seen: a version that changes with every commit that changes the data.

Each writing transaction notes its change in a row that no other transaction holds, so that no writer waits for another
one, and none can deadlock; the rows are as many as ever wrote at once. All of them together are the version.
"""

from __future__ import annotations

import hashlib
from typing import Final

import pgtrigger
from django.db import models
from django.db.models import Func

_NOTED: Final = """
    WITH free AS (
        SELECT id FROM districts_publicversion ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    ), noted AS (
        UPDATE districts_publicversion AS version SET changed_at = clock_timestamp()
        FROM free WHERE version.id = free.id RETURNING version.id
    )
    INSERT INTO districts_publicversion (id, changed_at)
    SELECT gen_random_uuid(), clock_timestamp() WHERE NOT EXISTS (SELECT FROM noted);
    RETURN NULL;
"""


class PublicVersion(models.Model):
    """When one of the writers last changed what the public reads. Written only by the triggers of ``noting``.

    The time and not a count, so that no version comes back after a backup was restored.
    """

    id = models.UUIDField(primary_key=True, db_default=Func(function="gen_random_uuid"))
    changed_at = models.DateTimeField(db_default=Func(function="clock_timestamp"))

    def __str__(self) -> str:
        return self.changed_at.isoformat()


def noting(change: pgtrigger.Operation | None = None) -> pgtrigger.Trigger:
    """The trigger of a table that the public reads: each statement on it changes the version.

    ``change`` is the update that counts, where not every one does.
    """
    return pgtrigger.Trigger(
        name="version_is_noted",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Delete | (change or pgtrigger.Update),
        func=_NOTED,
    )


def public_version() -> str:
    """The version of what the transaction, or the statement, sees of appeals and of the names that stand in them.

    It never comes back: two texts made at one version, of one statement, are the same.
    """
    rows = PublicVersion.objects.order_by("pk").values_list("pk", "changed_at")
    written = "".join(f"{key}{at.isoformat()}" for key, at in rows)
    return hashlib.blake2b(written.encode(), digest_size=16).hexdigest()
