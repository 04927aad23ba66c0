"""What the workers of all machines know about each other."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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


class LongWork(models.Model):
    """What a worker makes because it takes long: what was asked, how far it is, and what came of it.

    Its random key is its address. ``kind`` names what makes it (``jobs.long_works``), which knows ``subject`` and ``query``.
    ``question`` is the hash of all that the result depends on but the data: whoever asks the same is given the same one.
    ``seconds`` is how long it was expected to take.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for its turn")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Not made")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=40)
    query = models.TextField(blank=True)
    language = models.CharField(max_length=2)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(blank=True, help_text="Why it was not made.")
    seconds = models.FloatField()
    asked_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.subject}, {self.state}"
