"""The web process: waitress with limits on slow and silent clients; ``python -m config.server FD`` serves a socket.

Only whole requests reach the application's threads, and answers wait for slow readers outside of them, so a
client costs no more than its connection. ``bootstrap.web`` starts several of these processes on one socket.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import logging
import resource
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from types import FrameType
from typing import Any, Final

import structlog
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import Error

from media.limits import PART_MAX, PART_TYPE

log = structlog.get_logger()

#: Seconds that a process which was told to stop has for what it has begun.
FINISH_S: Final = 15.0
#: Seconds after the word to stop in which a request that is on its way may still arrive on a connection that is open.
LAST_WORDS_S: Final = 1.0
#: Files a process may hold open: connections, and what is too large for memory.
OPEN_FILES: Final = 8192
#: Objects made and not yet let go after which the collector looks for circles among them: a page makes some thousands, all
#: of which go by themselves; Python's own 700 was a tenth of a page's work.
GARBAGE: Final = 20_000
#: Seconds between two looks at the connections, and after how many without one the process itself was held up.
LOOKS_EVERY_S: Final = 1
HELD_UP_S: Final = 2.5
#: Bytes of memory that a thread has let go and that stay with the process for the next page, which else begins with a
#: thousand new pages of memory, a tenth of its work; what is larger is asked for and given back by itself.
KEPT_MEMORY: Final = 16 * 1024**2
#: Of glibc's malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
#: Bytes from which on a text is worth a look whether its client takes it at once.
LARGE: Final = 65_536
#: Pages are made by these; answers that ask no database of their own have threads that no page can occupy.
THREADS: Final = 4
LIGHT_THREADS: Final = 2
#: Requests that bring files have threads of their own, in which they may wait: no page waits for a photo.
FILE_THREADS: Final = 8
#: They are of these types: a form with files, a part of a file (tus).
FILE_TYPES: Final = ("multipart/", PART_TYPE)
LIGHT_PATHS: Final = ("/healthz", "/static/", "/sw.js", "/manifest.webmanifest")


@dataclass(frozen=True)
class Limits:
    """What one client, and all of them, may take of a process; times in seconds, sizes in bytes.

    ``headers_s``: from the first byte of a request to the end of its headers, and for a new connection to say
    anything. ``idle_s``: between two requests. ``silence_s``: nothing moved in the middle of a body or an answer.
    ``grace_s`` and ``slowest_bps``: after the grace, a body or an answer must have moved at least this many
    bytes a second since it began. ``connections``: open at once; ``of_one_address``: the share of one address,
    beyond which its own quietest connection makes room. ``bodies``: all bodies that are not yet whole, together.
    """

    headers_s: float = 10
    idle_s: float = 20
    silence_s: float = 60
    grace_s: float = 30
    slowest_bps: float = 500
    connections: int = 1000
    of_one_address: int = 500
    bodies: int = 2 * 1024**3


class Phase(Enum):
    """What a connection is doing."""

    SILENT = auto()
    IDLE = auto()
    HEADERS = auto()
    BODY = auto()
    WORKING = auto()
    ANSWER = auto()


#: Phases in which nobody has asked for anything yet: such a connection can be closed to make room.
WAITING: Final = frozenset({Phase.SILENT, Phase.IDLE, Phase.HEADERS, Phase.BODY})


class FileBuffer(ReadOnlyFileBasedBuffer):
    """``wsgi.file_wrapper``: a file that the main loop reads as its client takes it, so that it keeps no thread."""

    def __init__(self, file: Any, block_size: int = 32_768) -> None:
        self._answer = file
        # whitenoise's part of a file stands at its beginning, and the answer's Content-Length says where it ends.
        super().__init__(getattr(file, "fileobj", file), block_size)

    def close(self) -> None:
        self._answer.close()  # the application's, which does more than close the file
        self.remain = 0


class Task(WSGITask):
    """A request for the application. What answers a HEAD has the headers of a GET and no body (RFC 9110, 9.3.2)."""

    def finish(self) -> None:
        if self.request.command != "HEAD":
            super().finish()
        elif not self.wrote_header:
            self.write(b"")  # not the last chunk, which waitress would send

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ["wsgi.file_wrapper"] = FileBuffer
        return environ


def _without_bodies_for_head(application: Callable[..., Any]) -> Callable[..., Any]:
    """The application, which need not make the body of an answer to HEAD: waitress would send it."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        body = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        if hasattr(body, "close"):
            body.close()
        return []

    return answer


class Request(HTTPRequestParser):
    """A request whose end is told in one way only (RFC 9112, 6.1), and whose body is no larger than its type may be.

    Another is refused and its connection closed.
    """

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.headers.get("CONTENT_TYPE", "").lower().startswith(PART_TYPE):
            # A larger one is refused before it has come.
            self.adj: Adjustments = copy(self.adj)
            self.adj.max_request_body_size = PART_MAX + 1
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("Transfer-Encoding beside Content-Length, or before version 1.1")

    def received(self, data: bytes) -> int:
        try:
            return super().received(data)
        except OSError as error:
            # A full disk, or a folder that is gone: nothing of the request can be kept, and the client is told so.
            log.error("what arrives cannot be kept", error=str(error))
            self.error = NotKept(
                "The server cannot keep what was sent. Nothing was taken; send it again later."
            )
            self.completed = True
            return len(data)


class NotKept(Error):
    """The answer to a body that cannot be written while it arrives."""

    code = HTTPStatus.SERVICE_UNAVAILABLE
    reason = HTTPStatus.SERVICE_UNAVAILABLE.phrase


class Channel(HTTPChannel):
    """A connection that knows how long it has been doing what it does, and how much it moved meanwhile."""

    task_class = Task
    parser_class = Request

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.moved = 0
        self.since = time.time()
        self._doing: tuple[Phase, object] = (Phase.SILENT, None)
        self._spoke = False
        super().__init__(*arguments, **named)

    def recv(self, size: int) -> bytes:
        data: bytes = super().recv(size)
        self.moved += len(data)
        self._spoke = self._spoke or bool(data)
        return data

    def write_soon(self, data: Any) -> int:
        """Takes what a thread has to say; of a large text, what its client takes at once is not copied first."""
        sent = 0
        if isinstance(data, bytes) and len(data) >= LARGE:
            with self.outbuf_lock, contextlib.suppress(OSError):  # which is met again below
                if self.connected and not self.total_outbufs_len:
                    sent = self.send(data, do_close=False)
            data = memoryview(data)[sent:]
        waiting: int = super().write_soon(data)
        return sent + waiting

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent: int = super().send(data, do_close)
        self.moved += sent
        return sent

    @property
    def client(self) -> str:
        """Address of who is served: behind a proxy, the one that it names once the headers have come."""
        request = self.requests[0] if self.requests else self.request
        if self.server.proxies and request is not None and request.headers_finished:
            forwarded: str = request.headers.get("X_FORWARDED_FOR", "")
            return forwarded.split(",")[-self.server.proxies :][0].strip() or self.addr[0]
        address: str = self.addr[0]
        return address

    @property
    def phase(self) -> Phase:
        """What the connection is doing now."""
        if self.total_outbufs_len:
            return Phase.ANSWER
        if self.requests:
            return Phase.WORKING
        request = self.request
        if request is None:
            return Phase.IDLE if self._spoke else Phase.SILENT
        return Phase.BODY if request.headers_finished else Phase.HEADERS

    @property
    def unread(self) -> bool:
        """True when the client has said something that has not been read yet: to close now would throw it away."""
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False

    def check_client_disconnected(self) -> bool:
        """True when the client has closed its end: waitress reads nothing while a request is worked on, and would not know."""
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def wait_longer(self, seconds: float) -> None:
        """So much of the time that has passed was not the client's."""
        self.since += seconds
        self.last_activity += seconds

    def overdue(self, now: float, limits: Limits) -> bool:
        """True when the connection has taken longer for what it is doing than the limits allow."""
        phase = self.phase
        doing = (phase, self.request if phase in {Phase.HEADERS, Phase.BODY} else None)
        if doing != self._doing:
            self._doing, self.since, self.moved = doing, now, 0
        took = now - self.since
        match phase:
            case Phase.SILENT:
                return took > limits.headers_s and not self.unread
            case Phase.HEADERS:
                return took > limits.headers_s
            case Phase.IDLE:
                # Not since it was seen to be idle: whole requests fit between two looks.
                return now - self.last_activity > limits.idle_s and not self.unread
            case Phase.BODY | Phase.ANSWER:
                too_slow = took > limits.grace_s and self.moved < took * limits.slowest_bps
                return too_slow or now - self.last_activity > limits.silence_s
        return False


class Server(TcpWSGIServer):
    """waitress with the limits, and threads of their own for what must always answer."""

    channel_class = Channel

    def __init__(
        self,
        application: Callable[..., Any],
        listener: socket.socket,
        *,
        body_max: int,
        proxies: int,
        limits: Limits | None = None,
        threads: int = THREADS,
    ) -> None:
        self.limits = limits or Limits()
        self.proxies = proxies
        self._looked = time.time()
        self.light = ThreadedTaskDispatcher()
        self.light.set_thread_count(LIGHT_THREADS)
        self.files = ThreadedTaskDispatcher()
        self.files.set_thread_count(FILE_THREADS)
        adjustments = Adjustments(
            sockets=[listener],
            threads=threads,
            ident=None,
            max_request_body_size=body_max + 1,
            # A body or an answer that is larger waits in a file.
            inbuf_overflow=65_536,
            outbuf_overflow=524_288,
            outbuf_high_watermark=64 * 1024 * 1024,
            # Ours are reached first, and make room.
            connection_limit=2 * self.limits.connections,
            cleanup_interval=LOOKS_EVERY_S,
            asyncore_use_poll=True,
            log_socket_errors=False,
            # Who is behind the proxy is decided in one place, by the application.
            clear_untrusted_proxy_headers=not proxies,
        )
        super().__init__(
            _without_bodies_for_head(application),
            map={},
            _sock=listener,
            adj=adjustments,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            bind_socket=False,
        )

    def add_task(self, channel: Channel) -> None:
        """Queues the connection's next request."""
        request = channel.requests[0]
        # What could not be read has no path, and its refusal is as light.
        if request.error is not None or (request.path or "").startswith(LIGHT_PATHS):
            self.light.add_task(channel)
        elif request.headers.get("CONTENT_TYPE", "").lower().startswith(FILE_TYPES):
            self.files.add_task(channel)
        else:
            self.task_dispatcher.add_task(channel)

    def maintenance(self, now: float) -> None:
        """Closes, once a second, every connection that takes too long."""
        passed, self._looked = now - self._looked, now
        if passed > HELD_UP_S:
            # Stopped or starved, or the clock was set: what the clients have sent meanwhile is still to be read.
            for channel in self.active_channels.values():
                channel.wait_longer(passed - LOOKS_EVERY_S)
        for channel in list(self.active_channels.values()):
            if channel.overdue(now, self.limits):
                channel.handle_close()
        bodies = [channel for channel in self.active_channels.values() if channel.phase is Phase.BODY]
        if self.proxies:
            for client, count in Counter(channel.client for channel in bodies).items():
                for _ in range(count - self.limits.of_one_address):
                    _make_room(
                        [channel for channel in bodies if channel.client == client and channel.connected]
                    )
        arriving = [(channel.request.body_bytes_received, channel) for channel in bodies if channel.connected]
        arriving.sort(key=lambda one: one[0])
        while sum(size for size, _ in arriving) > self.limits.bodies:
            arriving.pop()[1].handle_close()

    def handle_accept(self) -> None:
        """Accepts a connection; where there are too many, the quietest that waits makes room for it."""
        try:
            connection, address = self.socket.accept()
            connection.setblocking(False)
            self.set_socket_options(connection)
        except OSError:
            return  # its client has gone
        host = address[0]
        channels = list(self.active_channels.values())
        of_address = [channel for channel in channels if channel.addr[0] == host]
        room = True
        if not self.proxies and len(of_address) >= self.limits.of_one_address:
            room = _make_room(of_address)
        elif len(channels) >= self.limits.connections:
            most = Counter(channel.addr[0] for channel in channels).most_common(1)[0][0]
            room = _make_room([channel for channel in channels if channel.addr[0] == most])
        if room:
            self.channel_class(self, connection, address, self.adj, map=self._map)
        else:
            connection.close()

    def serve(self) -> None:
        """Serves until SIGTERM or SIGINT."""
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        self.run_until(stopping)

    def run_until(self, stopping: threading.Event) -> None:
        """Serves until told to stop; what has been asked for by then is still answered."""
        while not stopping.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)
        self.accepting = False
        self.del_channel()
        self.socket.close()
        stopped = time.monotonic()
        while (now := time.monotonic()) < stopped + FINISH_S:
            # Who has had an answer is asked to come again, and will find another process; a client whose first request
            # is on its way would see it thrown away.
            closed = (
                {Phase.IDLE} if now < stopped + LAST_WORDS_S else {Phase.IDLE, Phase.SILENT, Phase.HEADERS}
            )
            for channel in list(self.active_channels.values()):
                if channel.phase in closed and not channel.unread:
                    channel.handle_close()
            if not self.active_channels:
                break
            wasyncore.loop(timeout=0.1, use_poll=True, map=self._map, count=1)


def _make_room(channels: list[Channel]) -> bool:
    waiting = [channel for channel in channels if channel.phase in WAITING]
    if not waiting:
        return False
    min(waiting, key=lambda channel: channel.last_activity).handle_close()
    return True


def main(arguments: list[str]) -> int:
    """Serves the listening socket whose file descriptor is given, until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m config.server")
    parser.add_argument("listener", type=int, help="file descriptor of the socket, inherited")
    parser.add_argument("--threads", type=int, default=THREADS, help=f"pages made at once ({THREADS})")
    chosen = parser.parse_args(arguments)
    _allow_open_files()
    # A queue is no fault, and its length no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # Late: a process that only reads this module needs no Django.
    from django.conf import settings

    from config.wsgi import application
    from media.storage import receive_in_workshop

    keep_memory()
    receive_in_workshop()
    server = Server(
        application,
        socket.socket(fileno=chosen.listener),
        body_max=settings.REQUEST_MAX_BYTES,
        proxies=settings.TRUSTED_PROXIES,
        threads=chosen.threads,
    )
    server.serve()
    return 0


def keep_memory() -> None:
    """What is loaded stays, and what is freed is kept for the next request: for a process that answers many."""
    # The collector need not walk over it again and again, which was a tenth of each page.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    with contextlib.suppress(AttributeError):  # another C library than glibc, which has its own ways
        allocator = ctypes.CDLL(None)
        allocator.mallopt(_M_TRIM_THRESHOLD, KEPT_MEMORY)
        allocator.mallopt(_M_MMAP_THRESHOLD, KEPT_MEMORY)


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
