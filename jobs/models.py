"""What the workers of all machines know about each other."""

from __future__ import annotations

from django.db import models


class WorkerBeat(models.Model):
    """A live worker's lease: while it is renewed, the tasks the worker is running are its own."""

    worker_id = models.CharField(primary_key=True, max_length=64)
    started_at = models.DateTimeField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.worker_id


class ScheduledJob(models.Model):
    """When a periodic job is due next; the row's lock keeps two workers from running it at once."""

    name = models.CharField(primary_key=True, max_length=100)
    due_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name
