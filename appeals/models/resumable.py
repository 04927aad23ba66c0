from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from appeals.querysets import ResumableUploadQuerySet


class ResumableUpload(models.Model):
    """A file that arrives in parts: how much of it there is. What has come lies in the workshop until it is whole.

    ``id`` is the attachment's that it becomes. Whoever knows it may go on with it: it is the client's secret, and the row
    outlives the whole file only so that a client that never heard of the end is told.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    sender = models.UUIDField(
        null=True,
        help_text="Whose share of the disk it takes, disguised as in the limits; null: the platform's.",
    )
    length = models.PositiveBigIntegerField(help_text="Bytes of the whole file.")
    offset = models.PositiveBigIntegerField(default=0, help_text="Bytes that have come and are kept.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = ResumableUploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("resumable upload")
        verbose_name_plural = _("resumable uploads")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(offset__lte=models.F("length")), name="no_more_has_come_than_there_is"
            )
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.offset} of {self.length}"

    @property
    def is_whole(self) -> bool:
        """True when the attachment has been made of it."""
        return self.offset == self.length
