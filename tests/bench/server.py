"""The product as it is served, by web processes of one thread each, in front of the benchmark's database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings
from django.db import connection

APPLICATION_NAME = "oshcity-bench-server"


@dataclass
class Server:
    """A running server; ``get`` keeps its connection alive as a browser does."""

    url: str
    processes: list[subprocess.Popen[bytes]]
    session: requests.Session

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The first process: the only one, unless more were asked for."""
        return self.processes[0]

    def get(self, path: str, *, encoding: str = "identity") -> requests.Response:
        """Answer of a GET that must succeed; ``encoding`` is what the client accepts."""
        answer = self.session.get(f"{self.url}{path}", headers={"Accept-Encoding": encoding}, timeout=300)
        answer.raise_for_status()
        return answer

    def pids(self) -> list[int]:
        """The server's processes and the database sessions that work for it."""
        workers = [process.pid for process in self.processes]
        children = [
            int(child)
            for pid in workers
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                # Not the parallel workers of the statement before: they are gone by the next look.
                "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database() AND backend_type = 'client backend'",
                [APPLICATION_NAME],
            )
            backends = [pid for (pid,) in cursor.fetchall()]
        return [*workers, *children, *backends]


@contextmanager
def running_server(database_url: str, log: Path, *, workers: int = 1) -> Iterator[Server]:
    """Starts the server's processes on a free port, waits until they answer, and stops them afterwards."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "PGAPPNAME": APPLICATION_NAME,
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "SECRET_KEY": settings.SECRET_KEY,
        "DEBUG": "",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    number = listener.fileno()
    command = [sys.executable, "-m", "config.server", str(number), "--threads", "1"]
    with log.open("wb") as sink:
        processes = [
            subprocess.Popen(
                command, env=environment, stdout=sink, stderr=sink, cwd=settings.BASE_DIR, pass_fds=(number,)
            )
            for _worker in range(workers)
        ]
        listener.close()
        server = Server(f"http://127.0.0.1:{port}", processes, requests.Session())
        try:
            _wait(server, log)
            yield server
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=20)


def _wait(server: Server, log: Path) -> None:
    for _attempt in range(150):
        if any(process.poll() is not None for process in server.processes):
            break
        try:
            server.get("/healthz")
        except requests.RequestException:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the server does not answer; see {log}:\n{log.read_text(errors='replace')[-2000:]}")
