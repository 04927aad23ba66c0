from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from appeals.limits import EMAIL_MAX
from appeals.models.event import Event
from appeals.workflow import Audience


class Message(models.Model):
    """A message to one recipient about one event: written with the event, sent later by the worker."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        PARKED = "parked", _("could not be sent")
        DROPPED = "dropped", _("could not be sent, and is not tried again")

    event = models.ForeignKey(Event, models.CASCADE, related_name="messages")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.EMAIL)
    recipient = models.CharField(_("recipient"), max_length=EMAIL_MAX)
    audience = models.CharField(
        max_length=10,
        choices=[
            (Audience.AUTHOR.value, _("author")),
            (Audience.SERVICE.value, _("service")),
            (Audience.OFFICE.value, _("Mayor's Office")),
            (Audience.FOLLOWER.value, _("author of a repetition")),
        ],
    )
    digest = models.BooleanField(
        _("digest"),
        default=False,
        db_default=False,
        help_text="Of all that needs attention, not of the event alone.",
    )
    language = models.CharField(_("language"), max_length=2)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["event", "channel", "recipient"], name="one_message_a_recipient")
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(state="queued"), name="message_due")
        ]

    def __str__(self) -> str:
        return f"{self.channel} → {self.recipient}"
