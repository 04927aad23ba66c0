"""The worker's tasks for appeals."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.core.files.base import File
from django.db import transaction
from django_tasks import task

from appeals.models import AppealContact, Attachment
from appeals.notify.bounces import why_dead
from appeals.notify.links import links_letter
from appeals.recount import count_in_districts
from jobs.connections import let_go
from media.confined import process_video
from media.refusal import MediaRefused, Refusal
from media.storage import working_folder

#: Fields set on an attachment once it is processed.
_MADE = ("state", "error", "original", "playable", "large", "thumb", "width", "height", "duration_s")


@task(queue_name="films")
def prepare_video(attachment_id: str) -> str:
    """Resulting state of the attachment: ready with a playable video and a poster, or failed with a code.

    Safe to run again after a crash: what an interrupted run left is swept (``appeals.actions.upload``).
    """
    attachment = Attachment.objects.filter(pk=UUID(attachment_id)).first()
    if attachment is None or attachment.state != Attachment.State.PROCESSING:
        return attachment.state if attachment else "gone"
    # A film takes minutes, in which a connection may be lost: what was made of it is written through a new one.
    let_go()
    with working_folder("film-") as folder:
        try:
            made = process_video(Path(attachment.original.path), Path(folder) / "film.mp4")
        except MediaRefused as refusal:
            limit = "" if refusal.limit is None else f":{refusal.limit}"
            return _finish(attachment, state=Attachment.State.FAILED, error=refusal.code + limit)
        attachment.duration_s = made.duration_s
        try:
            with made.playable.open("rb") as stream:
                attachment.playable.save(f"{attachment.pk}.mp4", File(stream), save=False)
            attachment.store_pictures(made.large, made.thumb)
            return _finish(attachment, state=Attachment.State.READY)
        except BaseException:
            _delete_made(attachment)
            raise


def give_up_video(attachment_id: str) -> None:
    """What becomes of a film when every attempt has failed: it is said, and what was received is kept for another try."""
    Attachment.objects.filter(pk=UUID(attachment_id), state=Attachment.State.PROCESSING).update(
        state=Attachment.State.FAILED, error=Refusal.VIDEO_NOT_PREPARED
    )


def take_up_video(attachment_id: str) -> bool:
    """Undoes ``give_up_video``; false when the film is gone, ready, or nothing of it was kept."""
    given_up = Attachment.objects.filter(pk=UUID(attachment_id)).given_up()
    return bool(given_up.update(state=Attachment.State.PROCESSING, error=""))


@task()
def mail_links(keys: list[str], language: str) -> int:
    """Sends the links of these contacts, who have one address, in one letter; how many there still are.

    None to an address that takes no mail.
    """
    found = AppealContact.objects.filter(pk__in=[UUID(key) for key in keys]).exclude(email="")
    contacts = list(found.select_related("appeal__category").order_by("-appeal__number"))
    if not contacts or why_dead(contacts[0].email):
        return 0
    links_letter(contacts, language).send()
    return len(contacts)


@task()
def follow_borders() -> int:
    """Counts every appeal in the districts of the borders that have come into force; how many were moved."""
    return count_in_districts()


def _finish(attachment: Attachment, *, state: str, error: str = "") -> str:
    original_storage, original_name = attachment.original.storage, attachment.original.name
    attachment.state, attachment.error, attachment.original = state, error, ""
    with transaction.atomic():
        # Named fields: an appeal may have claimed the attachment in the meantime. The state: another worker may have
        # made the film, if this one was taken for dead.
        kept = Attachment.objects.filter(pk=attachment.pk, state=Attachment.State.PROCESSING).update(
            **{name: getattr(attachment, name) for name in _MADE}
        )
        if kept and original_name:
            transaction.on_commit(lambda: original_storage.delete(original_name))
    if kept:
        return state
    # Deleted in the meantime because no appeal claimed it in time, or made by another: nothing of this may stay.
    _delete_made(attachment)
    return "gone"


def _delete_made(attachment: Attachment) -> None:
    for file in (attachment.playable, attachment.large, attachment.thumb):
        if file:
            file.delete(save=False)
