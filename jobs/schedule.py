"""Periodic jobs: plain functions that rooms register in ``ready``; whichever worker is first runs them.

The jobs of a lane run one after the other, and no lane waits for another one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.utils import timezone

from jobs.models import ScheduledJob
from jobs.outage import is_away

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """A function to call every ``interval``; an extra call must be harmless."""

    name: str
    interval: dt.timedelta
    run: Callable[[], object]
    lane: str = "schedule"


_REGISTERED: dict[str, Job] = {}


def every(interval: dt.timedelta, run: Callable[[], object], *, lane: str = Job.lane) -> None:
    """Registers the function under its dotted name; called from ``AppConfig.ready``.

    What waits for other machines has a lane of its own.
    """
    name = f"{run.__module__}.{run.__qualname__}"
    _REGISTERED[name] = Job(name, interval, run, lane)


def registered() -> tuple[Job, ...]:
    """All periodic jobs."""
    return tuple(_REGISTERED.values())


def lanes() -> tuple[str, ...]:
    """The lanes that have a job."""
    return tuple(sorted({job.lane for job in registered()}))


def run_due(now: dt.datetime | None = None, *, lane: str | None = None) -> list[str]:
    """Runs the jobs of the lane (of all of them) that are due, one after the other, and returns their names.

    A job that raises is logged, counted on its row and retried after its interval; the others still run. Raises what the
    database raises while it is away.
    """
    now = now or timezone.now()
    done = []
    known = dict(ScheduledJob.objects.values_list("name", "due_at"))
    for job in registered():
        if lane not in {None, job.lane}:
            continue
        if job.name not in known:
            ScheduledJob.objects.bulk_create([ScheduledJob(name=job.name, due_at=now)], ignore_conflicts=True)
        elif known[job.name] > now:
            continue
        if _run_if_due(job, now):
            done.append(job.name)
    return done


def _run_if_due(job: Job, now: dt.datetime) -> bool:
    # The next run is committed before the job starts: a job that kills its worker must not loop.
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
        if is_away(error):
            raise
        log.exception("periodic job failed", job=job.name)
        ScheduledJob.objects.filter(name=job.name).update(failures=row.failures + 1, error=repr(error)[:2000])
    else:
        if row.failures:
            ScheduledJob.objects.filter(name=job.name).update(failures=0, error="")
    return True
