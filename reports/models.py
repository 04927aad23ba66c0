"""What the reports keep: the weekly search of all categories for what is new."""

from __future__ import annotations

from django.db import models

from districts.models import Category


class CategoryAlert(models.Model):
    """What the search of one category found, in the weeks up to the one that begins on ``week``.

    ``p`` is the chance of its strongest rise, None where it could not be searched; ``q`` is that of all categories of the week together
    (Benjamini and Hochberg). The counts are of that rise, in its last ``weeks`` weeks; ``place`` is the known one near to it.
    """

    week = models.DateField()
    category = models.ForeignKey(Category, models.CASCADE, related_name="+")
    total = models.PositiveIntegerField()
    p = models.FloatField(null=True)
    q = models.FloatField(null=True)
    weeks = models.PositiveSmallIntegerField(null=True)
    count = models.PositiveIntegerField(null=True)
    expected = models.FloatField(null=True)
    west = models.FloatField(null=True)
    south = models.FloatField(null=True)
    east = models.FloatField(null=True)
    north = models.FloatField(null=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["week", "category"], name="one_search_of_a_category_a_week")
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.week:%G-W%V}"
