from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django_tasks.base import TASK_MIN_PRIORITY

from appeals.errors import Invalid
from appeals.limits import ATTACHMENTS_MAX
from appeals.models import Appeal, Attachment, Event
from appeals.tasks import prepare_video


def attach(
    uploads: Sequence[UUID], *, appeal: Appeal, event: Event | None, holders: Collection[str] | None
) -> None:
    """Gives the uploaded files to the appeal (and the event), inside the caller's transaction; its films are prepared now.

    ``holders`` are whose files they may be; None: the platform's own work, anybody's. Raises ``Invalid`` when there are too
    many, or one is unknown, failed, another holder's, or belongs to another appeal: the caller's transaction is undone.
    """
    wanted = set(uploads)
    if not wanted:
        return
    if len(wanted) > ATTACHMENTS_MAX:
        raise Invalid({"uploads": [_("At most %(n)d photos and videos.") % {"n": ATTACHMENTS_MAX}]})
    theirs = Attachment.objects.waiting() if holders is None else Attachment.objects.held_by(holders)
    taken = (
        theirs.filter(pk__in=wanted).exclude(state=Attachment.State.FAILED).update(appeal=appeal, event=event)
    )
    if taken == len(wanted):
        _prepare_films(wanted, appeal)
    else:
        failed = theirs.filter(pk__in=wanted, state=Attachment.State.FAILED)
        reasons = [attachment.error_text for attachment in failed]
        raise Invalid(
            {
                "uploads": reasons
                or [_("A photo or video has not arrived or has expired: please add it again.")]
            }
        )


def _prepare_films(wanted: set[UUID], appeal: Appeal) -> None:
    """The appeal's first film is prepared before anybody's second one, whoever sent more."""
    films = appeal.attachments.filter(kind=Attachment.Kind.VIDEO, state=Attachment.State.PROCESSING)
    for place, film in enumerate(films.values_list("pk", flat=True)):
        if film in wanted:
            turn = prepare_video.using(priority=max(TASK_MIN_PRIORITY, -place))
            turn.enqueue(str(film))
