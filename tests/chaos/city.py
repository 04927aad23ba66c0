"""A running city: its processes, its address, its database."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import requests

from bootstrap import cluster as clusters
from bootstrap import site, web
from bootstrap.checkout import Checkout, this_checkout
from bootstrap.cluster import main_cluster
from bootstrap.variables import ALL
from config.server import FILE_THREADS, LIGHT_THREADS, THREADS

#: Seconds a city may take to be made and opened, on a machine that does other things too.
OPEN_S = 1800.0
#: Limits that count what one address does: all of this comes from one.
UNLIMITED = "submit=off; upload=off; upload-megabytes=off; upload-work=off; film-work=off; report-work=off; data-work=off; log-in=off; log-in-address=off"


@dataclass
class City:
    """What runs under one ``./manage.py up``."""

    port: int
    checkout: Checkout
    starter: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def web_processes(self) -> list[int]:
        """Pids of the web processes."""
        return self._children("config.server")

    def worker(self) -> list[int]:
        return self._children("django worker")

    def postmaster(self) -> int | None:
        """Pid of the database's server."""
        return clusters.process(self._place)

    def sessions(self) -> list[int]:
        """Pids of the database's sessions that work for the city."""
        server = self.postmaster()
        return [pid for pid in _children_of(server) if " oshcity " in process_title(pid)] if server else []

    def database(self) -> list[int]:
        """Pids of all processes of the database's server, itself last."""
        server = self.postmaster()
        return [*_children_of(server), server] if server else []

    def whole(self) -> bool:
        """True when every process runs, is ready, and the site says that it is well."""
        serving = [
            pid for pid in self.web_processes() if _threads(pid) > THREADS + LIGHT_THREADS + FILE_THREADS
        ]
        if len(serving) < web.PROCESSES or not self.worker() or self.postmaster() is None:
            return False
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        return False

    def ask(self, statement: str, *values: object) -> list[tuple]:
        """Rows of the city's database."""
        with closing(self.session()) as session, session.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def session(self) -> psycopg2.extensions.connection:
        """A session of our own."""
        parts = urlsplit(clusters.url(self._place))
        return psycopg2.connect(
            host=parse_qs(parts.query)["host"][0], user=parts.username, dbname=parts.path.lstrip("/")
        )

    def staff(self) -> requests.Session:
        """A browser in which the Mayor's Office is logged in."""
        email = re.search(r"(meria@\S+)", self._logins)
        assert email
        return self.log_in(email[1])

    def log_in(self, email: str) -> requests.Session:
        """A browser in which somebody is logged in who has the password of the demo data."""
        password = re.search(r"password (\S+) as", self._logins)
        assert password
        browser = requests.Session()
        page = browser.get(f"{self.url}/en/accounts/login/", timeout=60)
        page.raise_for_status()
        data = {
            "login": email,
            "password": password[1],
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        done = browser.post(f"{self.url}/en/accounts/login/", data, timeout=60, allow_redirects=False)
        assert done.status_code == 302, done.text[:2000]
        return browser

    @property
    def _logins(self) -> str:
        return (self.checkout.var / "logins.txt").read_text()

    @property
    def _place(self) -> site.Site:
        place = site.find(self.checkout, main_cluster(self.checkout).name)
        assert place is not None
        return place

    def _children(self, title: str) -> list[int]:
        return [pid for pid in _children_of(self.starter.pid) if title in process_title(pid)]


def wait_until_whole(city: City, deadline_s: float = 120.0) -> float:
    """Seconds until everything runs again; fails after the deadline."""
    started = time.monotonic()
    while not city.whole():
        assert city.starter.poll() is None, city.log.read_text()[-3000:]
        assert time.monotonic() - started < deadline_s, city.log.read_text()[-3000:]
        time.sleep(0.05)
    return time.monotonic() - started


def somewhere(city: City) -> tuple[str, float, float]:
    """A category and a point that the demo city has answered for already."""
    ((category, lon, lat),) = city.ask(
        "SELECT c.code, ST_X(a.point), ST_Y(a.point) FROM appeals_appeal a JOIN districts_category c ON c.id = a.category_id"
        " ORDER BY a.number DESC LIMIT 1"
    )
    return category, lon, lat


@contextmanager
def running_city(var: Path) -> Iterator[City]:
    """The demo city in a folder of its own, from nothing; its environment is this checkout's."""
    own = this_checkout()
    var.mkdir(parents=True)
    for name in ("venv", "cache"):
        if (own.var / name).exists():
            (var / name).symlink_to(own.var / name)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    names = {variable.name for variable in ALL}
    environment = {key: value for key, value in os.environ.items() if key not in names}
    environment |= {"VAR_DIR": str(var), "LIMITS": UNLIMITED, "DJANGO_SETTINGS_MODULE": "config.settings"}
    log = var / "up.log"
    command = [sys.executable, str(own.root / "manage.py"), "up", "--port", str(port), "--demo"]
    with log.open("wb") as output:
        starter = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=own.root)
    city = City(port, Checkout(own.root, var), starter, log)
    try:
        deadline = time.monotonic() + OPEN_S
        while "The city is open" not in log.read_text():
            assert starter.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.2)
        wait_until_whole(city)
        yield city
    finally:
        starter.send_signal(signal.SIGTERM)
        starter.wait(120)


def _children_of(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def process_title(pid: int) -> str:
    """The command line of a process; empty when there is none or it has died."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def _threads(pid: int) -> int:
    with suppress(OSError):
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    return 0
