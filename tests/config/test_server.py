"""The web process under slow, silent and too many clients: real sockets, a small application."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from whitenoise.responders import SlicedFile

from config.server import LIGHT_PATHS, Channel, Limits, Phase, Server
from media.limits import PART_MAX, PART_TYPE

THREADS = 2
#: Long enough never to be reached by what a test does not try.
PATIENT = {"headers_s": 600.0, "idle_s": 600.0, "silence_s": 600.0, "grace_s": 600.0}
FILE_BYTES = 40_000_000
#: More than a connection takes at once, no part of it like another.
LARGE_TEXT = " ".join(map(str, range(1_000_000)))
#: Seconds after which a test that waits for something that does not come fails.
GIVE_UP_S = 120.0


@dataclass
class Application:
    """Answers at once, except at ``/wait``, where it waits until it is let go."""

    folder: Path
    go: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    closed: threading.Event = field(default_factory=threading.Event)
    #: Of each request that waits: says whether its client is gone.
    gone: list[Callable[[], bool]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/wait":
            self.gone.append(environ["waitress.client_disconnected"])
            self.waiting.release()
            self.go.wait(GIVE_UP_S)
        if path == "/file":
            start_response("200 OK", [("Content-Length", str(FILE_BYTES))])
            return self._file(environ, self.path.open("rb"))
        if path == "/stream":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return iter([b"of a length ", b"that nobody knows"])
        if path == "/part":
            start_response("206 Partial Content", [("Content-Length", "5")])
            return self._file(environ, SlicedFile(self.path.open("rb"), 100, 104))
        if path == "/body":
            body = environ["wsgi.input"].read()
            text = f"{environ.get('CONTENT_LENGTH')} {len(body)}"
        elif path == "/who":
            text = f"{environ['REMOTE_ADDR']} {environ.get('HTTP_X_FORWARDED_FOR')} {environ.get('HTTP_X_FORWARDED_PROTO')}"
        elif path == "/text":
            text = LARGE_TEXT
        else:
            text = "ok"
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
        return [text.encode()]

    @property
    def path(self) -> Path:
        path = self.folder / "film"
        if not path.exists():
            path.write_bytes(bytes(range(256)) * (FILE_BYTES // 256 + 1))
            with path.open("r+b") as file:
                file.truncate(FILE_BYTES)
        return path

    def _file(self, environ: dict[str, Any], file: Any) -> Iterable[bytes]:
        application = self

        class Answer:
            """As Django's FileResponse, which is closed in place of its file."""

            fileobj = getattr(file, "fileobj", file)

            def close(self) -> None:
                file.close()
                application.closed.set()

        return environ["wsgi.file_wrapper"](Answer())


@dataclass
class Site:
    """A server that runs, its application, and clients of it."""

    address: tuple[str, int]
    application: Application
    server: Server
    stopping: threading.Event
    thread: threading.Thread
    clients: ExitStack

    def connect(self, data: bytes = b"") -> socket.socket:
        """A connection on which these bytes were sent."""
        one = self.clients.enter_context(socket.create_connection(self.address, timeout=GIVE_UP_S))
        one.sendall(data)
        return one

    def get(self, path: str = "/", headers: str = "") -> bytes:
        """The whole answer to a GET on a connection of its own."""
        return read(self.connect(request(path, headers)))


@contextmanager
def serving(
    folder: Path, *, behind_proxy: bool = False, body_max: int = 10_000_000, **limits: float
) -> Iterator[Site]:
    application = Application(folder)
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    server = Server(
        application,
        listener,
        body_max=body_max,
        proxies=int(behind_proxy),
        limits=Limits(**{**PATIENT, **limits}),  # type: ignore[arg-type]
        threads=THREADS,
    )
    stopping = threading.Event()
    thread = threading.Thread(target=server.run_until, args=[stopping], daemon=True)
    thread.start()
    with ExitStack() as clients:
        yield Site(address, application, server, stopping, thread, clients)
        application.go.set()
    stopping.set()
    thread.join(GIVE_UP_S)
    assert not thread.is_alive()


def request(path: str = "/", headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n".encode()


def eventually(true: Callable[[], bool]) -> bool:
    """True as soon as that is so; false when it does not become so."""
    ends = time.monotonic() + GIVE_UP_S
    while not true():
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True


def read(one: socket.socket) -> bytes:
    """Everything until the other side closes."""
    received = []
    try:
        while data := one.recv(65_536):
            received.append(data)
    except ConnectionResetError:
        pass  # closed while we were sending
    return b"".join(received)


SLOW_POST = b"POST /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1000\r\n\r\nx"


@pytest.mark.parametrize("path", ["/", "/file", "/part", "/stream"])
def test_the_answer_to_a_head_has_no_body(tmp_path: Path, path: str):
    with serving(tmp_path) as site:
        whole = read(site.connect(request(path).replace(b"GET", b"HEAD", 1)))
        assert whole.startswith(b"HTTP/1.1 20")
        assert whole.partition(b"\r\n\r\n")[2] == b""


def test_a_connection_goes_on_after_a_head(tmp_path: Path):
    """GDAL asks by HEAD for what it then reads in ranges, on the same connection."""
    with serving(tmp_path) as site:
        client = http.client.HTTPConnection(*site.address, timeout=GIVE_UP_S)
        client.request("HEAD", "/")
        head = client.getresponse()
        assert (head.status, head.headers["Content-Length"], head.read()) == (200, "2", b"")
        client.request("GET", "/")
        assert client.getresponse().read() == b"ok"
        client.close()


def test_slow_bodies_keep_no_thread(tmp_path: Path):
    with serving(tmp_path) as site:
        for _ in range(4 * THREADS):
            site.connect(SLOW_POST)
        assert site.get().endswith(b"ok")


def test_a_body_that_cannot_be_kept_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As where the disk is full, or the folder of what arrives cannot be written."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with serving(tmp_path) as site:
        head = b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
        answer = read(site.connect(head + bytes(200_000)))
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable")
        assert b"Nothing was taken" in answer
        assert site.get().endswith(b"ok")


def test_slow_readers_keep_no_thread(tmp_path: Path):
    with serving(tmp_path) as site:
        readers = [site.connect(request("/file")) for _ in range(4 * THREADS)]
        assert all(reader.recv(100).startswith(b"HTTP/1.1 200") for reader in readers)
        assert site.get().endswith(b"ok")
        text = site.connect(request("/text"))
        whole = read(readers[0])
        assert len(whole) > FILE_BYTES - 100
        assert read(text).endswith(LARGE_TEXT.encode()), "what it took at once, and then the rest"
        assert site.application.closed.wait(GIVE_UP_S), "the answer is closed, and with it its file"


def test_a_part_of_a_file_is_that_part(tmp_path: Path):
    with serving(tmp_path) as site:
        head, _, body = site.get("/part").partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 206")
        assert body == bytes(range(100, 105))


@pytest.mark.parametrize(
    ("limits", "sent"),
    [
        ({"headers_s": 0.1}, b""),
        ({"headers_s": 0.1}, b"GET / HTTP/1.1\r\nHost: loc"),
        ({"grace_s": 0.1, "slowest_bps": 1e9}, SLOW_POST),
        ({"silence_s": 0.1}, SLOW_POST),
    ],
    ids=["silent", "half a header", "slow body", "body that stops"],
)
def test_who_takes_too_long_is_let_go(tmp_path: Path, limits: dict[str, float], sent: bytes):
    with serving(tmp_path, **limits) as site:
        assert read(site.connect(sent)) == b""


def test_an_idle_connection_is_closed_after_its_answer(tmp_path: Path):
    with serving(tmp_path, idle_s=0.1) as site:
        assert read(site.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).endswith(b"ok")


@contextmanager
def held_up(site: Site) -> Iterator[None]:
    """The process looks at no connection meanwhile, as when it is stopped or has no processor."""
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        go.wait(GIVE_UP_S)

    site.server.trigger.pull_trigger(hold)
    assert held.wait(GIVE_UP_S)
    yield
    go.set()


def test_what_came_while_the_process_was_held_up_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The time in which nobody looked is not the clients'."""
    monkeypatch.setattr("config.server.HELD_UP_S", 1.1)
    with serving(tmp_path, headers_s=1, idle_s=1) as site:
        idle, half = site.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), site.connect(request()[:20])
        silent = site.connect()
        assert eventually(lambda: len(site.server.active_channels) == 3)
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        with held_up(site):
            idle.sendall(request())
            half.sendall(request()[20:])
            silent.sendall(request())
            time.sleep(1.5)
        assert [read(one)[-2:] for one in (idle, half, silent)] == [b"ok"] * 3


def test_a_connection_in_use_is_not_idle(tmp_path: Path):
    """Whatever fell between two looks at it: here the last look was long before the last request."""
    with serving(tmp_path) as site:
        client = http.client.HTTPConnection(*site.address, timeout=GIVE_UP_S)
        site.clients.callback(client.close)
        limits = Limits(idle_s=20)

        def ask() -> Channel:
            client.request("GET", "/")
            assert client.getresponse().read() == b"ok"
            (channel,) = site.server.active_channels.values()
            while channel.phase is not Phase.IDLE:
                threading.Event().wait(0.01)
            return channel

        channel = ask()
        assert not channel.overdue(channel.last_activity - 100, limits)
        ask()
        assert not channel.overdue(channel.last_activity + 10, limits)
        assert channel.overdue(channel.last_activity + 21, limits)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \001\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        # Two answers to where a request ends (RFC 9112, 6.1): the way to smuggle one past a proxy.
        b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /body HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["control character", "space in a name", "no colon", "TLS", "two lengths", "chunks in HTTP/1.0"],
)
def test_what_is_no_request_is_refused_and_the_connection_closed(tmp_path: Path, sent: bytes):
    with serving(tmp_path) as site:
        answer = read(site.connect(sent))
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
        assert answer.count(b"HTTP/1.") == 1


def test_a_reader_that_stops_is_let_go(tmp_path: Path):
    with serving(tmp_path, silence_s=0.1) as site:
        reader = site.connect(request("/file"))
        assert site.application.closed.wait(GIVE_UP_S)
        assert len(read(reader)) < FILE_BYTES


def test_a_quiet_connection_makes_room_for_another_of_its_address(tmp_path: Path):
    with serving(tmp_path, of_one_address=4) as site:
        silent = [site.connect() for _ in range(20)]
        assert site.get().endswith(b"ok")
        assert read(silent[0]) == b"", "the quietest had to go"
        silent[-1].sendall(request())
        assert read(silent[-1]).endswith(b"ok"), "the last had not"


def test_room_is_made_by_the_address_that_has_most(tmp_path: Path):
    with serving(tmp_path, connections=4) as site:
        silent = [site.connect() for _ in range(20)]
        assert site.get().endswith(b"ok")
        assert read(silent[0]) == b""


def test_who_waits_for_an_answer_is_never_put_out(tmp_path: Path):
    with serving(tmp_path, of_one_address=THREADS) as site:
        asking = [site.connect(request("/wait")) for _ in range(THREADS)]
        for _ in asking:
            assert site.application.waiting.acquire(timeout=GIVE_UP_S)
        assert site.get() == b"", "one too many, and none that could make room"
        asking.pop(0).close()
        first, *others = site.application.gone
        assert eventually(first), "whoever works for a client that is gone can know it"
        assert not any(is_gone() for is_gone in others)
        site.application.go.set()
        assert all(read(one).endswith(b"ok") for one in asking)


def test_behind_a_proxy_all_come_from_one_address(tmp_path: Path):
    with serving(tmp_path, behind_proxy=True, of_one_address=2) as site:
        silent = [site.connect() for _ in range(5)]
        assert site.get().endswith(b"ok")
        silent[0].sendall(request())
        assert read(silent[0]).endswith(b"ok")


def test_behind_a_proxy_slow_bodies_of_one_client_make_room(tmp_path: Path):
    with serving(tmp_path, behind_proxy=True, of_one_address=2) as site:
        slow = SLOW_POST.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 9.9.9.9, %s\r\n\r\n")
        first = [site.connect(slow % b"192.0.2.1") for _ in range(3)]
        other = site.connect(slow % b"192.0.2.2")
        assert read(first[0]) == b""
        for one in (first[2], other):
            one.sendall(b"x" * 999)
            assert read(one).endswith(b"1000 1000")


@pytest.mark.parametrize("path", LIGHT_PATHS)
def test_light_answers_come_while_every_thread_is_taken(tmp_path: Path, path: str):
    with serving(tmp_path) as site:
        for _ in range(THREADS + 3):
            site.connect(request("/wait"))
        for _ in range(THREADS):
            assert site.application.waiting.acquire(timeout=GIVE_UP_S)
        assert site.get(path).endswith(b"ok")


@pytest.mark.parametrize("kind", ["Multipart/form-data; boundary=x", "application/offset+octet-stream"])
def test_files_keep_no_thread_of_the_pages(tmp_path: Path, kind: str):
    with serving(tmp_path) as site:
        with_files = request("/wait", f"Content-Type: {kind}\r\nContent-Length: 0\r\n")
        for _ in range(THREADS + 1):
            site.connect(with_files.replace(b"GET", b"POST", 1))
        for _ in range(THREADS + 1):
            assert site.application.waiting.acquire(timeout=GIVE_UP_S)
        assert site.get().endswith(b"ok")


def test_a_body_in_chunks_arrives_whole_with_its_length(tmp_path: Path):
    chunked = (
        "POST /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with serving(tmp_path) as site:
        assert read(site.connect(f"{chunked}5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n".encode())).endswith(b"8 8")


def test_a_part_of_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path):
    with serving(tmp_path) as site:
        head = (
            "PATCH /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Type: {PART_TYPE}\r\nContent-Length: {PART_MAX + 1}\r\n\r\n"
        )
        assert b" 413 " in read(site.connect(head.encode())).splitlines()[0]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path):
    with serving(tmp_path, body_max=1000) as site:
        announced = (
            "POST /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n"
        )
        assert read(site.connect(announced.format(1001).encode())).startswith(b"HTTP/1.1 413")
        whole = site.connect(announced.format(1000).encode() + b"x" * 1000)
        assert read(whole).endswith(b"1000 1000")


def test_bodies_together_have_a_limit(tmp_path: Path):
    with serving(tmp_path, bodies=10_000) as site:
        announced = SLOW_POST[:-1].replace(b"1000", b"100000")
        small = site.connect(announced + b"x" * 4000)
        large = site.connect(announced + b"x" * 9000)
        assert read(large) == b"", "the largest of them had to go"
        small.sendall(b"x" * 96_000)
        assert read(small).endswith(b"100000 100000")


@pytest.mark.parametrize(("behind_proxy", "seen"), [(False, b"None None"), (True, b"192.0.2.7 https")])
def test_headers_of_a_proxy_count_only_where_there_is_one(tmp_path: Path, behind_proxy: bool, seen: bytes):
    with serving(tmp_path, behind_proxy=behind_proxy) as site:
        answer = site.get("/who", "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n")
        assert answer.endswith(b"127.0.0.1 " + seen)


def test_told_to_stop_it_answers_what_was_asked(tmp_path: Path):
    with serving(tmp_path) as site:
        asked = site.connect(request("/wait"))
        idle = site.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert site.application.waiting.acquire(timeout=GIVE_UP_S)
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        site.stopping.set()
        assert read(idle) in {b"", b"ok"}, "closed, whatever of its answer had come before"
        site.application.go.set()
        assert read(asked).endswith(b"ok")
        site.thread.join(GIVE_UP_S)
        with pytest.raises(ConnectionRefusedError):
            site.connect()


def test_told_to_stop_it_answers_a_request_that_is_on_its_way(tmp_path: Path):
    with serving(tmp_path) as site:
        client = site.connect()
        assert eventually(lambda: len(site.server.active_channels) == 1)
        site.stopping.set()
        assert eventually(lambda: not site.server.accepting)
        client.sendall(request())
        assert read(client).endswith(b"ok")


def test_told_to_stop_it_answers_what_it_has_not_read_yet(tmp_path: Path):
    with serving(tmp_path) as site:
        kept = site.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert eventually(lambda: bool(site.server.active_channels))
        assert kept.recv(1000).startswith(b"HTTP/1.1 200")
        with held_up(site):
            site.stopping.set()
            kept.sendall(request())
        assert read(kept).endswith(b"ok")


def test_told_to_stop_it_does_not_wait_for_who_says_nothing(tmp_path: Path):
    with serving(tmp_path) as site:
        silent, slow = site.connect(), site.connect(b"GET / HTTP/1.1\r\nHost: loc")
        assert eventually(lambda: len(site.server.active_channels) == 2)
        site.stopping.set()
        assert (read(silent), read(slow)) == (b"", b"")
        site.thread.join(GIVE_UP_S)
        assert not site.thread.is_alive()


@pytest.mark.django_db
def test_what_is_arriving_is_written_where_the_disk_is_watched(tmp_path: Path) -> None:
    """Not in /tmp, which may be memory, and is nobody's to sweep."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(tmp_path),
        "STATIC_ROOT": str(tmp_path / "static"),
    }
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as ending:
        command = [sys.executable, "-m", "config.server", str(listener.fileno())]
        server = subprocess.Popen(
            command,
            env=environment,
            cwd=settings.BASE_DIR,
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        ending.callback(server.wait)
        ending.callback(server.kill)
        client = ending.enter_context(socket.create_connection(listener.getsockname(), GIVE_UP_S))
        head = "POST /api/uploads/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        client.sendall(f"{head}Content-Length: 2000000\r\n\r\n".encode() + b"x" * 1_000_000)
        deadline = time.monotonic() + GIVE_UP_S
        while not (arriving := _deleted_files(server.pid)):
            assert server.poll() is None, server.stderr.read() if server.stderr else ""
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert all(path.startswith(f"{tmp_path}/work/") for path in arriving), arriving


def _deleted_files(pid: int) -> list[str]:
    """Files that the process has open and nobody else can name."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            path = str(entry.readlink())
            if path.startswith("/") and path.endswith(" (deleted)"):
                found.append(path)
    return found
