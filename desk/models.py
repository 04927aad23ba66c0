"""What people keep at the desk for their own work; nothing of it is public."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from appeals.limits import TEXT_MAX
from districts.models import Service

TITLE_MAX: Final = 100


class AnswerTemplate(models.Model):
    """Words that a service begins many answers with, in one language; ``{number}`` and others stand for the appeal's.

    ``version`` counts the changes; a form that names an outdated one is refused.
    """

    service = models.ForeignKey(
        Service, models.CASCADE, related_name="answer_templates", verbose_name=_("service")
    )
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    title = models.CharField(_("title"), max_length=TITLE_MAX)
    text = models.TextField(_("text"), max_length=TEXT_MAX)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("answer template")
        verbose_name_plural = _("answer templates")
        ordering = ["service", "language", "title"]
        constraints = [
            models.UniqueConstraint(fields=["service", "language", "title"], name="one_template_of_a_title")
        ]

    def __str__(self) -> str:
        return self.title
