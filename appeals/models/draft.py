from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from appeals.limits import DRAFT_MAX
from appeals.models.appeal import Appeal
from appeals.models.attachment import Attachment
from appeals.workflow import verb_choices


class Draft(models.Model):
    """What one person of the staff is writing for a verb of an appeal and has not sent, kept so that nothing is lost.

    ``uploads`` are files that no appeal has taken; while a draft holds them, they are no orphans.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="drafts")
    verb = models.CharField(max_length=20, choices=verb_choices)
    text = models.TextField(max_length=DRAFT_MAX, blank=True)
    uploads = models.ManyToManyField(Attachment, related_name="drafts", blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        ordering = ["-updated_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "appeal", "verb"], name="one_draft_a_person_and_verb")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.verb} {self.appeal_id}"
