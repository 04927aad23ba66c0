from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_tasks.base import TASK_MIN_PRIORITY

from accounts.roles import Role
from appeals.errors import Invalid, too_many_files
from appeals.limits import PHOTOS_MAX, VIDEOS_MAX
from appeals.models import Appeal, Attachment, Event
from appeals.tasks import prepare_video


def attach(
    uploads: Sequence[UUID],
    *,
    appeal: Appeal,
    event: Event | None,
    holders: Collection[str] | None,
    beside_others: bool = False,
) -> None:
    """Gives the uploaded files to the appeal (and the event), inside the caller's transaction; its films are prepared now.

    ``holders`` are whose files they may be; None: the platform's own work, anybody's. ``beside_others``: they count together
    with what the author has sent before. Raises ``Invalid`` when there are too many, or one is unknown, failed, another
    holder's, or belongs to another appeal: the caller's transaction is undone.
    """
    wanted = set(uploads)
    if not wanted:
        return
    others = [file for file in sent_by_author(appeal) if file.pk not in wanted] if beside_others else []
    if has_too_many([*Attachment.objects.filter(pk__in=wanted).only("kind"), *others]):
        raise Invalid({"uploads": [too_many_files()]})
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


def sent_by_author(appeal: Appeal) -> QuerySet[Attachment]:
    """The author's own photos and videos that the appeal has; what could not be read is left out."""
    of_author = Q(event=None) | Q(event__actor_role=Role.RESIDENT)
    return appeal.attachments.filter(of_author).exclude(state=Attachment.State.FAILED)


def has_too_many(files: Iterable[Attachment]) -> bool:
    """True when they are more photos or videos than one appeal or answer may carry."""
    kinds = Counter(file.kind for file in files)
    return kinds[Attachment.Kind.PHOTO] > PHOTOS_MAX or kinds[Attachment.Kind.VIDEO] > VIDEOS_MAX


def _prepare_films(wanted: set[UUID], appeal: Appeal) -> None:
    """The appeal's first film is prepared before anybody's second one, whoever sent more."""
    films = appeal.attachments.filter(kind=Attachment.Kind.VIDEO, state=Attachment.State.PROCESSING)
    for place, film in enumerate(films.values_list("pk", flat=True)):
        if film in wanted:
            turn = prepare_video.using(priority=max(TASK_MIN_PRIORITY, -place))
            turn.enqueue(str(film))
