from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appeals.models.event import Event


class Redaction(models.Model):
    """A public text of an appeal became another: words were taken out of it or put back, or its author corrected it.
    Append-only, as events are.

    No door for the public reads this table: ``before`` and ``after`` are for the Mayor's Office, which sees what was done.
    """

    class Field(models.TextChoices):
        TEXT = "text", _("text")
        ADDRESS = "address", _("place")

    event = models.ForeignKey(
        Event, models.PROTECT, related_name="redactions", help_text="Of the moderation: who, when, why."
    )
    of_event = models.ForeignKey(
        Event,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose words they are; of the appeal itself without one.",
    )
    field = models.CharField(max_length=10, choices=Field)
    before = models.TextField(_("before"))
    after = models.TextField(_("after"))

    class Meta:
        verbose_name = _("redaction")
        verbose_name_plural = _("redactions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "of_event", "field"], nulls_distinct=False, name="one_redaction_of_a_text"
            ),
            models.CheckConstraint(
                condition=Q(of_event__isnull=True) | Q(field="text"), name="events_have_text_alone"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}: {self.field}"
