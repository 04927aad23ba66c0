from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from appeals.limits import ABUSE_WORDS_MAX
from appeals.models.appeal import Appeal
from appeals.models.attachment import Attachment
from appeals.models.comment import Comment
from appeals.models.event import Event
from appeals.querysets import AbuseReportQuerySet

#: Hexadecimal digits of SHA-256.
_DIGEST_MAX = 64


class AbuseReport(models.Model):
    """Somebody says that an appeal must not be read as it stands; for whoever moderates alone, and never counted in public.

    It is about the text of the appeal, about one of its photos and videos (``attachment``), about an answer, a reply or an
    addition (``event``), or about a resident's ``comment``, with which it is no more. ``person`` and ``place`` are digests with the server's key: the browser, and the connection
    (``rates.senders.place_of``) that it came by; nothing else is known of who it is: by both it is told
    whether several people report it (``AppealQuerySet.by_urgency``). One that is ``baited`` (``oddities.is_baited``) is kept, and brings
    nothing before a moderator. ``closed_by`` is the act of a moderator who had read it: what, who and when; empty while it is open.
    """

    class Reason(models.TextChoices):
        PERSONAL_DATA = "personal_data", _("Somebody's personal data: a name, a phone number, a home")
        INSULT = "insult", _("An insult, a threat or hatred")
        ADVERTISING = "advertising", _("Advertising or spam")
        PICTURE = "picture", _("A picture that must not be shown")
        OTHER = "other", pgettext_lazy("what is wrong with an appeal's content", "Something else")

    appeal = models.ForeignKey(Appeal, models.CASCADE, db_index=False, related_name="abuse_reports")
    attachment = models.ForeignKey(Attachment, models.SET_NULL, null=True, related_name="+")
    event = models.ForeignKey(Event, models.CASCADE, null=True, related_name="+")
    comment = models.ForeignKey(Comment, models.CASCADE, null=True, related_name="reports")
    reason = models.CharField(max_length=20, choices=Reason)
    words = models.TextField(max_length=ABUSE_WORDS_MAX, blank=True, default="", db_default="")
    person = models.CharField(max_length=_DIGEST_MAX)
    place = models.CharField(max_length=_DIGEST_MAX)
    baited = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField(auto_now_add=True)
    closed_by = models.ForeignKey(Event, models.CASCADE, null=True, related_name="+")

    objects: ClassVar[AbuseReportQuerySet] = AbuseReportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                # A moderator looks at the whole appeal, but at no comment that nobody has named.
                fields=["appeal", "person", "comment"],
                condition=Q(closed_by__isnull=True),
                nulls_distinct=False,
                name="one_open_report_a_person",
            ),
            models.CheckConstraint(
                condition=Q(attachment__isnull=True, event__isnull=True)
                | Q(attachment__isnull=True, comment__isnull=True)
                | Q(event__isnull=True, comment__isnull=True),
                name="reported_is_one_part",
            ),
        ]
        indexes = [
            models.Index(fields=["appeal", "at"], name="abuse_report_of_appeal"),
            # What waits for a moderator, whatever has been reported in all these years.
            models.Index(
                fields=["appeal", "at"], condition=Q(closed_by__isnull=True), name="abuse_report_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appeal_id}: {self.reason}"
