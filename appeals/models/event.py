from __future__ import annotations

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from appeals.models.appeal import Appeal
from appeals.oddities import ODD
from appeals.vocabulary import Status
from appeals.workflow import verb_choices
from districts.models import Service


class Event(models.Model):
    """Something that happened to an appeal. Append-only: database triggers refuse DELETE, and any UPDATE but that of the text
    by a ``Redaction`` of the appeal's latest event, which keeps what it was.

    ``version`` is the appeal's version after the event, unique within the appeal, so that two writers cannot
    both append the same step. ``text`` is public (the answer, the reason for forwarding) unless ``public`` is
    false.
    """

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="events", verbose_name=_("appeal"))
    version = models.PositiveIntegerField(_("version"))
    verb = models.CharField(_("what"), max_length=20, choices=verb_choices)
    at = models.DateTimeField(_("when"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    actor_role = models.CharField(
        _("as"), max_length=10, choices=[(role.value, role.name) for role in Role if role.speaks_as is role]
    )
    from_status = models.CharField(_("status before"), max_length=10, choices=Status.choices, blank=True)
    to_status = models.CharField(_("status after"), max_length=10, choices=Status.choices)
    service = models.ForeignKey(
        Service,
        models.PROTECT,
        related_name="+",
        verbose_name=_("service"),
        help_text="Whom the appeal was with when the event began.",
    )
    to_service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("to the service")
    )
    text = models.TextField(_("text"), blank=True)
    details = models.JSONField(
        _("details"), default=dict, blank=True, help_text="What else the verb asked for."
    )
    public = models.BooleanField(_("public"), default=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["appeal", "version"]
        constraints = [
            models.UniqueConstraint(fields=["appeal", "version"], name="one_event_a_version"),
            models.CheckConstraint(
                condition=~Q(actor_role__in=[Role.SERVICE.value, Role.OFFICE.value]) | Q(actor__isnull=False),
                name="what_staff_do_names_a_person",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="only_redacted",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF to_jsonb(NEW) - 'text' = to_jsonb(OLD) - 'text' AND EXISTS (
                        SELECT FROM appeals_redaction r JOIN appeals_event e ON e.id = r.event_id
                        WHERE r.of_event_id = OLD.id AND r.before = OLD.text AND r.after = NEW.text
                        AND e.appeal_id = OLD.appeal_id AND e.version = (
                            SELECT max(version) FROM appeals_event WHERE appeal_id = OLD.appeal_id
                        )
                    ) THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appeal_id} {self.version}: {self.verb}"

    @property
    def public_details(self) -> dict[str, Any]:
        """The details that everybody may read: a place that was put right was perhaps a home, and why an appeal was held is for
        the Mayor's Office alone."""
        details: dict[str, Any] = {name: said for name, said in self.details.items() if name != ODD}
        if isinstance(was := details.get("was"), dict):
            details["was"] = {name: said for name, said in was.items() if name not in {"lon", "lat"}}
        return details

    @property
    def given_to(self) -> Service:
        """The service that the appeal was with after the event, whoever it is with now."""
        if self.to_service is not None:
            return self.to_service
        # Where the appeal is with it still, whoever shows the appeal has it or needs it.
        return self.appeal.service if self.appeal.service_id == self.service_id else self.service
