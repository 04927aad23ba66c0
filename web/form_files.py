"""Photos and videos that come with the form of a new appeal, whoever fills it in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.http import HttpRequest

from appeals.actions.attachments import has_too_many
from appeals.actions.upload import digest_of, upload
from appeals.errors import Busy, Invalid, too_many_files
from appeals.identifiers import file_uuid7
from appeals.limits import ATTACHMENTS_MAX
from appeals.models import Attachment
from rates.senders import sender_of
from web.uploads import holder_of, holders_of


def take_files(request: HttpRequest, appeal_id: UUID, uploads: list[Attachment]) -> dict[str, list[str]]:
    """Stores the files of the form, appends them to ``uploads``, and gives what was refused, by field.

    Files that came with an earlier, refused form are named by its hidden fields and need not be chosen again. What was
    stored before ``TooMany`` is raised is among the uploads.
    """
    earlier = read_uuids(request.POST.getlist("uploads"))
    uploads += Attachment.objects.held_by(holders_of(request)).filter(pk__in=earlier)[:ATTACHMENTS_MAX]
    refused = store_files(request, appeal_id, uploads, most=ATTACHMENTS_MAX)
    return {"files": refused} if refused else {}


def store_files(
    request: HttpRequest,
    appeal_id: UUID,
    uploads: list[Attachment],
    *,
    most: int,
    beside: Collection[Attachment] = (),
) -> list[str]:
    """Stores the files that come with the form now, until there are ``most`` uploads; sentences about what was refused.

    Each file once: ``appeal_id`` and its content name it. Those ``beside`` which they stand count with them. What was stored before ``TooMany`` is raised is among the uploads.
    """
    refused: list[str] = []
    for file in request.FILES.getlist("files"):
        if len(uploads) >= most:
            refused.append(f"{file.name}: {too_many_files()}")
            continue
        try:
            stored = upload(
                file_uuid7(appeal_id, digest_of(file)),
                file,
                sender=sender_of(request),
                holder=holder_of(request),
            )
            if stored not in uploads and has_too_many({*beside, *uploads, stored}):
                refused.append(f"{file.name}: {too_many_files()}")
            elif stored not in uploads:
                uploads.append(stored)
        except Invalid as refusal:
            refused += [f"{file.name}: {sentence}" for sentence in refusal.sentences]
        except Busy as busy:
            refused.append(f"{file.name}: {busy}")
    return refused


def read_uuids(values: Iterable[str]) -> list[UUID]:
    """The identifiers among the values; what is none is left out."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
