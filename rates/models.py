from __future__ import annotations

from django.db import models

from rates.querysets import BucketQuerySet


class Bucket(models.Model):
    """What one sender has used of one limit; a sender without a row has used nothing.

    ``key`` is a digest of limit and sender under the server's secret: no address is kept. The table is not logged: a
    crash of the server empties it, and nobody waits for the disk.
    """

    key = models.UUIDField(primary_key=True)
    code = models.CharField(max_length=40, help_text="Of the limit.")
    full_at = models.DateTimeField(help_text="When all of it has been refilled.")

    objects = BucketQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.code} {self.key}"
