"""A mail server on this machine that behaves as it is told to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """What it has taken, and how it answers: ``codes`` by the recipient of RCPT; the rest by flags."""

    port: int = 0
    silent: bool = False  #: accepts a connection and says nothing
    hangs_up: bool = False  #: closes the connection when a letter's words are to come
    codes: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    taken: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        told = self.server.told
        told.connections += 1
        if told.silent:
            told.ended.wait(60)
            return
        self._say(220, "ready")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            word = line.split(" ")[0].upper()
            if word == "RCPT":
                recipient = line.split("<")[1].split(">")[0]
                code = told.codes.get(recipient, 250)
                self._say(code, "no such mailbox" if code >= 400 else "ok")
            elif word == "DATA":
                if told.hangs_up:
                    return
                self._say(354, "go on")
                while self.rfile.readline().strip() != b".":
                    pass
                told.taken.append(recipient)
                self._say(250, "taken")
            elif word == "QUIT":
                self._say(221, "bye")
                return
            else:
                self._say(250, "ok")

    def _say(self, code: int, words: str) -> None:
        self.wfile.write(f"{code} {words}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, told: MailServer) -> None:
        self.told = told
        super().__init__(("127.0.0.1", 0), _Session)


@contextmanager
def mail_server(**how: object) -> Iterator[MailServer]:
    """The server, running until the end of the block."""
    told = MailServer(**how)  # type: ignore[arg-type]
    with _Server(told) as server:
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield told
        finally:
            told.ended.set()
            server.shutdown()
            thread.join()
