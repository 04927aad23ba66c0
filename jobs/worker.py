"""The worker: runs the tasks in django-tasks' database store, adding a lease, retries and a schedule.

A task runs at least once and must be safe to run again. A worker that dies for whatever reason loses its
lease, and its task goes back to the queue; a task that fails is retried after a growing pause, and stays
failed after ``ATTEMPTS_MAX`` attempts (see ``jobs.giving_up``). The database may go away at any moment: what a task
came to is written as soon as it is back.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

import structlog
from django.db import Error, close_old_connections, connection, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from jobs.connections import let_go
from jobs.giving_up import give_up
from jobs.models import WorkerBeat
from jobs.outage import AWAY, Once, in_one_line, is_away
from jobs.schedule import lanes, run_due

log = structlog.get_logger()

BEAT_EVERY_S = 10.0
#: After an error of the database, it is asked again after this pause.
AWAY_S = 5.0
#: A lane that is to end has this long for the job in hand; what a job does must be safe to do again.
LANE_ENDS_S = 30.0
LEASE = dt.timedelta(seconds=60)
ATTEMPTS_MAX = 5
PAUSES = tuple(dt.timedelta(seconds=seconds) for seconds in (10, 60, 600, 3600))
_FINISHED = (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED)
#: Finished tasks are deleted after this time.
KEEP_FINISHED = dt.timedelta(days=14)


def requeue_abandoned(now: dt.datetime | None = None, *, idle: str = "") -> int:
    """Requeues (or fails for good) running tasks whose worker lost its lease; returns their number.

    Those of the worker ``idle`` are abandoned too, although it lives: it has no task in hand.
    """
    now = now or timezone.now()
    moved = 0
    with transaction.atomic():
        running = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING)
        locked = list(running.select_for_update(skip_locked=True))
        # After the tasks: who took one of these has beaten together with it, and is seen.
        alive = set(WorkerBeat.objects.filter(at__gt=now - LEASE).values_list("worker_id", flat=True))
        for task in locked:
            if task.worker_ids and task.worker_ids[-1] in alive - {idle}:
                continue
            if len(task.worker_ids) >= ATTEMPTS_MAX:
                _give_up(task, RuntimeError("the worker died every time it ran this task"))
            else:
                task.status = TaskResultStatus.READY
                task.save(update_fields=["status"])
            moved += 1
            log.warning("abandoned task", task=task.task_path, id=str(task.pk), attempts=len(task.worker_ids))
    return moved


def _give_up(task: DBTaskResult, error: BaseException) -> None:
    """The task has failed for good; inside the caller's transaction."""
    task.set_failed(error)
    give_up(task)


def forget_finished() -> int:
    """Deletes tasks finished long ago and workers long gone; returns the number of rows."""
    before = timezone.now() - KEEP_FINISHED
    workers = WorkerBeat.objects.filter(at__lt=before).delete()[0]
    return workers + DBTaskResult.objects.filter(finished_at__lt=before).delete()[0]


class Worker:
    """Runs one task at a time, those of one ``queue`` or of all of them, and beside them the lanes of the schedule.

    ``interval_s`` is the pause when there is nothing to do.
    """

    def __init__(self, *, interval_s: float = 1.0, queue: str | None = None) -> None:
        self.queue = queue
        self.id = f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self.interval_s = interval_s
        self._stop = threading.Event()

    def stop(self, signum: int | None = None, frame: FrameType | None = None) -> None:
        """Ends the loop after the current task; as a signal handler, a second signal exits at once."""
        if signum is not None:
            signal.signal(signum, signal.SIG_DFL)
        self._stop.set()

    def run(self, *, schedule: bool = True) -> None:
        """Works until stopped; survives an outage of the database."""
        trouble = _Trouble("tasks could not be looked for")
        with ExitStack() as running:
            running.enter_context(self.beating())
            for lane in lanes() if schedule else ():
                running.enter_context(self._scheduling(lane))
            while not self._stop.is_set():
                close_old_connections()
                try:
                    requeue_abandoned(idle=self.id)
                    trouble.over()
                    if self.run_next():
                        continue
                except Error as error:
                    self._away(trouble, error)
                self._stop.wait(self.interval_s)
        self._end()

    @contextmanager
    def _scheduling(self, lane: str) -> Iterator[None]:
        """Runs the jobs of the lane meanwhile, in a thread with its own connection."""
        thread = threading.Thread(target=self._keep_schedule, args=[lane], name=lane, daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join(timeout=LANE_ENDS_S)

    def _keep_schedule(self, lane: str) -> None:
        trouble = _Trouble(f"the schedule {lane} could not be looked at")
        while not self._stop.is_set():
            let_go()
            try:
                run_due(lane=lane)
                trouble.over()
            except Error as error:
                self._away(trouble, error)
            self._stop.wait(self.interval_s)
        connection.close()

    def drain(self) -> int:
        """Runs due periodic jobs once, then tasks until none is ready; returns the number of tasks."""
        requeue_abandoned()
        run_due()
        count = 0
        while not self._stop.is_set() and self.run_next():
            count += 1
        self._end()
        return count

    def run_next(self) -> bool:
        """Runs one ready task until it succeeds or fails; False when there is none."""
        with transaction.atomic():
            ready = DBTaskResult.objects.ready()
            task = (ready if self.queue is None else ready.filter(queue_name=self.queue)).get_locked()
            if task is None:
                return False
            task.claim(self.id)
            # Together with the claim: no moment at which the task is somebody's without a lease.
            self.beat()
        started = time.monotonic()
        failure: Exception | None = None
        value: Any = None
        try:
            result = task.task_result
            value = task.task.call(*result.args, **result.kwargs)
            json.dumps(value)
        except Exception as error:
            failure = error
            attempts = len(task.worker_ids)
            # An outage is no fault of the task, whose lines of code say nothing of it.
            why = {"error": in_one_line(error)} if is_away(error) else {"exc_info": error}
            log.error("task failed", task=task.task_path, id=str(task.pk), attempts=attempts, **why)
        else:
            log.info("task done", task=task.task_path, seconds=round(time.monotonic() - started, 2))
        self._write(task, value, failure)
        return True

    def _write(self, task: DBTaskResult, value: Any, failure: Exception | None) -> None:
        """Writes what the task came to as soon as the database is there; nothing, if the task is another's by now."""
        trouble = _Trouble("an outcome could not be written")
        while True:
            # The task may have lost the connection, whatever it said.
            let_go()
            try:
                with transaction.atomic():
                    row = DBTaskResult.objects.select_for_update().filter(pk=task.pk).first()
                    if row is None or row.status in _FINISHED or row.worker_ids[-1:] != [self.id]:
                        log.warning("task was taken over", task=task.task_path, id=str(task.pk))
                    elif failure is None:
                        row.set_successful(value)
                    else:
                        _after_failure(row, failure)
                return
            except Error as error:
                # A worker that is to end leaves the task to another one, which finds it without a lease.
                if connection.in_atomic_block or self._stop.is_set():
                    raise
                if failure is None and connection.connection is not None and connection.is_usable():
                    # The database is there, and does not take the value.
                    failure = error
                else:
                    self._away(trouble, error)

    def _away(self, trouble: _Trouble, error: Error) -> None:
        trouble.note(error)
        connection.close()
        self._stop.wait(AWAY_S)

    def beat(self) -> None:
        """Renews the lease."""
        now = timezone.now()
        WorkerBeat.objects.update_or_create(
            pk=self.id, defaults={"at": now}, create_defaults={"at": now, "started_at": now}
        )

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Renews the lease meanwhile, in a thread with its own connection: a video takes minutes."""
        ended = threading.Event()
        beating = threading.Thread(target=self._keep_beating, args=[ended], name="beat", daemon=True)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join(timeout=BEAT_EVERY_S)

    def _keep_beating(self, ended: threading.Event) -> None:
        trouble = _Trouble("could not renew the lease")
        while not ended.is_set():
            try:
                self.beat()
                trouble.over()
            except Exception as error:
                # Whatever it is, the task in hand needs the lease.
                trouble.note(error)
                connection.close()
            ended.wait(BEAT_EVERY_S)
        connection.close()

    def _end(self) -> None:
        """Gives the lease back; without the database it ends by itself."""
        try:
            WorkerBeat.objects.filter(pk=self.id).delete()
        except Error as error:
            log.warning("the lease could not be given back", error=in_one_line(error))
            connection.close()


class _Trouble(Once):
    """What keeps a thread from its work; a database that is away is said by ``AWAY``, once for all threads."""

    def note(self, error: BaseException, **where: Any) -> None:
        if is_away(error):
            AWAY.note(error, during=self._event)
        else:
            super().note(error, traceback=True, **where)


def _after_failure(task: DBTaskResult, error: Exception) -> None:
    attempts = len(task.worker_ids)
    if attempts >= ATTEMPTS_MAX:
        _give_up(task, error)
        return
    task.set_failed(error)
    task.status = TaskResultStatus.READY
    task.run_after = timezone.now() + PAUSES[min(attempts, len(PAUSES)) - 1]
    task.save(update_fields=["status", "run_after"])
