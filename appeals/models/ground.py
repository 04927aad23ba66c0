from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from history.recording import recorded


class RefusalGround(models.Model):
    """A ground on which the law lets an appeal be refused; what was refused keeps the words of its day."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("ground"), max_length=300)
    law = models.CharField(_("law"), max_length=300)
    active = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("ground for a refusal")
        verbose_name_plural = _("grounds for a refusal")
        ordering = ["pk"]
        triggers = [recorded()]

    def __str__(self) -> str:
        return self.name
