"""``./manage.py up``: from whatever is installed to a running city at a URL."""

from __future__ import annotations

import argparse
import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from bootstrap import catalogues, frontend, health, variables, web
from bootstrap import checkout as checkouts
from bootstrap.checkout import Checkout
from bootstrap.cluster import Keeper, main_cluster
from bootstrap.console import Stop, note, say, working
from bootstrap.supervisor import Program, Supervisor

#: Seconds after which a server that has not answered yet is worth a line.
FIRST_ANSWER_S = 60.0
#: Written to ``var`` by ``seed``: the demo city's logins, as human-readable text.
LOGINS = "logins.txt"
LOGINS_SHOWN = 6


def parse(arguments: list[str]) -> argparse.Namespace:
    """``host`` and ``port`` from the command line; default: this machine only, port 8000."""
    parser = argparse.ArgumentParser(
        prog="./manage.py up",
        description="Starts the database, the server and the worker; ctrl-C stops them.",
    )
    parser.add_argument(
        "--demo",
        action=argparse.BooleanOptionalAction,
        help="fill an empty database with invented people and appeals (default: if DEMO_DATA=1, and where PUBLIC_URL and "
        "DATABASE_URL are unset and the city has a demo.toml)",
    )
    return web.options(parser).parse_args(arguments)


def run(checkout: Checkout, options: argparse.Namespace) -> int:
    """Serves until SIGINT, SIGTERM or SIGHUP; exit code 0 then. Raises ``Stop`` when it cannot start."""
    started = time.monotonic()
    for folder, remedy in checkouts.not_writable(checkouts.written_folders(checkout)):
        raise Stop(
            f"{folder} is not writable by this user; what people send would be lost. Run\n    {remedy}"
        )
    with _only_one(checkout, options), _listener(options) as listener:
        frontend.ensure(checkout, dev=False)
        with working("Texts"):
            catalogues.compile_stale(checkout.root)
        _set_environment(checkout, options)
        with Supervisor() as supervisor, _database(checkout), supervisor.children():
            _prepare(supervisor)
            if supervisor.stopping:
                return 0
            for program in [*web.programs(listener), worker()]:
                supervisor.start(program)
            if _answers(supervisor, options):
                _greet(checkout, options, time.monotonic() - started)
            return supervisor.watch()


def _listener(options: argparse.Namespace) -> socket.socket:
    with working(f"Port {options.port}"):
        return web.listen(options.host, options.port)


def worker() -> Program:
    """What runs the background tasks."""
    return Program("worker", [sys.executable, "-m", "django", "worker"])


def public_hosts(host: str) -> list[str]:
    """Host names at which a server listening on ``host`` can be reached."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - the user's choice
        names += [socket.gethostname(), *_own_addresses()]
    else:
        names.append(_in_url(host))
    return list(dict.fromkeys(names))


def _set_environment(checkout: Checkout, options: argparse.Namespace) -> None:
    """Raises ``variables.Wrong`` for a guessable key of a site that other machines reach."""
    names = public_hosts(options.host)
    shown = "localhost" if _in_url(options.host) in variables.LOCAL_HOSTS else names[-1]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    checkouts.ensure_secret_key(checkout)
    if variables.is_guessable(os.environ["SECRET_KEY"]):
        note(f"{variables.GUESSABLE} Unset it, and up makes one.", mark="!!")
    if options.demo is not None:
        os.environ["DEMO_DATA"] = "1" if options.demo else "0"
    elif not any(
        variable.is_set(os.environ)
        for variable in (variables.DEMO_DATA, variables.PUBLIC_URL, variables.DATABASE_URL)
    ):
        # Nobody's real city: the one that the two commands show.
        has_demo = (variables.CITY_PROFILE.read(os.environ) / "demo.toml").exists()
        os.environ["DEMO_DATA"] = "1" if has_demo else "0"
    if not variables.PUBLIC_URL.is_set(os.environ):
        os.environ["PUBLIC_URL"] = f"http://{shown}:{options.port}"
    if not variables.ALLOWED_HOSTS.is_set(os.environ):
        names.insert(0, variables.PUBLIC_URL.read(os.environ).host)
        os.environ["ALLOWED_HOSTS"] = ",".join(dict.fromkeys(names))
    variables.check(os.environ)
    # python -m django does not put the project on the path when started from elsewhere.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(checkout.root), os.environ.get("PYTHONPATH")])
    )
    os.chdir(checkout.root)


@contextmanager
def _database(checkout: Checkout) -> Iterator[None]:
    if variables.DATABASE_URL.is_set(os.environ):
        say("  ..  Database: the one in DATABASE_URL")
        yield
        return
    say("  ..  Database")
    cluster = main_cluster(checkout)
    with cluster.running() as url, Keeper(cluster):
        os.environ["DATABASE_URL"] = url
        yield


def _prepare(supervisor: Supervisor) -> None:
    """Migrations, the demo city and static files in one child process, so that their memory is freed."""
    code = supervisor.run_to_end([sys.executable, "-m", "bootstrap.prepare"])
    if code != 0 and not supervisor.stopping:
        raise Stop("The city could not be prepared; the error is above. ./manage.py doctor may know more.")


def _answers(supervisor: Supervisor, options: argparse.Namespace) -> bool:
    """True once the site answers; False when told to stop before."""
    deadline = time.monotonic() + FIRST_ANSWER_S
    with working("Server and worker"):
        while not supervisor.stopping:
            supervisor.tend()
            try:
                status = health.ask(options.host, options.port)
            except OSError:
                supervisor.wait(0.1)
            else:
                if status != HTTPStatus.OK:
                    say(f"  !!  The server answers /healthz with {status}")
                return True
            if time.monotonic() > deadline:
                deadline = float("inf")
                say(f"  !!  No answer after {FIRST_ANSWER_S:.0f} s; the reason may be above.")
                say("      It is tried further.")
    return False


def _greet(checkout: Checkout, options: argparse.Namespace, seconds: float) -> None:
    public = variables.PUBLIC_URL.read(os.environ)
    say(f"\nThe city is open: {public.text}  (started in {seconds:.1f} s)")
    if not public.local and _in_url(options.host) in variables.LOCAL_HOSTS:
        say(f"  through the web server in front, which must pass it on to port {options.port};")
        say("  docs/operations.md shows how")
        if (
            public.https
            and not variables.BEHIND_PROXY.read(os.environ)
            and variables.SSL_REDIRECT.read(os.environ)
        ):
            note("Without BEHIND_PROXY=1 it would be redirected to https for ever.", mark="!!")
    elif public.text != _address_here(options):
        say(f"  That is PUBLIC_URL; this server itself listens on {_address_here(options)}")
    elif _in_url(options.host) in variables.LOCAL_HOSTS:
        say("  on this machine only; --host 0.0.0.0 opens it to phones on the same network")
    if variables.EMAIL_URL.read(os.environ) is None:
        say(f"  E-mail is not sent, as EMAIL_URL is not set: {checkout.var / 'mail'}")
    for line in _logins(checkout):
        say(f"  {line}")
    say("Ctrl-C stops everything; nothing is lost.\n")


def _address_here(options: argparse.Namespace) -> str:
    """URL of the server itself, as seen from where it can be reached."""
    every = options.host in ("0.0.0.0", "::")  # noqa: S104 - the user's choice
    name = public_hosts(options.host)[-1] if every else options.host
    name = "localhost" if name in ("127.0.0.1", "::1") else name
    return f"http://{_in_url(name)}:{options.port}"


def _in_url(address: str) -> str:
    """An address of IPv6 stands in brackets where a port or a path may follow (RFC 3986, 3.2.2)."""
    return f"[{address}]" if ":" in address else address


def _logins(checkout: Checkout) -> list[str]:
    """The first of the demo city's logins, and where to find the rest."""
    path = checkout.var / LOGINS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return lines if len(lines) <= LOGINS_SHOWN else [*lines[:LOGINS_SHOWN], f"(more logins: {path})"]


@contextmanager
def _only_one(checkout: Checkout, options: argparse.Namespace) -> Iterator[None]:
    with (checkout.var / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Stop(f"Already running: {lock.read().strip()}") from None
        lock.truncate(0)
        public = os.environ.get("PUBLIC_URL", "").strip() or _address_here(options)
        lock.write(f"{public}\nTo stop it, press ctrl-C there, or run\n    kill {os.getpid()}")
        lock.flush()
        yield


def serving(checkout: Checkout) -> bool:
    """True while this checkout's ``up`` runs."""
    return served_at(checkout) is not None


def served_at(checkout: Checkout) -> str | None:
    """URL of this checkout's running ``up``, empty while it has only begun; None when none runs."""
    path = checkout.var / "up.lock"
    if not path.exists():
        return None
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            return lock.readline().strip()
    return None


def _own_addresses() -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(
                ("192.0.2.1", 9)
            )  # sends nothing: it finds out which of our addresses the network sees
            return [probe.getsockname()[0]]
        except OSError:
            return []
