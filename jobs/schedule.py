"""Periodic jobs: plain functions that a room registers when it is ready, run by whichever worker comes first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.utils import timezone

from jobs.models import ScheduledJob

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """A function to call every ``interval``; it must be harmless to call it once more."""

    name: str
    interval: dt.timedelta
    run: Callable[[], object]


_REGISTERED: dict[str, Job] = {}


def every(interval: dt.timedelta, run: Callable[[], object]) -> None:
    """Registers the function under its dotted name; called from ``AppConfig.ready``."""
    name = f"{run.__module__}.{run.__qualname__}"
    _REGISTERED[name] = Job(name, interval, run)


def registered() -> tuple[Job, ...]:
    """All periodic jobs."""
    return tuple(_REGISTERED.values())


def run_due(now: dt.datetime | None = None) -> list[str]:
    """Names of the jobs that were due and have been run, each in its turn.

    A job that raises is logged, counted on its row and tried again after its interval; the others go on.
    """
    now = now or timezone.now()
    done = []
    known = dict(ScheduledJob.objects.values_list("name", "due_at"))
    for job in registered():
        if job.name not in known:
            ScheduledJob.objects.bulk_create([ScheduledJob(name=job.name, due_at=now)], ignore_conflicts=True)
        elif known[job.name] > now:
            continue
        if _run_if_due(job, now):
            done.append(job.name)
    return done


def _run_if_due(job: Job, now: dt.datetime) -> bool:
    # The next turn is committed before the job runs: a job that kills its worker must not be run in a tight loop.
    with transaction.atomic():
        row = (
            ScheduledJob.objects.select_for_update(skip_locked=True)
            .filter(name=job.name, due_at__lte=now)
            .first()
        )
        if row is None:
            return False
        row.due_at = now + job.interval
        row.save(update_fields=["due_at"])
    try:
        job.run()
    except Exception as error:
        log.exception("periodic job failed", job=job.name)
        ScheduledJob.objects.filter(name=job.name).update(failures=row.failures + 1, error=repr(error)[:2000])
    else:
        if row.failures:
            ScheduledJob.objects.filter(name=job.name).update(failures=0, error="")
    return True
