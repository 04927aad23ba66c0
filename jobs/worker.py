"""The worker: runs the tasks in django-tasks' database store, adding a lease, retries and a schedule.

A task runs at least once and must be safe to run again. A worker that dies for whatever reason loses its
lease, and its task goes back to the queue; a task that fails is retried after a growing pause, and stays
failed after ``ATTEMPTS_MAX`` attempts.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import threading
import time
import uuid
from types import FrameType

import structlog
from django.db import close_old_connections, connection, transaction
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from jobs.models import WorkerBeat
from jobs.schedule import run_due

log = structlog.get_logger()

BEAT_EVERY_S = 10.0
LEASE = dt.timedelta(seconds=60)
ATTEMPTS_MAX = 5
PAUSES = tuple(dt.timedelta(seconds=seconds) for seconds in (10, 60, 600, 3600))
#: Finished tasks are deleted after this time.
KEEP_FINISHED = dt.timedelta(days=14)


def requeue_abandoned(now: dt.datetime | None = None) -> int:
    """Requeues (or fails for good) running tasks whose worker lost its lease; returns their number."""
    now = now or timezone.now()
    alive = set(WorkerBeat.objects.filter(at__gt=now - LEASE).values_list("worker_id", flat=True))
    moved = 0
    with transaction.atomic():
        running = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING).select_for_update(
            skip_locked=True
        )
        for task in running:
            if task.worker_ids and task.worker_ids[-1] in alive:
                continue
            if len(task.worker_ids) >= ATTEMPTS_MAX:
                task.set_failed(RuntimeError("the worker died every time it ran this task"))
            else:
                task.status = TaskResultStatus.READY
                task.save(update_fields=["status"])
            moved += 1
            log.warning("abandoned task", task=task.task_path, id=str(task.pk), attempts=len(task.worker_ids))
    return moved


def forget_finished() -> int:
    """Deletes tasks finished long ago and workers long gone; returns the number of rows."""
    before = timezone.now() - KEEP_FINISHED
    WorkerBeat.objects.filter(at__lt=before).delete()
    return DBTaskResult.objects.filter(finished_at__lt=before).delete()[0]


class Worker:
    """A process that runs one task at a time. ``interval_s`` is the pause when there is nothing to do."""

    def __init__(self, *, interval_s: float = 1.0) -> None:
        self.id = f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self.interval_s = interval_s
        self._stop = threading.Event()

    def stop(self, signum: int | None = None, frame: FrameType | None = None) -> None:
        """Ends the loop after the current task; as a signal handler, a second signal exits at once."""
        if signum is not None:
            signal.signal(signum, signal.SIG_DFL)
        self._stop.set()

    def run(self) -> None:
        """Works until stopped; survives a database outage."""
        beating = threading.Thread(target=self._keep_beating, name="beat", daemon=True)
        beating.start()
        while not self._stop.is_set():
            close_old_connections()
            try:
                requeue_abandoned()
                run_due()
                if self.run_next():
                    continue
            except (OperationalError, InterfaceError):
                log.exception("database unavailable")
                connection.close()
                self._stop.wait(5)
            self._stop.wait(self.interval_s)
        beating.join(timeout=BEAT_EVERY_S)
        WorkerBeat.objects.filter(pk=self.id).delete()

    def drain(self) -> int:
        """Runs due periodic jobs once, then tasks until none is ready; returns the number of tasks."""
        self.beat()
        requeue_abandoned()
        run_due()
        count = 0
        while not self._stop.is_set() and self.run_next():
            count += 1
        WorkerBeat.objects.filter(pk=self.id).delete()
        return count

    def run_next(self) -> bool:
        """Runs one ready task until it succeeds or fails; False when there is none."""
        with transaction.atomic():
            task = DBTaskResult.objects.ready().get_locked()
            if task is None:
                return False
            task.claim(self.id)
        started = time.monotonic()
        try:
            result = task.task_result
            task.set_successful(task.task.call(*result.args, **result.kwargs))
        except Exception as error:
            self._after_failure(task, error)
        else:
            log.info("task done", task=task.task_path, seconds=round(time.monotonic() - started, 2))
        return True

    def _after_failure(self, task: DBTaskResult, error: Exception) -> None:
        attempts = len(task.worker_ids)
        log.error("task failed", task=task.task_path, id=str(task.pk), attempts=attempts, exc_info=error)
        task.set_failed(error)
        if attempts < ATTEMPTS_MAX:
            task.status = TaskResultStatus.READY
            task.run_after = timezone.now() + PAUSES[min(attempts, len(PAUSES)) - 1]
            task.save(update_fields=["status", "run_after"])

    def beat(self) -> None:
        """Renews the lease."""
        now = timezone.now()
        WorkerBeat.objects.update_or_create(
            pk=self.id, defaults={"at": now}, create_defaults={"at": now, "started_at": now}
        )

    def _keep_beating(self) -> None:
        # A thread with its own connection: a video that takes minutes to process must not cost the lease.
        while not self._stop.is_set():
            try:
                self.beat()
            except (OperationalError, InterfaceError):
                log.exception("could not renew the lease")
                connection.close()
            self._stop.wait(BEAT_EVERY_S)
        connection.close()
