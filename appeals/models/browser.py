from __future__ import annotations

from django.db import models

from appeals.limits import ENDPOINT_MAX


class Browser(models.Model):
    """A browser that notices go to: ``endpoint`` is its address at a push service, ``p256dh`` and ``auth`` are its keys (RFC 8291).

    ``device`` is what the outbox calls it.
    """

    endpoint = models.URLField(max_length=ENDPOINT_MAX, blank=True)
    p256dh = models.CharField(max_length=100, blank=True)
    auth = models.CharField(max_length=40, blank=True)
    device = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True
