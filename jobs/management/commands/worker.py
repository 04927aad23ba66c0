from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from jobs.limits import JOBS, limit_sessions
from jobs.worker import Worker


class Command(BaseCommand):
    help = "Runs background tasks and periodic jobs until stopped (ctrl-C stops it after the current task)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run the tasks that are ready, then exit")
        parser.add_argument(
            "--interval", type=float, default=1.0, help="seconds to wait when there is nothing to do"
        )

    def handle(self, *args: Any, once: bool, interval: float, **options: Any) -> None:
        limit_sessions(JOBS)
        if once:
            worker = Worker(interval_s=interval)
            _stopped_by_signals(worker.stop)
            with worker.beating():
                done = worker.drain()
            self.stdout.write(f"{done} tasks done")
        else:
            _run_queues(interval)


def _run_queues(interval_s: float) -> None:
    """A worker for each queue, so that no task waits for those of another one; the first has the schedule beside it."""
    first, *others = [
        Worker(interval_s=interval_s, queue=queue) for queue in settings.TASKS["default"]["QUEUES"]
    ]

    def stop(signum: int, frame: FrameType | None) -> None:
        for other in others:
            other.stop()
        first.stop(signum, frame)

    _stopped_by_signals(stop)
    threads = [threading.Thread(target=other.run, kwargs={"schedule": False}) for other in others]
    for thread in threads:
        thread.start()
    try:
        first.run()
    finally:
        for other in others:
            other.stop()
    for thread in threads:
        thread.join()


def _stopped_by_signals(stop: Callable[[int, FrameType | None], None]) -> None:
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
