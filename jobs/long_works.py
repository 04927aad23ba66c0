"""What takes long is made by a worker: asked for at once, made once for all who ask the same, kept by the room that made it.

A room declares what it has made so (``declare``, from ``AppConfig.ready``); ``web.long_works`` leads whoever asks to the page of
its progress, and from there to the result.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Final
from uuid import UUID

import structlog
from django.db import models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task

from jobs.models import LongWork
from jobs.outage import is_away

log = structlog.get_logger()

State = LongWork.State

#: How long a client waits before it asks again how far it is.
ASK_AGAIN_S: Final = 2
#: For so long the address of one says what became of it.
REMEMBERED_FOR: Final = dt.timedelta(days=2)

_UNDER_WAY: Final = (State.WAITING, State.RUNNING)


class LongKind(ABC):
    """One kind of what is made so. ``part`` is which of the files of a work is meant, where it has several; none is known to all."""

    #: The queue whose worker makes it.
    queue: ClassVar[str]
    #: Whether a browser stays on the page when the result is opened.
    is_file: ClassVar[bool] = False

    @abstractmethod
    def make(self, work: LongWork) -> str:
        """Makes and keeps it, in the language of the work; why it cannot be made, nothing where it was."""

    @abstractmethod
    def is_kept(self, work: LongWork) -> bool:
        """True while the result is given."""

    @abstractmethod
    def title(self, work: LongWork, part: str) -> str:
        """What it is, in the reader's language."""

    @abstractmethod
    def result(self, work: LongWork, part: str) -> str:
        """The path where the result is, with its query."""


_KINDS: dict[str, LongKind] = {}


def declare(name: str, kind: LongKind) -> None:
    """Works of that name are of this kind from now on."""
    _KINDS[name] = kind


def kind_of(work: LongWork) -> LongKind | None:
    """The kind that makes it; None of one that a release has given up."""
    return _KINDS.get(work.kind)


def ask(wanted: LongWork, *, is_of_use: Callable[[], bool], charge: Callable[[], float]) -> LongWork:
    """The work for the question of ``wanted``, a row that is not stored: as it is being made, or was made lately and ``is_of_use``, else a new one.

    ``charge`` says how many seconds a new one will take, and takes them from whoever asks; raises what that raises.
    """
    found = LongWork.objects.filter(question=wanted.question).first()
    if found is not None and (found.state in _UNDER_WAY or (found.state == State.DONE and is_of_use())):
        return found
    seconds = charge()
    with transaction.atomic():
        if found is not None:
            found.delete()
        # Somebody else may have asked the same this moment.
        work, new = LongWork.objects.get_or_create(
            question=wanted.question,
            defaults={
                "kind": wanted.kind,
                "subject": wanted.subject,
                "query": wanted.query,
                "language": wanted.language,
                "seconds": seconds,
            },
        )
        if new:
            make_long_work.using(queue_name=_KINDS[work.kind].queue).enqueue(str(work.pk))
    return work


@task
def make_long_work(key: str) -> str:
    """Makes it; its state afterwards. Safe to run again after a crash."""
    work = LongWork.objects.filter(pk=UUID(key)).first()
    if work is None or work.state not in _UNDER_WAY:
        return work.state if work is not None else "gone"
    _under_way(work.pk).update(state=State.RUNNING, begun_at=timezone.now())
    with translation.override(work.language):
        try:
            reason = _KINDS[work.kind].make(work)
        except Exception as error:
            if is_away(error):
                raise
            log.exception("long work not done", work=key)
            reason = _("The program made an error, which stands in its log.")
    return _end(work, State.FAILED if reason else State.DONE, reason)


def _under_way(key: UUID) -> models.QuerySet[LongWork]:
    return LongWork.objects.filter(pk=key, state__in=_UNDER_WAY)


def _end(work: LongWork, state: LongWork.State, reason: str = "") -> str:
    _under_way(work.pk).update(state=state, reason=reason, done_at=timezone.now())
    return str(state)


def give_up(key: str) -> None:
    """Nobody waits for ever for one whose worker died each time, or that the operator has dropped."""
    work = _under_way(UUID(key)).first()
    if work is not None:
        with translation.override(work.language):
            _end(work, State.FAILED, _("It was cancelled, or its worker died each time."))


def take_up(key: str) -> bool:
    """Undoes ``give_up``; false when it is gone, or was made otherwise."""
    given_up = LongWork.objects.filter(pk=UUID(key), state=State.FAILED)
    return bool(given_up.update(state=State.WAITING, reason="", begun_at=None, done_at=None))


def percent(work: LongWork) -> int:
    """How far it is by the time that it was expected to take: of 0 to 95 until it is done."""
    if work.state == State.DONE:
        return 100
    if work.begun_at is None:
        return 0
    gone_s = (timezone.now() - work.begun_at).total_seconds()
    return min(95, round(100 * gone_s / max(work.seconds, 1.0)))


def forget() -> int:
    """Forgets what became of old ones; how many."""
    return LongWork.objects.filter(done_at__lt=timezone.now() - REMEMBERED_FOR).delete()[0]
