"""The worker's tasks for appeals."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.db import transaction
from django_tasks import task

from appeals.models import Attachment
from appeals.recount import count_in_districts
from media.confined import process_video
from media.photos import prepare_photo
from media.refusal import MediaRefused

#: Fields set on an attachment once it is processed.
_MADE = ("state", "error", "original", "playable", "large", "thumb", "width", "height", "duration_s")


@task()
def prepare_video(attachment_id: str) -> str:
    """Resulting state of the attachment: ready with a playable video and a poster, or failed with a code.

    Safe to run again after a crash: files of an interrupted run are overwritten or left orphaned.
    """
    attachment = Attachment.objects.filter(pk=UUID(attachment_id)).first()
    if attachment is None or attachment.state != Attachment.State.PROCESSING:
        return attachment.state if attachment else "gone"
    with tempfile.TemporaryDirectory(prefix="video-") as folder:
        try:
            made = process_video(
                Path(attachment.original.path), Path(folder) / "film.mp4", Path(folder) / "poster.jpg"
            )
            pictures = prepare_photo(made.poster)
        except MediaRefused as refusal:
            limit = "" if refusal.limit is None else f":{refusal.limit}"
            return _finish(attachment, state=Attachment.State.FAILED, error=refusal.code + limit)
        attachment.duration_s = made.duration_s
        attachment.width, attachment.height = pictures.large.width, pictures.large.height
        with made.playable.open("rb") as stream:
            attachment.playable.save(f"{attachment.pk}.mp4", File(stream), save=False)
        attachment.large.save(f"{attachment.pk}.jpg", ContentFile(pictures.large.data), save=False)
        attachment.thumb.save(f"{attachment.pk}.jpg", ContentFile(pictures.thumb.data), save=False)
    return _finish(attachment, state=Attachment.State.READY)


@task()
def follow_borders() -> int:
    """Counts every appeal in the districts of the borders that have come into force; how many were moved."""
    return count_in_districts()


def _finish(attachment: Attachment, *, state: str, error: str = "") -> str:
    original_storage, original_name = attachment.original.storage, attachment.original.name
    attachment.state, attachment.error, attachment.original = state, error, ""
    with transaction.atomic():
        # Named fields: an appeal may have claimed the attachment in the meantime.
        kept = Attachment.objects.filter(pk=attachment.pk).update(
            **{name: getattr(attachment, name) for name in _MADE}
        )
        if not kept:
            # Deleted in the meantime because no appeal claimed it in time: its files must not be orphaned.
            for file in (attachment.playable, attachment.large, attachment.thumb):
                if file:
                    file.delete(save=False)
            return "gone"
        if original_name:
            transaction.on_commit(lambda: original_storage.delete(original_name))
    return state
