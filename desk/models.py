"""What people keep at the desk for their own work; nothing of it is public."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from appeals.limits import TEXT_MAX
from appeals.models import Appeal
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


class PresenceQuerySet(models.QuerySet["Presence"]):
    def here(self, user: AbstractBaseUser, appeal: Appeal, *, writing: bool, at: dt.datetime) -> None:
        """Keeps that the person has the appeal open now; where they were before is forgotten after an hour."""
        self.bulk_create(
            [Presence(user_id=user.pk, appeal=appeal, writing=writing, seen_at=at)],
            update_conflicts=True,
            unique_fields=["user", "appeal"],
            update_fields=["writing", "seen_at"],
        )
        self.filter(user_id=user.pk, seen_at__lt=at - dt.timedelta(hours=1)).delete()


class Presence(models.Model):
    """Somebody has an appeal open at the desk; ``writing`` when there are words in one of its forms."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="+")
    writing = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    objects: ClassVar[PresenceQuerySet] = PresenceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["user", "appeal"], name="one_presence_of_a_person")]

    def __str__(self) -> str:
        return f"{self.user}: {self.appeal}"
