from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appeals.limits import EMAIL_MAX
from appeals.models.alert import Alert
from appeals.models.appeal import AppealContact
from appeals.models.event import Event
from appeals.models.follower import Follower
from appeals.vocabulary import Audience


class Message(models.Model):
    """A message to one recipient about one thing: written with it, sent later by the worker.

    The thing is an event of an appeal, or an occasion of a ``kind`` that a room has declared (``notify.occasions``):
    its text names one matter of that kind, and nobody hears of it twice by the same channel.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PUSH = "push", _("notice in the browser")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        PARKED = "parked", _("could not be sent")
        DROPPED = "dropped", _("could not be sent, and is not tried again")
        UNWANTED = "unwanted", _("not wanted any more")

    event = models.ForeignKey(
        Event, models.CASCADE, null=True, blank=True, related_name="messages", verbose_name=_("event")
    )
    kind = models.CharField(_("kind"), max_length=20, blank=True, default="", db_default="")
    occasion = models.CharField(_("occasion"), max_length=100, blank=True, default="", db_default="")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.EMAIL)
    recipient = models.CharField(_("recipient"), max_length=EMAIL_MAX)
    audience = models.CharField(
        _("audience"),
        max_length=10,
        blank=True,
        choices=[
            (Audience.AUTHOR.value, _("author")),
            (Audience.SERVICE.value, _("service")),
            (Audience.OFFICE.value, _("Mayor's Office")),
            (Audience.FOLLOWER.value, _("author of a repetition")),
        ],
    )
    contact = models.ForeignKey(
        AppealContact,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose address it goes to, of an author.",
        verbose_name=_("contact"),
    )
    person = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose own letter it is, of those who work here.",
        verbose_name=_("person"),
    )
    alert = models.ForeignKey(
        Alert,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Which asks for new appeals; with it goes all that was sent.",
        verbose_name=_("alert"),
    )
    follower = models.ForeignKey(
        Follower,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Which asks for the steps of an appeal; with it goes all that was sent.",
        verbose_name=_("follower"),
    )
    daily = models.BooleanField(
        _("of the day"),
        default=False,
        db_default=False,
        help_text="Goes out with the others of its person, or of its alert, in one letter a day.",
    )
    digest = models.BooleanField(
        _("digest"),
        default=False,
        db_default=False,
        help_text="Of all that needs attention, not of the event alone.",
    )
    language = models.CharField(_("language"), max_length=2)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    queued_at = models.DateTimeField(_("queued at"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    dead_since = models.DateTimeField(
        _("address dead since"),
        null=True,
        blank=True,
        help_text="When a letter to its address came back for good: nothing goes there until one is tried again.",
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["event", "channel", "recipient"], name="one_message_a_recipient"),
            models.UniqueConstraint(
                fields=["kind", "occasion", "channel", "recipient"],
                condition=Q(event__isnull=True),
                name="one_message_an_occasion",
            ),
            models.CheckConstraint(
                condition=(Q(event__isnull=False, kind="", occasion="") & ~Q(audience=""))
                | (Q(event__isnull=True, audience="") & ~Q(kind="") & ~Q(occasion="")),
                name="message_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(daily=False)
                | Q(person__isnull=False, event__isnull=False)
                | Q(alert__isnull=False),
                name="letter_of_the_day_is_somebodys",
            ),
        ]
        indexes = [
            # In the order of their turns: all who wait for a new appeal have theirs at one moment.
            models.Index(fields=["next_attempt_at", "id"], condition=Q(state="queued"), name="message_due"),
            models.Index(
                fields=["person"], condition=Q(state="queued", daily=True), name="message_of_the_day"
            ),
            models.Index(fields=["id"], condition=Q(state="parked"), name="message_parked"),
            models.Index(
                fields=["recipient"], condition=Q(dead_since__isnull=False), name="message_dead_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} → {self.recipient}"

    @property
    def of_its_day(self) -> Q:
        """Letters of the day that go out together with it."""
        whose = Q(alert=self.alert_id) if self.alert_id is not None else Q(person=self.person_id)
        return Q(daily=True) & whose

    @property
    def about(self) -> Event:
        """The event. Raises ``TypeError`` for a message of another occasion."""
        if self.event is None:
            raise TypeError(f"message {self.pk} is about no event")
        return self.event
