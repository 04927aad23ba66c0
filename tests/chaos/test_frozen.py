"""What is stopped and not dead: it keeps its connections and says nothing. The database, a web process, the worker."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
import requests

from appeals.identifiers import new_secret, new_uuid7
from bootstrap import web
from config.server import Limits
from tests.chaos.city import City, somewhere, wait_until_whole

#: Requests at once, and in all: more than the processes have threads.
CLIENTS, ASKED = 40, 200
#: Seconds after which a visitor gives up, and whoever looks after the server.
PATIENCE_S, PATIENCE_OF_HEALTH_S = 60.0, 10.0
#: Longer than a connection may be idle.
STOPPED_S = Limits().idle_s + 5
SUBMITS = 20
SENT_WITHIN_S = 120.0
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


def test_nobody_is_put_off_by_a_web_process_that_is_stopped_for_a_while(
    city: City, figure: list[str]
) -> None:
    wait_until_whole(city)
    kept = [requests.Session() for _ in range(CLIENTS)]

    def ask(browser: requests.Session) -> tuple[int | str, float]:
        started = time.monotonic()
        try:
            said: int | str = browser.get(f"{city.url}/en/about/", timeout=PATIENCE_S).status_code
        except requests.RequestException as error:
            said = repr(error)
        return said, time.monotonic() - started

    with ThreadPoolExecutor(2 * CLIENTS) as pool:
        list(pool.map(ask, kept))  # each has a connection to one of the processes
        with stopped(city.web_processes()[:1]):
            until = time.monotonic() + STOPPED_S
            old = [pool.submit(ask, browser) for browser in kept]
            new = [pool.submit(ask, requests.Session()) for _ in range(CLIENTS)]
            came = [one.result() for one in new]
            time.sleep(max(0.0, until - time.monotonic()))
        waited = [one.result() for one in old]
    wait_until_whole(city)
    statuses = [Counter(said for said, _ in answers) for answers in (came, waited)]
    bound = sum(seconds > STOPPED_S - 1 for _, seconds in waited)
    figure.append(
        f"one of {web.PROCESSES} web processes stopped for {STOPPED_S:.0f} s: {CLIENTS} who came meanwhile {dict(statuses[0])}, "
        f"the slowest after {max(seconds for _, seconds in came):.1f} s; {CLIENTS} who had a connection "
        f"{dict(statuses[1])}, {bound} of them after it ran again"
    )
    assert statuses == [{200: CLIENTS}] * 2
    assert bound > 0, "nobody had a connection to it: nothing was tried"


def test_a_worker_that_is_stopped_for_a_while_sends_each_letter_once(city: City, figure: list[str]) -> None:
    wait_until_whole(city)
    category, lon, lat = somewhere(city)

    def submit(n: int) -> int:
        body = {
            "id": str(new_uuid7()),
            "secret": new_secret(),
            "kind": "report",
            "category": category,
            "text": f"frozen {n}",
            "lon": lon,
            "lat": lat,
            "email": f"frozen-{n}@example.org",
        }
        return requests.post(f"{city.url}/api/appeals/", json=body, timeout=PATIENCE_S).status_code

    letters = "SELECT recipient, state, count(*) FROM appeals_message WHERE recipient LIKE 'frozen-%%' GROUP BY 1, 2"
    with ThreadPoolExecutor(4) as pool, stopped(city.worker()):
        statuses = Counter(pool.map(submit, range(SUBMITS)))
        time.sleep(5)
        before = Counter(state for _, state, _ in city.ask(letters))
    ends = time.monotonic() + SENT_WITHIN_S
    while any(state == "queued" for _, state, _ in city.ask(letters)) and time.monotonic() < ends:
        time.sleep(0.5)
    after = city.ask(letters)
    went = Counter(
        recipient
        for file in (city.checkout.var / "mail").rglob("*")
        if file.is_file()
        for recipient in {f"frozen-{n}@example.org" for n in range(SUBMITS)}
        if f"To: {recipient}" in file.read_text()
    )
    figure.append(
        f"the worker stopped: {SUBMITS} submits {dict(statuses)}, of their letters {dict(before)}; "
        f"afterwards {len(went)} people have {sum(went.values())} letters"
    )
    assert statuses == {201: SUBMITS}
    assert before == {"queued": SUBMITS}
    assert [(state, count) for _, state, count in after] == [("sent", 1)] * SUBMITS
    assert went == Counter({f"frozen-{n}@example.org": 1 for n in range(SUBMITS)})
