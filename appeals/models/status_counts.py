"""Columns of cells that keep how many appeals of each status the public sees in them."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import F, Value
from django.db.models.expressions import Combinable

from appeals.vocabulary import Status


class StatusCounts(models.Model):
    """A column for each ``Status``."""

    n_new = models.IntegerField()
    n_accepted = models.IntegerField()
    n_planned = models.IntegerField()
    n_waiting = models.IntegerField()
    n_answered = models.IntegerField()
    n_closed = models.IntegerField()

    class Meta:
        abstract = True


def n_of(statuses: Collection[str]) -> Combinable:
    """How many a cell has of these statuses; of all where none is named."""
    total: Combinable = sum((F(f"n_{status}") for status in statuses or Status.values), Value(0))
    return total
