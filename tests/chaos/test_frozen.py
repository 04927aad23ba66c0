"""A database that is stopped and not dead: it keeps its connections and says nothing."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
import requests

from bootstrap import web
from tests.chaos.city import City, wait_until_whole

#: Requests at once, and in all: more than the processes have threads.
CLIENTS, ASKED = 40, 200
#: Seconds after which a visitor gives up, and whoever looks after the server.
PATIENCE_S, PATIENCE_OF_HEALTH_S = 60.0, 10.0
PAGES = ("/ky/", "/ru/news/", "/en/reports/heatmap/", "/api/appeals.geojson", "/api/places?q=lenin")

VICTIMS: dict[str, Callable[[City], list[int]]] = {
    "the server and its sessions": City.database,
    "the server": lambda city: city.database()[-1:],
    "the sessions": City.sessions,
}


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """The processes do nothing meanwhile."""
    try:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("victims", VICTIMS)
def test_everybody_is_answered_while_the_database_is_stopped(
    city: City, figure: list[str], victims: str
) -> None:
    wait_until_whole(city)
    pages = [PAGES[n % len(PAGES)] for n in range(ASKED)]
    said_before = city.log.read_text()

    def ask(path: str) -> tuple[int, str, float]:
        answer = requests.get(f"{city.url}{path}", timeout=PATIENCE_S)
        return answer.status_code, answer.headers.get("Retry-After", ""), answer.elapsed.total_seconds()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, pages))  # each thread of the city has a session
        with stopped(VICTIMS[victims](city)):
            answers = list(pool.map(ask, pages))
            health = requests.get(f"{city.url}/healthz", timeout=PATIENCE_OF_HEALTH_S)
    wait_until_whole(city)
    slowest = max(seconds for _, _, seconds in answers)
    statuses = Counter((status, retry) for status, retry, _ in answers)
    said = city.log.read_text().removeprefix(said_before)
    lines = said.count('"database away"'), said.count('"database away: over"')
    figure.append(
        f"{victims} stopped: {ASKED} answers {dict(statuses)}, the slowest after {slowest:.1f} s; "
        f"/healthz {health.status_code} after {health.elapsed.total_seconds():.1f} s; {lines[0]} lines said it, {lines[1]} its end"
    )
    if victims == "the sessions":
        # Whether a session is well is asked before it is used, and the server gives another one.
        assert (set(statuses), health.status_code) == ({(200, "")}, 200)
    else:
        assert set(statuses) <= {(200, ""), (503, "30")}
        assert health.status_code == 503
        assert 1 <= lines[0] <= web.PROCESSES + 1
    if victims == "the server and its sessions":
        assert set(statuses) == {(503, "30")}
    assert "Traceback" not in said
