"""What waits, runs and has failed, in every lane, and the two things that an operator does about it: again, or no more.

Rooms whose work waits in tables of their own register them as a ``Store``.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from jobs.giving_up import give_up, take_up
from jobs.models import ScheduledJob
from jobs.schedule import registered


class State(enum.StrEnum):
    """How a piece of work stands."""

    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True)
class Work:
    """One piece of work: ``key`` names it for ``retry`` and ``drop``; ``error`` is the last one, in one line.

    ``next_at`` is when it is tried next, None when nobody will.
    """

    key: str
    lane: str
    state: State
    what: str
    since: dt.datetime | None
    attempts: int
    error: str = ""
    next_at: dt.datetime | None = None


class NotDone(Exception):
    """Nothing was changed; the text says why."""


class Store(Protocol):
    """A table of work."""

    def counts(self) -> Mapping[tuple[str, State], int]:
        """How many of its rows are in each lane and state: every row once."""
        ...

    def listed(self, state: State, most: int) -> list[Work]:
        """Those in the state, the oldest first, ``most`` at most."""
        ...

    def has(self, key: str) -> bool:
        """True when a row has that key."""
        ...

    def retry(self, key: str) -> str:
        """Has it tried again at once with all its attempts; what happened, in words. Raises ``NotDone``."""
        ...

    def drop(self, key: str) -> str:
        """Sees that it is never tried again; what happened, in words. Raises ``NotDone``."""
        ...


_REGISTERED: dict[str, Store] = {}


def has_work(name: str, store: Store) -> None:
    """Registers a table of work under a name; called from ``AppConfig.ready``."""
    _REGISTERED[name] = store


def stores() -> tuple[Store, ...]:
    """All tables of work."""
    return tuple(_REGISTERED.values())


def counts() -> Counter[tuple[str, State]]:
    """How much there is in each lane and state."""
    found: Counter[tuple[str, State]] = Counter()
    for store in stores():
        found.update(store.counts())
    return found


def listed(state: State, most: int) -> list[Work]:
    """What is in the state, the oldest first, ``most`` of each table at most."""
    found = [work for store in stores() for work in store.listed(state, most)]
    return sorted(found, key=lambda work: (work.since is None, work.since or timezone.now(), work.key))


def store_of(key: str) -> Store:
    """The table in which that piece of work stands. Raises ``NotDone``."""
    for store in stores():
        if store.has(key):
            return store
    raise NotDone("there is nothing of this id (any more)")


#: The states of a task; one that is to be tried again waits like one that has not been tried.
_STATES: Final = {
    TaskResultStatus.READY: State.WAITING,
    TaskResultStatus.RUNNING: State.RUNNING,
    TaskResultStatus.FAILED: State.FAILED,
    TaskResultStatus.SUCCESSFUL: State.DONE,
}


class Tasks:
    """The tasks of django-tasks; a lane is a queue."""

    def counts(self) -> dict[tuple[str, State], int]:
        rows = DBTaskResult.objects.order_by().values_list("queue_name", "status").annotate(Count("pk"))
        return {(lane, _STATES[TaskResultStatus[status]]): count for lane, status, count in rows}

    def listed(self, state: State, most: int) -> list[Work]:
        status = next(status for status, its in _STATES.items() if its is state)
        rows = DBTaskResult.objects.filter(status=status).order_by("enqueued_at", "pk")
        return [self._work(row) for row in rows[:most]]

    def has(self, key: str) -> bool:
        return self._rows(key).exists()

    def retry(self, key: str) -> str:
        with transaction.atomic():
            row = self._locked(key)
            if row.status == TaskResultStatus.FAILED and not take_up(row):
                raise NotDone("there is nothing left to do: what it was for is gone, or was done otherwise")
            # All attempts anew; the last error stays until this one has an outcome.
            row.status, row.worker_ids, row.run_after = TaskResultStatus.READY, [], get_date_max()
            row.finished_at = None
            row.save(update_fields=["status", "worker_ids", "run_after", "finished_at"])
        return "is tried again as soon as a worker is free"

    def drop(self, key: str) -> str:
        with transaction.atomic():
            row = self._locked(key)
            # What has failed for good has been given up already.
            if row.status == TaskResultStatus.READY:
                give_up(row)
            row.delete()
        return "is dropped: nobody tries it again"

    def _locked(self, key: str) -> DBTaskResult:
        row = self._rows(key).select_for_update().first()
        if row is None:
            raise NotDone("there is nothing of this id (any more)")
        if row.status == TaskResultStatus.RUNNING:
            raise NotDone("a worker has it in hand; wait for what comes of it")
        if row.status == TaskResultStatus.SUCCESSFUL:
            raise NotDone("it is done")
        if row.status == TaskResultStatus.READY and not row.worker_ids:
            raise NotDone("it has not been tried yet")
        return row

    def _rows(self, key: str) -> QuerySet[DBTaskResult]:
        try:
            return DBTaskResult.objects.filter(pk=UUID(key))
        except ValueError:
            return DBTaskResult.objects.none()

    def _work(self, row: DBTaskResult) -> Work:
        waits = row.status == TaskResultStatus.READY
        error = row.traceback.strip().rpartition("\n")[2] or row.exception_class_path
        given = [*row.args_kwargs["args"], *row.args_kwargs["kwargs"].values()]
        return Work(
            key=str(row.pk),
            lane=row.queue_name,
            state=_STATES[TaskResultStatus[row.status]],
            what=f"{row.task_path}({', '.join(str(value) for value in given)})",
            since=row.started_at if row.status == TaskResultStatus.RUNNING else row.enqueued_at,
            attempts=len(row.worker_ids),
            error=error,
            next_at=(row.enqueued_at if row.run_after == get_date_max() else row.run_after)
            if waits
            else None,
        )


class Schedule:
    """The periodic jobs: one that failed last time has failed, until it succeeds; none is ever done."""

    def counts(self) -> Counter[tuple[str, State]]:
        return Counter((work.lane, work.state) for work in self._all())

    def listed(self, state: State, most: int) -> list[Work]:
        return [work for work in self._all() if work.state is state][:most]

    def has(self, key: str) -> bool:
        return ScheduledJob.objects.filter(pk=key).exists()

    def retry(self, key: str) -> str:
        due = ScheduledJob.objects.filter(pk=key, failures__gt=0)
        if not due.update(due_at=timezone.now()):
            raise NotDone("it has not failed; it comes round by itself")
        return "is tried again as soon as its lane is free"

    def drop(self, key: str) -> str:
        job = ScheduledJob.objects.filter(pk=key)
        if key in {each.name for each in registered()}:
            raise NotDone("it is periodic: it comes round again, and can only be tried sooner (retry)")
        job.delete()
        return "is dropped: no room registers a job of this name any more"

    def _all(self) -> list[Work]:
        lanes = {job.name: job.lane for job in registered()}
        return [
            Work(
                key=row.name,
                lane=lanes.get(row.name, "unregistered"),
                state=State.FAILED if row.failures else State.WAITING,
                what="periodic",
                since=None,
                attempts=row.failures,
                error=row.error,
                next_at=row.due_at if row.name in lanes else None,
            )
            for row in ScheduledJob.objects.order_by("due_at", "name")
        ]
