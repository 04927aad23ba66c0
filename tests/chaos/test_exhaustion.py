"""A few slow, silent or hungry clients stop nobody else."""

from __future__ import annotations

import io
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import requests
from PIL import Image

from appeals.identifiers import new_uuid7
from tests.chaos.city import City, wait_until_whole

ASKED = 40
ANSWERED_AT_LEAST = 0.95
#: Seconds after which a visitor gives up.
PATIENCE_S = 10.0
MEMORY_MAX_MB = 1000
BOMBS = 16


@contextmanager
def connections(city: City, count: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections on which these bytes were sent, held open by whoever does not mind their end."""
    with ExitStack() as held:
        yield [held.enter_context(_connect(city, sent)) for _ in range(count)]


def _connect(city: City, sent: bytes) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", city.port), timeout=60)
    with suppress(OSError):
        one.sendall(sent)
    return one


@contextmanager
def slow_posts(city: City, count: int) -> Iterator[None]:
    """So many posts of a byte a second, made anew when they are let go."""
    over = threading.Event()
    head = b"POST /api/appeals/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"

    def post() -> None:
        while not over.is_set():
            with _connect(city, head) as one, suppress(OSError):
                while not over.wait(1):
                    one.sendall(b"x")

    with ThreadPoolExecutor(count) as pool:
        for _ in range(count):
            pool.submit(post)
        try:
            yield
        finally:
            over.set()


@contextmanager
def slow_readers(city: City, count: int) -> Iterator[None]:
    """So many who ask for everything there is and read nothing."""
    paths = [f"/static/{path}" for path in ("vendor/maplibre-gl/maplibre-gl.mjs", "web/css/site.css")]
    paths.append("/api/appeals.geojson?page_size=1000")
    asked = b"".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths * 5)
    with connections(city, count, asked):
        yield


@contextmanager
def locked(city: City) -> Iterator[None]:
    """The appeals are locked by somebody who goes away, and a dozen visitors wait for them."""
    session = city.session()
    with session.cursor() as cursor:
        cursor.execute("LOCK appeals_appeal IN ACCESS EXCLUSIVE MODE")
        with connections(city, 12, b"GET /en/ HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            yield
    session.rollback()
    session.close()


ATTACKS: dict[str, Callable[[City], object]] = {
    "nobody": lambda city: connections(city, 0),
    "8 posts of a byte a second": lambda city: slow_posts(city, 8),
    "200 silent sockets": lambda city: connections(city, 200),
    "200 partial headers": lambda city: connections(city, 200, b"GET /en/about/ HTTP/1.1\r\nHost: local"),
    "12 slow readers": lambda city: slow_readers(city, 12),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_light_pages_are_answered_meanwhile(city: City, figure: list[str], attack: str) -> None:
    wait_until_whole(city)
    pages = _light_pages(city)
    with ATTACKS[attack](city):  # type: ignore[attr-defined]
        answered, slowest = _visit(city, pages)
    figure.append(f"{attack}: {answered} of {ASKED} light pages answered, the slowest in {slowest:.2f} s")
    assert answered >= ANSWERED_AT_LEAST * ASKED


def test_the_health_of_the_server_is_told_while_the_appeals_are_locked(city: City, figure: list[str]) -> None:
    wait_until_whole(city)
    with locked(city):
        answered, slowest = _visit(
            city, ["/healthz", *[page for page in _light_pages(city) if "static" in page]]
        )
    figure.append(f"the appeals are locked: {answered} of {ASKED} answered, the slowest in {slowest:.2f} s")
    assert answered == ASKED


def test_pictures_that_are_large_only_once_decoded(city: City, figure: list[str]) -> None:
    wait_until_whole(city)
    bomb = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(bomb, "PNG", optimize=True)

    def send(_: int) -> int:
        files = {"file": ("bomb.png", bomb.getvalue(), "image/png")}
        with suppress(requests.RequestException):
            return requests.post(
                f"{city.url}/api/uploads/", {"id": str(new_uuid7())}, files=files, timeout=300
            ).status_code
        return 0

    processes = city.web_processes()
    for pid in processes:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # forgets the peak so far
    with ThreadPoolExecutor(BOMBS) as pool:
        statuses = sorted(pool.map(send, range(BOMBS)))
    peak = sum(_peak_mb(pid) for pid in processes)
    figure.append(
        f"{BOMBS} pictures of {len(bomb.getvalue()) / 1000:.0f} kB with 100 million points each: "
        f"web processes {peak:.0f} MB at most, answers {statuses}"
    )
    assert peak < MEMORY_MAX_MB
    wait_until_whole(city)


def _light_pages(city: City) -> list[str]:
    page = requests.get(f"{city.url}/en/about/", timeout=60)
    page.raise_for_status()
    styles = re.search(r'href="(/static/[^"]+\.css)"', page.text)
    assert styles
    return ["/healthz", "/en/about/", "/ky/news/", styles[1]]


def _visit(city: City, pages: list[str]) -> tuple[int, float]:
    """How many of the visits were answered, and the seconds of the slowest answer."""
    answered, slowest = 0, 0.0
    for n in range(ASKED):
        started = time.monotonic()
        with suppress(requests.RequestException):
            answered += (
                requests.get(f"{city.url}{pages[n % len(pages)]}", timeout=PATIENCE_S).status_code == 200
            )
            slowest = max(slowest, time.monotonic() - started)
    return answered, slowest


def _peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1000
