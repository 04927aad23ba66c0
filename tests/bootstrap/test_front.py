"""The front of deploy/, started for real where Caddy is installed, before a web process of ours."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from tests.config.test_server import GIVE_UP_S, SLOW_POST, THREADS, read, serving

CADDYFILE = Path(settings.BASE_DIR) / "deploy" / "Caddyfile"

pytestmark = pytest.mark.skipif(
    shutil.which("caddy") is None, reason="Caddy is not installed (Debian: caddy)"
)


@contextmanager
def front(folder: Path, upstream: tuple[str, int], *, https: bool = False) -> Iterator[int]:
    """Caddy's port, once it listens."""
    port, other = _free_port(), _free_port()
    url = f"https://localhost:{port}" if https else f"http://localhost:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PUBLIC_URL": url,
        "UPSTREAM": f"{upstream[0]}:{upstream[1]}",
        "HTTP_PORT": str(other if https else port),
        "HTTPS_PORT": str(port if https else other),
    }
    command = ["caddy", "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    with (folder / "caddy.log").open("wb") as log:
        caddy = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + GIVE_UP_S
            while True:
                assert caddy.poll() is None, (folder / "caddy.log").read_text()
                assert time.monotonic() < deadline, (folder / "caddy.log").read_text()
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP_S).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield port
        finally:
            caddy.kill()
            caddy.wait(GIVE_UP_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(
    port: int, path: str, headers: dict[str, str] | None = None
) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("localhost", port, timeout=GIVE_UP_S)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def _through(port: int, data: bytes) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP_S)
    one.sendall(data.replace(b"Host: localhost", f"Host: localhost:{port}".encode()))
    return one


def test_the_application_is_told_who_asks_whatever_the_client_claims(tmp_path: Path):
    with serving(tmp_path, behind_proxy=True) as site, front(tmp_path, site.address) as port:
        spoofed = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
        status, text, _ = ask(port, "/who", spoofed)
        assert (status, text) == (200, "127.0.0.1 127.0.0.1 http")


def test_https_is_said_to_the_application(tmp_path: Path):
    with serving(tmp_path, behind_proxy=True) as site, front(tmp_path, site.address, https=True) as port:
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("localhost", port, timeout=GIVE_UP_S, context=unchecked)
        connection.request("GET", "/who")
        assert connection.getresponse().read() == b"127.0.0.1 127.0.0.1 https"
        connection.close()


def test_slow_bodies_and_silence_stop_nobody(tmp_path: Path):
    with serving(tmp_path, behind_proxy=True) as site, front(tmp_path, site.address) as port:
        held = [_through(port, SLOW_POST) for _ in range(4 * THREADS)]
        held += [_through(port, sent) for sent in (b"", b"GET / HTTP/1.1\r\nHo") for _ in range(50)]
        assert ask(port, "/")[:2] == (200, "ok")
        for one in held:
            one.close()


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHo"])
def test_who_says_nothing_is_let_go(tmp_path: Path, sent: bytes):
    with serving(tmp_path, behind_proxy=True) as site, front(tmp_path, site.address) as port:
        answer = read(_through(port, sent))
        assert answer == b"" or answer.startswith(b"HTTP/1.1 40")


def test_a_body_that_is_too_large_is_refused(tmp_path: Path):
    sent = (
        f"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: {settings.REQUEST_MAX_BYTES * 2}\r\n\r\n"
    )
    with serving(tmp_path, behind_proxy=True) as site, front(tmp_path, site.address) as port:
        assert _through(port, sent.encode()).recv(1000).startswith(b"HTTP/1.1 413")


def test_an_application_that_is_away_is_waited_for_and_then_excused(tmp_path: Path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with front(tmp_path, nobody.getsockname()) as port:
            status, text, headers = ask(port, "/")
    assert (status, headers["Retry-After"]) == (503, "30")
    assert "The site cannot answer just now" in text
