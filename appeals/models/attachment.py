from __future__ import annotations

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.db.models import Value
from django.utils.translation import gettext_lazy as _

from appeals.models.appeal import Appeal
from appeals.models.event import Event
from appeals.querysets import AttachmentQuerySet
from media.fields import ServedFileField, ServedImageField
from media.pictures import EncodedPhoto
from media.refusal import Refusal, explain


def uploads_storage() -> FileSystemStorage:
    """Storage for uploads as received; never served."""
    return FileSystemStorage(location=settings.UPLOADS_ROOT, base_url=None)


class Attachment(models.Model):
    """A photo or video; unattached until an appeal (or one of its events, such as an answer) claims it.

    ``original`` is the upload as received: never served, and deleted once the public forms exist. ``width``
    and ``height`` are those of ``large``, in pixels. While areas of a photo are covered, ``large`` and ``thumb`` are the
    pictures without them, and the ``whole_`` ones what was received; no door for the public reads these.
    """

    class Kind(models.TextChoices):
        PHOTO = "photo", _("photo")
        VIDEO = "video", _("video")

    class State(models.TextChoices):
        PROCESSING = "processing", _("being prepared")
        READY = "ready", _("ready")
        FAILED = "failed", _("could not be read")

    id = models.UUIDField(primary_key=True, help_text="Made by the client.")
    appeal = models.ForeignKey(
        Appeal, models.CASCADE, null=True, blank=True, related_name="attachments", verbose_name=_("appeal")
    )
    event = models.ForeignKey(
        Event, models.PROTECT, null=True, blank=True, related_name="attachments", verbose_name=_("event")
    )
    kind = models.CharField(_("kind"), max_length=5, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State)
    original = models.FileField(upload_to="originals", storage=uploads_storage, blank=True)
    large = ServedImageField(_("picture"), upload_to="photos", served_at="attachment", blank=True)
    thumb = ServedImageField(_("small picture"), upload_to="thumbs", served_at="attachment", blank=True)
    playable = ServedFileField(_("film"), upload_to="videos", served_at="attachment", blank=True)
    hidden = models.BooleanField(
        _("hidden from the public"),
        default=False,
        db_default=False,
        help_text="By itself; its appeal may be hidden as a whole.",
    )
    covered = models.JSONField(
        _("covered areas"),
        default=list,
        db_default=Value([], models.JSONField()),
        blank=True,
        help_text="Areas without a picture: left, top, width and height of each in percent.",
    )
    whole_large = ServedImageField(
        _("picture before it was covered"),
        upload_to="photos",
        served_at="attachment",
        blank=True,
        db_default="",
    )
    whole_thumb = ServedImageField(
        _("small picture before it was covered"),
        upload_to="thumbs",
        served_at="attachment",
        blank=True,
        db_default="",
    )
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    duration_s = models.FloatField(_("duration, s"), null=True, blank=True)
    error = models.CharField(
        _("error"), max_length=40, blank=True, help_text="A code of media.refusal, and :limit."
    )
    digest = models.BinaryField(
        max_length=32, help_text="SHA-256 of the original: a repeated upload is recognised."
    )
    look = models.BigIntegerField(
        _("likeness"),
        null=True,
        blank=True,
        help_text="Of a photo: 64 bits that are nearly the same for two photos of the same (media.photos.look_of).",
    )
    holder = models.CharField(
        _("who sent it"),
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Whose it is until an appeal takes it: a person or a browser. Empty: of the platform itself.",
    )
    created_at = models.DateTimeField(_("received at"), auto_now_add=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(covered=[], whole_large="", whole_thumb="")
                | (
                    ~models.Q(covered=[])
                    & ~models.Q(whole_large="")
                    & ~models.Q(whole_thumb="")
                    & models.Q(kind="photo")
                ),
                name="what_is_covered_is_kept_whole",
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"], condition=models.Q(appeal__isnull=True), name="attachment_orphan"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    def store_pictures(self, large: EncodedPhoto, thumb: EncodedPhoto) -> None:
        """Writes both; the row is not saved, and what it named before is left."""
        self.large.save(f"{self.pk}.jpg", ContentFile(large.data), save=False)
        self.thumb.save(f"{self.pk}.jpg", ContentFile(thumb.data), save=False)
        self.width, self.height = large.width, large.height

    @property
    def error_text(self) -> str:
        """Why it could not be read, in the reader's language; empty when it could."""
        if not self.error:
            return ""
        code, _colon, limit = self.error.partition(":")
        return explain(Refusal(code), int(limit) if limit else None)
