"""Legal terms and calendar days, with dates."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from appeals.workflow import Kind


class LegalTerm(models.Model):
    """Working days within which to answer an appeal, for appeals submitted from ``valid_from`` on."""

    kind = models.CharField(
        _("kind"), max_length=20, choices=Kind, blank=True, help_text=_("Empty: every kind.")
    )
    working_days = models.PositiveSmallIntegerField(_("working days"))
    valid_from = models.DateField(_("valid from"))
    law = models.CharField(_("law"), max_length=300)

    class Meta:
        verbose_name = _("legal term")
        verbose_name_plural = _("legal terms")
        ordering = ["-valid_from", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "valid_from"], name="one_term_a_kind_and_date")
        ]

    def __str__(self) -> str:
        return f"{self.working_days} ({self.valid_from})"


class CalendarDay(models.Model):
    """A day that differs from the country's calendar: a moved holiday or a make-up working day."""

    date = models.DateField(_("date"), primary_key=True)
    working = models.BooleanField(_("working day"))
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
