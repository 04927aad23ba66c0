"""A private PostgreSQL cluster: the checkout's own server, on a unix socket only.

The kernel identifies who connects (peer authentication), so there is no password to keep: the account that
runs the server and root may connect; the socket folder's mode stops everybody else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from bootstrap import postgres, site
from bootstrap.checkout import Checkout, prepare_var
from bootstrap.console import Stop, as_administrator, last_lines, note, say, working

#: The longest path of a unix socket is 107 bytes on Linux, 103 on macOS.
LONGEST_SOCKET_PATH = 103
#: Only part of the socket's name; no network port is opened.
PORT = 5432
LOCALE = "C.UTF-8"
#: The superuser creates databases and extensions; the application merely owns its database.
SUPERUSER = "postgres"
APPLICATION = "oshcity"
EXTENSIONS = ("postgis", "pg_trgm", "btree_gist")
#: Seconds a server may take to start, including the replay of its WAL after a crash.
START_TIMEOUT_S = 600.0
STOP_TIMEOUT_S = 60.0
LARGEST_LOG_BYTES = 10_000_000
SIGN_OF_LIFE_S = 5.0
#: How often a keeper looks whether the server still runs, and how long it waits at most after a failed start.
LOOK_EVERY_S = 0.2
LONGEST_PAUSE_S = 30.0
#: Seconds that the sessions of a killed server have to end before they are killed too.
SESSIONS_END_S = 1.0
_STILL_IN_USE = "is still in use"

#: For the city's data: nothing committed is lost.
LASTING: Mapping[str, str] = {
    "jit": "off",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "effective_cache_size": "1GB",
    "max_wal_size": "2GB",
    # A session that somebody forgot in the middle of a transaction must not hold its locks for ever.
    "idle_in_transaction_session_timeout": "10min",
}
#: For tests: fast, but lost in a power cut.
THROW_AWAY: Mapping[str, str] = {
    "jit": "off",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "random_page_cost": "1.1",
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
}


@dataclass(frozen=True)
class Cluster:
    """One of the checkout's clusters.

    ``lasting``: its data must survive a power cut; ``settings`` are PostgreSQL's.
    """

    checkout: Checkout
    name: str
    lasting: bool
    settings: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[str]:
        """URL of the application's database while the block runs.

        Starts the server if necessary. The last process to leave stops it, whoever started it, so a server
        left behind by a killed process is stopped by the next one that exits cleanly. ``keep`` prevents that.
        """
        prepare_var(self.checkout)
        with (self.checkout.var / f"{self.name}.users").open("a") as users:
            # The kernel counts the users: it also releases the lock of a killed process.
            fcntl.flock(users, fcntl.LOCK_SH)
            url = self.start()
            try:
                yield url
            finally:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # others are still using it
                else:
                    if not self._keep.exists():
                        self.stop()

    def start(self) -> str:
        """URL of the application's database; creates and starts whatever is missing."""
        prepare_var(self.checkout)
        with (self.checkout.var / f"{self.name}.starting").open("a") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            site.settle(self.checkout, self.name)
            if self.lasting:
                site.must_not_be_lost(self.checkout, self.name)
            place = site.find(self.checkout, self.name) or self._make()
            if process(place) is None:
                self._launch(place)
            self._furnish(place)
            return url(place)

    def stop(self) -> bool:
        """Stops the server and ends its sessions; False when it was not running."""
        place = site.find(self.checkout, self.name)
        pid = process(place) if place else None
        if place is None or pid is None:
            return False
        socket = socket_folder(place)
        os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown
        if not _wait_until(lambda: process(place) is None, STOP_TIMEOUT_S):
            os.kill(pid, signal.SIGQUIT)  # exits at once; the next start replays the WAL
            _wait_until(lambda: process(place) is None, STOP_TIMEOUT_S)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # it is our child if this process started it
        if socket is not None and socket.parent != place.folder:
            shutil.rmtree(socket, ignore_errors=True)
        return True

    def keep(self) -> None:
        """Keeps the server running after its last user leaves, until ``release``."""
        self._keep.touch()

    def release(self) -> None:
        """Ends ``keep``."""
        self._keep.unlink(missing_ok=True)

    @property
    def _keep(self) -> Path:
        return self.checkout.var / f"{self.name}.keep"

    def _make(self) -> site.Site:
        installation = postgres.newest()
        if installation is None:
            raise Stop(
                f"PostgreSQL {postgres.OLDEST} or newer with PostGIS was not found; ./manage.py up installs it."
            )
        place = site.choose(self.checkout, self.name, lasting=self.lasting)
        note(f"The private database will be in {place.folder}.")
        # A killed initdb leaves a folder that looks complete, so it gets its name only once it is.
        unfinished = place.folder / "data.unfinished"
        command = [
            installation.program("initdb"),
            f"--pgdata={unfinished}",
            f"--username={SUPERUSER}",
            f"--locale={LOCALE}",
            "--encoding=UTF8",
            "--auth=peer",
        ]
        command += ["--data-checksums"] if self.lasting else ["--no-sync"]
        with working(f"Private database (PostgreSQL {installation.major}, as {place.owner.name})"):
            _run(place, command, "initdb")
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write("\n# Rewritten at every start:\ninclude = 'private.conf'\n")
        unfinished.rename(place.folder / "data")
        return place

    def _launch(self, place: site.Site) -> None:
        data = place.folder / "data"
        major = int((data / "PG_VERSION").read_text(encoding="ascii"))
        installation = postgres.of_major(major)
        if installation is None:
            raise Stop(
                f"The database in {place.folder} needs PostgreSQL {major}, which is not installed. Run\n    "
                + as_administrator(f"apt-get install -y postgresql-{major} postgresql-{major}-postgis-3")
            )
        # Its server is gone (see process); a pid reused by another program would keep PostgreSQL from
        # starting.
        (data / "postmaster.pid").unlink(missing_ok=True)
        _end_sessions(data)
        socket = _make_socket_folder(place)
        _write_as(place, data / "private.conf", _configuration(socket, self.settings))
        _write_as(place, data / "pg_hba.conf", "local all all peer map=private\n")
        _write_as(place, data / "pg_ident.conf", _identities(place))
        log = place.folder / "log"
        if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
            log.rename(place.folder / "log.1")
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._serve(place, installation, log, deadline):
            # A killed server's shared memory is in use until the last of its sessions has gone.
            if not any(_STILL_IN_USE in line for line in last_lines(log, 6)) or time.monotonic() > deadline:
                tail = "\n".join(f"    {line}" for line in last_lines(log, 12))
                raise Stop(f"The database does not start:\n{tail}\n  (full log: {log})")
            _end_sessions(data)
            time.sleep(0.2)

    def _serve(
        self, place: site.Site, installation: postgres.Installation, log: Path, deadline: float
    ) -> bool:
        """Starts the server process; True once it accepts connections, False if it exited instead."""
        with log.open("ab") as output:
            server = subprocess.Popen(
                [installation.program("postgres"), "-D", os.fspath(place.folder / "data")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=place.folder,
                env=_environment(place),
                start_new_session=True,
                **place.owner.child_options(),  # type: ignore[call-overload]
            )
        reported = time.monotonic()
        while not _ready(place):
            now = time.monotonic()
            if server.poll() is not None or now > deadline:
                return False
            if now - reported > SIGN_OF_LIFE_S:
                reported = now
                say(f"  ..  the database is starting: {last_lines(log, 1)[0][:100]}")
            time.sleep(0.02)
        # The server outlives this process: keep subprocess from waiting for it when the object is collected.
        server.returncode = 0
        return True

    def _furnish(self, place: site.Site) -> None:
        """Creates the role, the database and its extensions where they are missing."""
        present = "SELECT string_agg(extname, ' ') FROM pg_extension"
        try:
            if set(EXTENSIONS) <= set(query(place, APPLICATION, present).split()):
                return
        except Stop:
            pass  # the database does not exist yet
        with working("PostGIS in the private database"):
            self._equip(place)

    def _equip(self, place: site.Site) -> None:
        if query(place, "postgres", f"SELECT 1 FROM pg_roles WHERE rolname = '{APPLICATION}'") != "1":
            query(place, "postgres", f"CREATE ROLE {APPLICATION} LOGIN CREATEDB")
        if query(place, "postgres", f"SELECT 1 FROM pg_database WHERE datname = '{APPLICATION}'") != "1":
            query(
                place,
                "postgres",
                f"CREATE DATABASE {APPLICATION} OWNER {APPLICATION} TEMPLATE template0"
                f" ENCODING 'UTF8' LOCALE '{LOCALE}'",
            )
        # template1 too: databases that tests create then have them from the start, without superuser rights.
        for database in ("template1", APPLICATION):
            query(place, database, "".join(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in EXTENSIONS))


class Keeper:
    """While entered, starts the cluster's server again whenever it has ended, for whatever reason.

    A start that fails is tried again after a pause that grows, without end; its reason is said once.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="database keeper", daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(STOP_TIMEOUT_S)

    def _keep(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            place = site.find(self._cluster.checkout, self._cluster.name)
            if place is None or process(place) is None:
                self._start_again()

    def _start_again(self) -> None:
        since = time.monotonic()
        say("  !!  The database has ended; starting it again")
        said, pause = "", 1.0
        while not self._over.is_set():
            try:
                self._cluster.start()
            except (Stop, OSError) as error:
                if str(error) != said:
                    said = str(error)
                    say(f"  !!  {said}\n  ..  It is tried again until it starts.")
                self._over.wait(pause)
                pause = min(LONGEST_PAUSE_S, pause * 2)
            else:
                say(f"  ok  The database is back after {time.monotonic() - since:.1f} s")
                return


def main_cluster(checkout: Checkout) -> Cluster:
    """The cluster that holds the city."""
    return Cluster(checkout, "postgres", lasting=True, settings=LASTING)


def test_cluster(checkout: Checkout) -> Cluster:
    """The cluster the tests run in."""
    return Cluster(checkout, "postgres-test", lasting=False, settings=THROW_AWAY)


def url(place: site.Site) -> str:
    """``DATABASE_URL`` of the application's database in a running cluster."""
    socket = socket_folder(place)
    if socket is None:
        raise Stop(f"The database in {place.folder} is not running.")
    return f"postgres://{APPLICATION}@/{APPLICATION}?host={quote(os.fspath(socket), safe='/')}"


def process(place: site.Site) -> int | None:
    """Pid of the cluster's server, or None when it is not running.

    A killed server leaves its pid file behind, and another program may have that pid by now; a copied folder
    holds the pid of the original's server. So the process must have this very data folder as its working
    directory.
    """
    lines = _pid_file(place)
    try:
        pid = int(lines[0])
        return pid if Path(f"/proc/{pid}/cwd").samefile(place.folder / "data") else None
    except (IndexError, ValueError, OSError):
        return None


def stale_process(place: site.Site) -> int | None:
    """Pid that a killed server left behind, or None."""
    lines = _pid_file(place)
    return int(lines[0]) if lines and lines[0].isdigit() and process(place) is None else None


def socket_folder(place: site.Site) -> Path | None:
    """Folder of the running server's socket, or None if its pid file names none."""
    lines = _pid_file(place)
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None


def query(place: site.Site, database: str, sql: str) -> str:
    """Output of the statement, run as the superuser: values separated by ``|``, rows by newlines."""
    socket = socket_folder(place)
    major = int((place.folder / "data" / "PG_VERSION").read_text(encoding="ascii"))
    installation = postgres.of_major(major)
    if socket is None or installation is None:
        raise Stop(f"The database in {place.folder} is not running.")
    command = [
        installation.program("psql"),
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        os.fspath(socket),
    ]
    command += ["-p", str(PORT), "-U", SUPERUSER, "-d", database, "-c", sql]
    return _run(place, command, "psql").strip()


def _pid_file(place: site.Site) -> list[str]:
    try:
        return (place.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _ready(place: site.Site) -> bool:
    lines = _pid_file(place)
    return len(lines) > 7 and lines[7].strip() == "ready"


def _end_sessions(data: Path) -> None:
    """Ends the sessions that a killed server left behind.

    They would notice its death themselves, but a long statement only at its end. Nothing is lost: what they
    committed is in the log, and nobody may start a new server beside them.
    """
    deadline = time.monotonic() + SESSIONS_END_S
    number = signal.SIGQUIT  # PostgreSQL's "immediate"
    while left := _sessions(data):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        if time.monotonic() > deadline:
            if number == signal.SIGKILL:
                return
            number, deadline = signal.SIGKILL, time.monotonic() + SESSIONS_END_S
        time.sleep(0.02)


def _sessions(data: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text().startswith("postgres") and (entry / "cwd").samefile(data):
                found.append(int(entry.name))
        except OSError:
            continue  # it has ended, or is not ours to look at
    return found


def _make_socket_folder(place: site.Site) -> Path:
    """A folder that only the owner (and root) can enter, with a path that is valid for a socket.

    The path must be short and free of commas, which clients read as the end of a host name. A server that is
    started again has the same one: programs that use it were told its path.
    """
    folder = place.folder / "socket"
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > LONGEST_SOCKET_PATH or "," in os.fspath(folder):
        note = place.folder / "socket.place"
        if note.exists():
            folder = Path(note.read_text(encoding="utf-8").strip())
        if not note.exists() or not _is_private(folder, place.owner):
            folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
            note.write_text(f"{folder}\n", encoding="utf-8")
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.glob(".s.PGSQL.*"):
        left.unlink()  # a killed server's lock would keep the new one from starting, like postmaster.pid
    os.chmod(folder, 0o700)
    os.chown(folder, place.owner.uid, place.owner.gid)
    return folder


def _is_private(folder: Path, owner: site.Account) -> bool:
    """True for a folder that nobody but its owner can enter, put there by nobody else."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner.uid and stat.S_IMODE(found.st_mode) == 0o700


def _configuration(socket: Path, settings: Mapping[str, str]) -> str:
    values = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": _listed(os.fspath(socket)),
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "off",
        "log_destination": "stderr",
        **settings,
    }
    return "".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in values.items())


def _listed(path: str) -> str:
    # The setting is a list of quoted names: a comma or a space must not split a path.
    return '"' + path.replace('"', '""') + '"'


def _identities(place: site.Site) -> str:
    users = dict.fromkeys([place.owner.name, "root"])
    roles = (SUPERUSER, APPLICATION)
    return "".join(f'private "{user}" "{role}"\n' for user in users for role in roles)


def _write_as(place: site.Site, path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    os.chmod(new, 0o600)
    os.chown(new, place.owner.uid, place.owner.gid)
    new.replace(path)


def _environment(place: site.Site) -> dict[str, str]:
    """Minimal environment: PG* variables would redirect the programs; PostGIS must read its own PROJ data."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": LOCALE, "HOME": place.owner.home, "TZ": "UTC"}


def _run(place: site.Site, command: list[str], what: str) -> str:
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=place.folder,
        env=_environment(place),
        **place.owner.child_options(),  # type: ignore[call-overload]
    )
    if result.returncode != 0:
        raise Stop(f"{what} failed in {place.folder}:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return str(result.stdout)


def _wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False
