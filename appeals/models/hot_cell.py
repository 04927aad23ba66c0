"""Where appeals gather more than chance would have it, as the worker last found it, for whoever reads it as data."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.db.models import Exists, Subquery

from appeals.models.appeal import Appeal
from geo.points import WGS84_SRID


class HotCellQuerySet(models.QuerySet["HotCell"]):
    def public(self) -> HotCellQuerySet:
        """Those of a count that holds nothing which was taken from the public since; else none, until they are made anew."""
        counted = HotCell._base_manager.values("made_at")[:1]
        taken_away = Appeal.objects.taken_away().filter(updated_at__gte=Subquery(counted))
        return self.exclude(Exists(taken_away))


class HotCell(models.Model):
    """A cell of the standing hotspots: all public appeals, compared with chance.

    ``observed``, ``expected`` and their ``ratio`` are of the cell with its neighbours; ``count`` is that of the cell alone,
    None where it is less than may be shown. ``level`` is 0 for not clearly more, else 1 to 3: how surely there are more;
    fewer than chance is not called. Of too little for a test nothing is ``expected``.
    Counted are the appeals of the days from ``since`` to ``until``. ``number`` is the same whenever the cell is found again;
    the rows are made anew together (``reports.standing``).
    """

    number = models.BigIntegerField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    cell = models.CharField(max_length=30)
    cell_m = models.PositiveIntegerField()
    area = models.MultiPolygonField(srid=WGS84_SRID)
    count = models.PositiveIntegerField(null=True)
    observed = models.PositiveIntegerField()
    expected = models.FloatField(null=True)
    ratio = models.FloatField(null=True)
    p = models.FloatField(null=True)
    q = models.FloatField(null=True)
    level = models.SmallIntegerField()
    since = models.DateField()
    until = models.DateField()
    #: Of what the database had then: ``seen_until``.
    made_at = models.DateTimeField()

    objects = HotCellQuerySet.as_manager()

    def __str__(self) -> str:
        return self.code
