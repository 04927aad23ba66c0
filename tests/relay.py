"""A way to the tests' database that can be blocked: whoever is on it is connected, and nothing more arrives."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import connection

#: A relay that stays blocked opens by itself, so that a test of something that waits for ever fails.
LONGEST_S = 60.0


class Relay:
    """Forwards each connection to the server, in both directions, unless it is blocked.

    So behaves a server that was stopped, and a network that swallows what is sent.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._open = threading.Event()
        self._open.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def block(self) -> None:
        """From now on nothing is forwarded."""
        self._open.clear()

    def open(self) -> None:
        """What was held back arrives, and all that follows."""
        self._open.set()

    def close(self) -> None:
        self.open()
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _wait(self) -> None:
        if not self._open.wait(LONGEST_S):
            self.open()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                threading.Thread(target=self._connect, args=[client], daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._wait()
        host, port = self._server
        if host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{host}/.s.PGSQL.{port}")
        else:
            server = socket.create_connection((host, port))
        self._sockets.append(server)
        threading.Thread(target=self._forward, args=[server, client], daemon=True).start()
        self._forward(client, server)

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._wait()
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def relayed() -> Iterator[Relay]:
    """Django's connections, of each thread that opens one meanwhile, go through the relay."""
    connection.ensure_connection()
    info = connection.connection.info
    relay = Relay((info.host, info.port))
    given = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(HOST="127.0.0.1", PORT=str(relay.port))
    try:
        yield relay
    finally:
        connection.close()
        connection.settings_dict.update(given)
        relay.close()
