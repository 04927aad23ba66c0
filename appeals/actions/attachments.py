from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from appeals.errors import Invalid
from appeals.limits import ATTACHMENTS_MAX
from appeals.models import Appeal, Attachment, Event


def attach(uploads: Sequence[UUID], *, appeal: Appeal, event: Event | None) -> None:
    """Gives the uploaded files to the appeal (and the event); one statement, inside the caller's transaction.

    Raises ``Invalid`` when there are too many, or one is unknown, failed, or belongs to another appeal: the caller's
    transaction is undone.
    """
    wanted = set(uploads)
    if len(wanted) > ATTACHMENTS_MAX:
        raise Invalid({"uploads": [_("At most %(n)d photos and videos.") % {"n": ATTACHMENTS_MAX}]})
    taken = (
        Attachment.objects.waiting()
        .filter(pk__in=wanted)
        .exclude(state=Attachment.State.FAILED)
        .update(appeal=appeal, event=event)
    )
    if taken != len(wanted):
        failed = Attachment.objects.waiting().filter(pk__in=wanted, state=Attachment.State.FAILED)
        reasons = [attachment.error_text for attachment in failed]
        raise Invalid(
            {
                "uploads": reasons
                or [_("A photo or video has not arrived or has expired: please add it again.")]
            }
        )
