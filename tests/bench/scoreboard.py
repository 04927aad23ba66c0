"""What the scoreboard of many appeals costs, against reading the same rows alone and against hours counted day by day."""

from __future__ import annotations

import datetime as dt
import os
import random
import statistics
import time
from collections.abc import Callable

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from appeals.deadlines import WorkingCalendar, city_calendar, city_day
from appeals.filters import AppealFilter
from appeals.models import Appeal
from desk.scoreboard import By, score
from desk.working_hours import WorkingHours
from tests.bench.cpu import cpu_of
from tests.bench.table import Line

COUNTED = 100_000
ROUNDS = 3
PAIRS = 100_000
ONE_BY_ONE = 300

# The benchmark's appeals have no events; these are those that their columns tell of.
_EVENTS = """
INSERT INTO appeals_event (appeal_id, version, verb, at, actor_role, from_status, to_status, service_id, text, details, public)
SELECT id, 2, 'answer', answered_at, 'system', 'new', 'answered', service_id, '', '{}'::jsonb, true
FROM appeals_appeal WHERE answered_at IS NOT NULL AND submitted_at >= %(since)s
UNION ALL
SELECT id, 3, 'close', closed_at, 'resident', 'answered', 'closed', service_id, '', '{}'::jsonb, true
FROM appeals_appeal WHERE closed_at IS NOT NULL AND submitted_at >= %(since)s
"""


def scoreboard() -> list[Line]:
    """CPU of the whole board, with that of its statements for comparison; the hours of one pair of moments."""
    newest = Appeal.objects.order_by("-submitted_at").values_list("submitted_at", flat=True)
    border = newest[COUNTED : COUNTED + 1].first() or newest.last()
    assert border is not None
    since = city_day(border) + dt.timedelta(days=1)
    wanted = AppealFilter(since=since)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                _EVENTS, {"since": dt.datetime.combine(since, dt.time(), dt.UTC) - dt.timedelta(days=2)}
            )
            cursor.execute("ANALYZE appeals_event")
        with CaptureQueriesContext(connection) as captured:
            board = score(AnonymousUser(), wanted, By.SERVICE)
        statements = [query["sql"] for query in captured.captured_queries]

        def read() -> None:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                    cursor.fetchall()

        ours = _cpu(lambda: score(AnonymousUser(), wanted, By.SERVICE))
        alone = _cpu(read)
        transaction.set_rollback(True)
    assert board.whole.n == sum(row.n for row in board.rows)
    return [
        Line(
            f"scoreboard of {board.whole.n:,} appeals",
            f"{ours:.0f} CPU ms",
            f"{alone:.0f} reading its rows alone",
            ours / alone,
            "at most 3",
            ours <= 3 * alone,
        ),
        _hours(),
    ]


def _cpu(call: Callable[[], object]) -> float:
    pids = [os.getpid(), connection.connection.info.backend_pid]
    rounds = []
    for _round in range(ROUNDS):
        with cpu_of(pids) as spent:
            call()
        rounds.append(spent.ms)
    return statistics.median(rounds)


def _hours() -> Line:
    calendar = city_calendar()
    first, last = dt.date(2024, 1, 1), dt.date(2026, 12, 31)
    source = random.Random(7)
    length = (last - first).days * 86_400
    begin = (first - dt.date(1970, 1, 1)).days * 86_400
    pairs = np.sort(
        np.array([[source.randrange(length), source.randrange(length)] for _ in range(PAIRS)]) + begin
    )
    started = time.perf_counter()
    hours = WorkingHours.over(calendar.is_working, settings.OFFICE_HOURS, first, last)
    together = hours.between(pairs[:, 0], pairs[:, 1])
    bulk = (time.perf_counter() - started) / PAIRS
    started = time.perf_counter()
    plain = [_day_by_day(calendar, int(start), int(end)) for start, end in pairs[:ONE_BY_ONE]]
    alone = (time.perf_counter() - started) / ONE_BY_ONE
    assert np.allclose(together[:ONE_BY_ONE], plain)
    return Line(
        f"working hours of a pair, {PAIRS:,} with the calendar",
        f"{bulk * 1e6:.2f} µs",
        f"{alone * 1e6:.0f} µs day by day",
        bulk / alone,
        "at most 0.02",
        bulk <= 0.02 * alone,
    )


def _day_by_day(calendar: WorkingCalendar, start: int, end: int) -> float:
    seconds = 0
    for day in range(start // 86_400, end // 86_400 + 1):
        if calendar.is_working(dt.date(1970, 1, 1) + dt.timedelta(days=day)):
            for opens, closes in settings.OFFICE_HOURS:
                low = day * 86_400 + opens.hour * 3600 + opens.minute * 60
                high = day * 86_400 + closes.hour * 3600 + closes.minute * 60
                seconds += max(0, min(high, end) - max(low, start))
    return seconds / 3600
