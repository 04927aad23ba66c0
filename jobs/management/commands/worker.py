from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

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
        worker = Worker(interval_s=interval)
        signal.signal(signal.SIGTERM, worker.stop)
        signal.signal(signal.SIGINT, worker.stop)
        if once:
            with worker.beating():
                done = worker.drain()
            self.stdout.write(f"{done} tasks done")
        else:
            worker.run()
