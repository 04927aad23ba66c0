"""What the classes of all appeals cost from the counts that are kept, and from the rows."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from unittest.mock import patch

from django.db import connection
from django.utils import timezone

from appeals.filters import AppealFilter
from appeals.models import Appeal
from config.server import keep_memory
from reports.hotspots import Hotspots, find_hotspots
from reports.tallies import tallied_rows
from tests.bench.cpu import cpu_of
from tests.bench.table import Line

RUNS = 7


def classes_of_all() -> list[Line]:
    """The report of hotspots, whole: read, tested and classified; of all time, and of a year that ends today and begins within a month."""
    # As in the server that answers with it.
    keep_memory()
    today = timezone.localdate()
    year = AppealFilter(since=today - dt.timedelta(days=364), until=today)
    with connection.cursor() as cursor:
        # All of a statement in the one process whose time is taken.
        cursor.execute("SET max_parallel_workers_per_gather = 0; SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    pids = [os.getpid(), backend]
    n = Appeal.objects.public().count()
    return [
        _line(f"hotspots of {n:,} appeals, all time", AppealFilter(), pids, 10),
        # Six blocks of months, of which each has most cells.
        _line("hotspots of their last year", year, pids, 3),
    ]


def _line(what: str, wanted: AppealFilter, pids: list[int], times: int) -> Line:
    kept, from_kept = _least(lambda: find_hotspots(wanted), pids)
    with patch("reports.hotspots.tallied", tallied_rows):
        rows, from_rows = _least(lambda: find_hotspots(wanted), pids)
    assert from_kept == from_rows
    return Line(
        f"{what}, to classes",
        f"{kept:.0f} CPU ms from the counts kept",
        f"{rows:.0f} from the rows",
        kept / rows,
        f"≤ 1/{times}",
        kept * times <= rows,
    )


def _least(work: Callable[[], Hotspots], pids: list[int]) -> tuple[float, Hotspots]:
    """The least CPU milliseconds of some runs of both processes, and the answer."""
    taken = []
    for _run in range(RUNS):
        with cpu_of(pids) as spent:
            found = work()
        taken.append(spent.ms)
    return min(taken), found
