"""Photos and videos that come with the form of a new appeal, whoever fills it in."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from appeals.actions.upload import digest_of, upload
from appeals.errors import Busy, Invalid
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
    refused: list[str] = []
    earlier = [value for value in request.POST.getlist("uploads") if len(value) == 36]
    kept = Attachment.objects.held_by(holders_of(request)).filter(
        pk__in=[key for key in map(_uuid, earlier) if key]
    )
    uploads += kept[:ATTACHMENTS_MAX]
    for file in request.FILES.getlist("files"):
        if len(uploads) >= ATTACHMENTS_MAX:
            refused.append(_("At most %(n)d photos and videos.") % {"n": ATTACHMENTS_MAX})
            break
        try:
            stored = upload(
                file_uuid7(appeal_id, digest_of(file)),
                file,
                sender=sender_of(request),
                holder=holder_of(request),
            )
            uploads += [] if stored in uploads else [stored]
        except Invalid as refusal:
            refused += [
                f"{file.name}: {sentence}" for sentences in refusal.errors.values() for sentence in sentences
            ]
        except Busy as busy:
            refused.append(f"{file.name}: {busy}")
    return {"files": refused} if refused else {}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
