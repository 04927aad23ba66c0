from __future__ import annotations

from django.db import models

from districts.models import Category


class LearnedWords(models.Model):
    """What the answered appeals of a category are written with: how many of them have each stem.

    The rows are made anew together (``appeals.learned_words``).
    """

    category = models.OneToOneField(Category, models.CASCADE, primary_key=True, related_name="+")
    counts = models.JSONField()

    def __str__(self) -> str:
        return f"{self.category_id}: {len(self.counts)}"
